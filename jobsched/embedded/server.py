"""Find or start the server of a data directory, and leave it: whoever leaves last ends it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobsched.embedded import answer, folder
from jobsched.embedded.answer import EmbeddedRedis
from jobsched.embedded.launch import STOPS_WITHIN, children, launch, reap
from jobsched.embedded.program import choose, server_binaries
from jobsched.errors import ConfigError


async def start(data_dir: Path) -> EmbeddedRedis:
    """Return the server of a data directory; start one if none runs. Safe to repeat, at any time.

    Of several processes that ask at the same moment, one starts it and the others get the same.
    Each answer is one use of the server, until :func:`leave` or the end of the process.

    Raises:
        ConfigError: no server program, one that cannot read this directory, or one that does not
            come up (with the last lines of its log).
    """
    directory = folder.make_directory(data_dir)
    async with folder.locked(directory / folder.START):
        found = await _reuse(directory)
        if found is None:
            identity = folder.read_identity(directory)
            binary = choose(await asyncio.to_thread(server_binaries), identity)
            found = await launch(directory, binary)
        return replace(found, use=folder.use(directory))


async def leave(server: EmbeddedRedis) -> None:
    """Give up one use of the server; the last of all processes ends it. Safe to repeat.

    Returns when it is gone, if it goes. Nothing is lost: each write was in its file before it was
    acknowledged. A server that somebody else has started on the directory is never ended.
    """
    if server.use is None or server.use.closed:
        return
    directory = Path(server.use.name).parent
    async with folder.locked(directory / folder.START):
        server.use.close()
        if folder.is_used(directory) or not folder.is_running(directory):
            return
        await _end(server, directory)


async def _end(server: EmbeddedRedis, directory: Path) -> None:
    pid = server.pid
    # A server of ours that does not take the command (paused) is ended by signals.
    with suppress(RedisError, OSError):
        async with Redis.from_url(server.url, socket_timeout=STOPS_WITHIN.total_seconds()) as redis:
            # the one that was left first may have died, and another one been started since
            pid = int((await redis.info("server"))["process_id"])
            await redis.shutdown()
    child = children.pop(pid, None) if pid else None
    if child is not None:
        await asyncio.to_thread(reap, child)
        return
    # one that a process before us has started: it holds its lock for as long as it lives
    deadline = monotonic() + STOPS_WITHIN.total_seconds()
    while folder.is_running(directory) and monotonic() < deadline:
        await asyncio.sleep(folder.POLL)


async def _reuse(directory: Path) -> EmbeddedRedis | None:
    """Return the server that runs on a directory, or None if there is none (any more)."""
    deadline = monotonic() + answer.ANSWERS_WITHIN.total_seconds()
    while (found := await answer.loaded(folder.find_socket(directory))) is None:
        if not folder.is_running(directory):
            return None
        if monotonic() > deadline:
            raise ConfigError(f"a server runs on {directory}, but does not answer: end it first")
        await asyncio.sleep(folder.POLL)
    return found


__all__ = ["leave", "start"]
