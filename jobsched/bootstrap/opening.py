"""Opening the store: see that it is ours, and keep our clock at its time."""

from __future__ import annotations

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from jobsched import embedded, log
from jobsched.bootstrap import failpoint
from jobsched.builtin import LogStorage
from jobsched.config import Config
from jobsched.errors import ConfigError, StoreUnavailable, WrongStore
from jobsched.services import StoreClock
from jobsched.store.port import Store
from jobsched.store.redis import RedisStore

#: How often the clock looks at the store's time.
SYNC_EVERY = timedelta(seconds=10)
#: How often this machine's own server is looked after.
LOOK_EVERY = timedelta(seconds=2)
#: In the embedded server's folder: its store was made ours once. Empty since, it is not again.
STAMPED = "stamped"

_log = log.get(__name__)


class LoggingStore(Store, Protocol):
    """A store that keeps logs too: both of ours."""

    def logs(self) -> LogStorage:
        """Give the storage of logs."""
        ...


async def open_store(
    config: Config, deployment: str, fingerprint: str, stack: AsyncExitStack
) -> RedisStore:
    """Open the store and see that it is ours; a new embedded one becomes ours.

    Raises:
        WrongStore: it is empty, another deployment's, or not put right after a backup.
        StoreUnavailable: it does not answer.
    """
    store = await connect(config, deployment, fingerprint, stack)
    try:
        await store.check()
    except WrongStore:
        if config.value("redis_url") or _mark_file(config).exists():
            raise
        await store.stamp(fingerprint)
    mark(config)
    return store


async def connect(
    config: Config, deployment: str, fingerprint: str, stack: AsyncExitStack
) -> RedisStore:
    """Connect to the configured store, or to this machine's own; the stack closes what was opened.

    Raises:
        ConfigError: the server cannot be used, or there is no such fail-point.
        StoreUnavailable: it does not answer.
    """
    point = failpoint.read()
    url = await store_url(config, stack)
    retention = config.value("limits.retention")
    store = await RedisStore.open(url, deployment, fingerprint=fingerprint, retention=retention)
    stack.push_async_callback(store.close)
    return failpoint.around(store, "store", point)


async def store_url(config: Config, stack: AsyncExitStack) -> str:
    """Give the URL of the configured server, or of this machine's own, found or started.

    May be repeated: each stack gives up its own use, and the last one's end is the server's.
    """
    if url := str(config.value("redis_url")):
        return url
    server = await embedded.start(config.value("data_dir"))
    stack.push_async_callback(embedded.leave, server)
    return server.url


async def keep_server(config: Config, clock: StoreClock, stack: AsyncExitStack) -> None:
    """Start this machine's own server again when it has died, until this is cancelled."""
    while not config.value("redis_url"):
        await clock.sleep(LOOK_EVERY.total_seconds())
        try:
            server = await embedded.start(config.value("data_dir"))
        except ConfigError as error:
            _log.error("redis.not_started", why=error.message)
            continue
        if server.started:
            _log.warning("redis.started_again", pid=server.pid)
            stack.push_async_callback(embedded.leave, server)
        else:
            # one use of this process is enough
            await embedded.leave(server)


def mark(config: Config) -> None:
    """Remember that the embedded store was made ours."""
    if not config.value("redis_url"):
        _mark_file(config).touch(mode=0o600)


def _mark_file(config: Config) -> Path:
    folder: Path = config.value("data_dir")
    return folder / "redis" / STAMPED


async def keep_time(store: Store, clock: StoreClock) -> None:
    """Keep the clock at the store's time, until it is cancelled."""
    trouble = ""
    while True:
        await clock.sleep(SYNC_EVERY.total_seconds())
        try:
            clock.sync(await store.check())
        except StoreUnavailable as error:
            if not trouble:
                _log.error("store.unreachable", why=error.message)
            trouble = error.message
        else:
            if trouble:
                _log.info("store.reachable")
            trouble = ""


__all__ = ["LoggingStore", "connect", "keep_server", "keep_time", "mark", "open_store", "store_url"]
