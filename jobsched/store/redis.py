"""The store in Redis or Valkey (6.2 and later): a call is one Lua script, whole or not at all."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any, Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, RedisError, ResponseError

from jobsched.errors import ConfigError, WrongStore
from jobsched.store import keys
from jobsched.store.failure import unavailable
from jobsched.store.owner import RESTORING, in_epoch, owner, whose
from jobsched.store.redis_alarms import RedisAlarms
from jobsched.store.redis_events import RedisEvents
from jobsched.store.redis_halts import RedisHalts
from jobsched.store.redis_index import RedisIndex
from jobsched.store.redis_lists import RedisLists
from jobsched.store.redis_logs import RedisLogs
from jobsched.store.redis_reaper import RedisReaper
from jobsched.store.row import RETENTION, to_time

CONNECT_WITHIN = timedelta(seconds=5)
ANSWER_WITHIN = timedelta(seconds=10)
#: How long a restarted server may read its data before :meth:`RedisStore.open` gives up.
LOADED_WITHIN = timedelta(minutes=10)
OLDEST = (6, 2)
_SHEBANG_SINCE = (7, 0)

_log = structlog.get_logger()


class RedisStore(RedisIndex, RedisHalts, RedisAlarms, RedisReaper, RedisLists, RedisEvents):
    """The port in Redis."""

    @classmethod
    async def open(
        cls,
        url: str,
        deployment: str,
        *,
        fingerprint: str = "",
        retention: timedelta = RETENTION,
        loaded_within: timedelta = LOADED_WITHIN,
    ) -> Self:
        """Connect, and look at the server's settings; does not refuse another's store.

        Args:
            url: ``redis://``, ``rediss://`` or ``unix://``.
            deployment: whose store it must be.
            fingerprint: of the deployment's secret; ``check`` compares it unless it is empty.
            retention: how long ended jobs are kept.
            loaded_within: how long a server that is loading is waited for.

        Raises:
            ConfigError: the server is too old, or may throw records away.
            StoreUnavailable: it does not answer.
        """
        client: Redis = Redis.from_url(
            url,
            socket_connect_timeout=CONNECT_WITHIN.total_seconds(),
            socket_timeout=ANSWER_WITHIN.total_seconds(),
            health_check_interval=30,
        )
        try:
            facts = await _inspect(client, loaded_within)
            found = await _owner(client)
        except BaseException:
            await client.aclose()
            raise
        return cls(
            client,
            owner(found, deployment),
            shebang=_version(facts) >= _SHEBANG_SINCE,
            retention=retention,
            fingerprint=fingerprint,
        )

    async def check(self) -> datetime:
        """See the port."""
        _, now, fingerprint = await self.call("check")
        if self._fingerprint and fingerprint.decode() != self._fingerprint:
            raise WrongStore(whose(self._owner, self._owner))
        return to_time(int(now))

    async def syncs_each_write(self) -> bool:
        """See the port."""
        try:
            found = await self._client.config_get("append*")
        except ResponseError:
            # managed servers refuse the command
            return False
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
        return (found.get("appendonly"), found.get("appendfsync")) == ("yes", "always")

    async def stamp(self, fingerprint: str, *, force: bool = False) -> None:
        """See the port."""
        await self.call("stamp", fingerprint, "1" if force else "")

    async def begin_restore(self, epoch: str) -> None:
        """See the port."""
        await self._call_itself(in_epoch(self._owner, epoch) + RESTORING)

    async def end_restore(self) -> None:
        """See the port."""
        await self._call_itself(self._owner.removesuffix(RESTORING))

    async def _call_itself(self, wanted: str) -> None:
        """Let the store say another owner from now on, and say the same."""
        await self.call("restore", self._fingerprint, wanted)
        self._owner = wanted

    async def close(self) -> None:
        """See the port."""
        await self._pipeline.close()
        await self._client.aclose()

    def logs(self) -> RedisLogs:
        """Give the storage of logs that lies beside the records."""
        return RedisLogs(self, kept=self._retention)


async def _owner(client: Redis) -> str:
    """Give what the store says whose it is; empty: nothing."""
    try:
        return ((await client.get(keys.OWNER)) or b"").decode()
    except (RedisError, OSError, TimeoutError) as error:
        raise unavailable(error) from error


async def _inspect(client: Redis, loaded_within: timedelta) -> dict[str, Any]:
    """Ask the server what it is; nothing is known of one that does not permit it."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + loaded_within.total_seconds()
    facts: dict[str, Any] = {}
    while True:
        try:
            # A server that is loading answers INFO, but no PING.
            await client.ping()
            facts = await client.info()
            break
        except BusyLoadingError as error:
            if loop.time() > deadline:
                raise unavailable(error) from error
            await asyncio.sleep(0.1)
        except ResponseError:
            break
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
    _judge(facts)
    return facts


def _judge(facts: dict[str, Any]) -> None:
    version = _version(facts)
    if version and version < OLDEST:
        raise ConfigError(
            f"Redis {facts['redis_version']} is too old: jobsched needs 6.2 or later."
        )
    policy = facts.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        raise ConfigError(
            f"Redis throws records away when its memory is full (maxmemory-policy is {policy}):"
            " set maxmemory-policy to noeviction."
        )
    if facts.get("aof_enabled") == 0:
        _log.warning("store.not_durable", why="the append-only file is off: set appendonly to yes")


def _version(facts: dict[str, Any]) -> tuple[int, ...]:
    """Give the version of Redis that the server is, or says that it is like; empty: unknown."""
    return tuple(int(part) for part in str(facts.get("redis_version", "")).split(".")[:2] if part)


__all__ = ["RedisStore"]
