"""What answers at the socket of a data directory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import IO
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobsched.embedded.folder import POLL
from jobsched.embedded.program import OLDEST
from jobsched.errors import ConfigError

#: How long a server may take until it answers at all; reading a large file back is not counted.
ANSWERS_WITHIN = timedelta(seconds=15)
#: How long reading the file back may take: 100,000 jobs take about 1.2 s.
LOADED_WITHIN = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRedis:
    """A server that answers on the socket of a data directory."""

    #: What `redis.asyncio.from_url` takes: `unix:///…?db=0`.
    url: str
    #: Whether this call of `start` started it.
    started: bool
    #: Its process id, as it says itself.
    pid: int | None
    #: Open for as long as it is used; closed by `leave`.
    use: IO[str] | None = field(default=None, repr=False, compare=False)


async def loaded(socket: Path | None) -> EmbeddedRedis | None:
    """Return the server behind a socket when it has read its file; None if nobody answers."""
    if socket is None:
        return None
    url = f"unix://{quote(str(socket))}?db=0"
    deadline = monotonic() + LOADED_WITHIN.total_seconds()
    while monotonic() < deadline:
        try:
            async with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as redis:
                about = await redis.info()
        except (RedisError, OSError):
            return None
        if tuple(map(int, str(about["redis_version"]).split(".")[:2])) < OLDEST:
            raise ConfigError(f"the server at {socket} is older than 7.0: end it first")
        if not int(about.get("loading", 0)) and not int(about.get("async_loading", 0)):
            return EmbeddedRedis(url=url, started=False, pid=int(about["process_id"]))
        await asyncio.sleep(POLL)
    raise ConfigError(f"the server at {socket} still reads its file after {LOADED_WITHIN}")


__all__ = ["ANSWERS_WITHIN", "LOADED_WITHIN", "EmbeddedRedis", "loaded"]
