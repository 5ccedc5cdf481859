"""Logs in Redis, beside the records."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from jobsched.contracts.log_store import LogPart
from jobsched.domain.job import JobId
from jobsched.errors import LogStoreFailed, StoreUnavailable
from jobsched.store.logs import HEAD, TAIL, joined, split
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.redis_records import milliseconds

#: Logs go by themselves a day after the job that nobody deleted them with.
LONGER = timedelta(days=1)


class RedisLogs:
    """Logs in Redis; the methods of :class:`~jobsched.contracts.log_store.LogStore`."""

    def __init__(self, calls: RedisCalls, *, kept: timedelta) -> None:
        self._calls = calls
        self._kept = kept + LONGER

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output.

        Raises:
            LogStoreFailed: Redis is not available.
        """
        pieces = [part for piece in split(offset, chunk) for part in piece]
        if not pieces:
            return
        kept = milliseconds(self._kept)
        with _expected():
            await self._calls.call("log_write", job, attempt, HEAD, TAIL, kept, *pieces)

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept from byte ``after`` on; raises as :meth:`write`."""
        with _expected():
            found = (await self._calls.call("log_read", job, attempt, after))[1]
        offsets = (int(offset) for offset in found[::2])
        return joined(list(zip(offsets, found[1::2], strict=True)), after)

    async def delete(self, job: JobId) -> None:
        """Forget all logs of the job; raises as :meth:`write`."""
        with _expected():
            await self._calls.call("log_delete", job)


@contextmanager
def _expected() -> Iterator[None]:
    try:
        yield
    except StoreUnavailable as error:
        raise LogStoreFailed("store_unavailable", error.message, effect="unknown") from error


__all__ = ["RedisLogs"]
