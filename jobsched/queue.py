"""Chores handed to arq: the only import of arq outside ``worker``.

arq is never the memory (design, section 3): what is enqueued here may be lost or repeated without
harm.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from arq import ArqRedis
from arq.connections import RedisSettings, create_pool
from redis.exceptions import RedisError

from jobsched import log
from jobsched.domain.job import JobId

_log = log.get(__name__)

#: our own queue, so that another arq application on the same Redis takes none of our work
QUEUE = "jobsched:arq"
ADVANCE = "advance"
#: what arq raises when its server is away
UNREACHABLE = (RedisError, OSError)


def to_bytes(message: dict[str, Any]) -> bytes:
    """Serialise as JSON: arq's default, pickle, lets who writes to Redis run code in a worker."""
    return json.dumps(message, default=str, separators=(",", ":")).encode()


def from_bytes(data: bytes) -> dict[str, Any]:
    """Read what `to_bytes` wrote."""
    message: dict[str, Any] = json.loads(data)
    return message


def settings_of(url: str) -> RedisSettings:
    """Give arq's settings for a Redis URL (``redis://``, ``rediss://`` or ``unix://``)."""
    settings = RedisSettings.from_dsn(url)
    # LOADING or a restart: wait for it, for half a minute
    settings.conn_retries = 30
    settings.conn_retry_delay = 1
    return settings


class ArqChores:
    """Enqueues chores; made where dispatch is done by arq alone."""

    def __init__(self, pool: ArqRedis) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, url: str) -> ArqChores:
        """Connect."""
        return cls(
            await create_pool(
                settings_of(url),
                job_serializer=to_bytes,
                job_deserializer=from_bytes,
                default_queue_name=QUEUE,
            )
        )

    async def advance_later(self, job: JobId, at: datetime) -> None:
        """Ask for one step of a job; without an id of arq's own, which would drop repeats."""
        try:
            await self._pool.enqueue_job(ADVANCE, job, _defer_until=at)
        except UNREACHABLE as error:
            # what is lost here is found by `reconcile`; the record is saved already
            _log.warning("chore.lost", job=job, error=str(error))

    async def close(self) -> None:
        """Close the connection."""
        await self._pool.aclose()


__all__ = ["ADVANCE", "QUEUE", "UNREACHABLE", "ArqChores", "from_bytes", "settings_of", "to_bytes"]
