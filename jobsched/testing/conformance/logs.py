"""A log store at work, with jobs of its own: what is written and read, as the core would."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.domain.job import JobId
from jobsched.errors import LogStoreFailed
from jobsched.testing.conformance.answer import answer
from jobsched.testing.conformance.breach import Broken, expect

#: a store, or how to open one on the event loop of the test
Given = LogStore | Callable[[], AbstractAsyncContextManager[LogStore]]
WITHIN = timedelta(seconds=30)
#: the largest chunk that a runner gives
CHUNK = 64 * 1024


@dataclass(slots=True, kw_only=True)
class Logs:
    """The store, as one process sees it and as another does."""

    given: Given
    another: Given
    #: jobs that the test has made up
    jobs: list[JobId] = field(default_factory=list)
    _open: dict[bool, LogStore] = field(default_factory=dict)
    _opened: AsyncExitStack = field(default_factory=AsyncExitStack)

    def job(self) -> JobId:
        """Make up a job."""
        self.jobs.append(JobId(uuid.uuid4().hex))
        return self.jobs[-1]

    async def store(self, *, by_another: bool = False) -> LogStore:
        """Give the store, opened on this loop."""
        if by_another not in self._open:
            given = self.another if by_another else self.given
            if not isinstance(given, LogStore):
                given = await self._opened.enter_async_context(given())
            self._open[by_another] = given
        return self._open[by_another]

    async def write(
        self, job: JobId, offset: int, chunk: bytes, *, attempt: int = 1, by_another: bool = False
    ) -> None:
        """Keep a piece of output."""
        store = await self.store(by_another=by_another)
        await answer(store.write(job, attempt, offset, chunk), within=WITHIN)

    async def read(
        self, job: JobId, after: int = 0, *, attempt: int = 1, by_another: bool = False
    ) -> list[tuple[int, bytes]]:
        """Give what is kept as offsets and bytes; pieces that touch are put together.

        Raises:
            Broken: it is no list of parts in order, each byte once.
        """
        store = await self.store(by_another=by_another)
        return _joined(await answer(store.read(job, attempt, after), within=WITHIN))

    async def delete(self, job: JobId) -> None:
        """Forget a job."""
        await answer((await self.store()).delete(job), within=WITHIN)

    async def clean(self) -> None:
        """Forget all jobs that the test has made up, and close what was opened."""
        async with self._opened:
            for job in self.jobs:
                # Deleting has tests of its own; the others are about something else.
                with suppress(Exception):
                    await self.delete(job)

    async def expect(
        self, job: JobId, *expected: tuple[int, bytes], after: int = 0, attempt: int = 1
    ) -> None:
        """Go on if just that is kept.

        Raises:
            Broken: something else is.
        """
        found = await self.read(job, after, attempt=attempt)
        if found != list(expected):
            raise Broken(f"read(…, after={after}) gave {_shown(found)}, not {_shown([*expected])}")

    async def expect_nothing(self, job: JobId, *, attempt: int = 1) -> None:
        """Go on if nothing is kept; a store that raises then is told so by one test alone.

        Raises:
            Broken: something is.
        """
        with suppress(LogStoreFailed):
            await self.expect(job, attempt=attempt)


def _joined(parts: object) -> list[tuple[int, bytes]]:
    expect(isinstance(parts, list), f"read() gave {type(parts).__name__}, which is no list")
    found: list[tuple[int, bytes]] = []
    for part in _parts(parts):
        end = found[-1][0] + len(found[-1][1]) if found else 0
        if found and part.offset < end:
            where = f"the part at {part.offset} comes after one that ends at {end}"
            raise Broken(f"read() gave bytes twice, or not in order: {where}")
        if found and part.offset == end:
            found[-1] = (found[-1][0], found[-1][1] + part.data)
        elif part.data:
            found.append((part.offset, part.data))
    return found


def _parts(parts: Any) -> list[LogPart]:
    for part in parts:
        is_one = isinstance(part, LogPart) and isinstance(part.data, bytes)
        expect(is_one, f"read() gave {part!r}, which is no LogPart with bytes")
    return list(parts)


def _shown(found: list[tuple[int, bytes]]) -> str:
    parts = [f"{len(data)} bytes at {offset} ({data[:16]!r}…)" for offset, data in found]
    return ", ".join(parts) or "nothing"


__all__ = ["CHUNK", "WITHIN", "Given", "Logs"]
