"""Whether the deployment's Redis answers, is ours, and keeps what it is given."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from jobsched import embedded
from jobsched.bootstrap.configured import secrets_of
from jobsched.bootstrap.doctor.reading import identity_of
from jobsched.bootstrap.doctor.server import NotRunning, Refused, Server
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.embedded.folder import read_identity
from jobsched.errors import ConfigError, StoreUnavailable, WrongStore
from jobsched.store.redis import RedisStore

SKEW_WARNED: Final = timedelta(seconds=1)
SKEW_FAILED: Final = timedelta(seconds=5)
#: Of the memory that the server may use; beyond it somebody should look.
FULL: Final = 0.7
NO_ANSWER: Final = "not looked at: see the check redis"
NOT_TOLD: Final = "the server does not permit INFO to this user: look at it there"


class Answers(Check):
    """It answers, and takes writes."""

    name = "redis"

    def __init__(self, server: Server, config: Config) -> None:
        self._server = server
        self._config = config

    async def look(self) -> Finding:
        """See the contract."""
        where = self._server.where
        try:
            about = await self._server.info()
        except NotRunning:
            return await self._startable()
        except StoreUnavailable as error:
            words = f"{error.message.rstrip('.')} ({where})"
            way = "" if isinstance(error, Refused) else "start it, or "
            return Finding("fail", f"{words}: {way}correct redis_url (JOBSCHED_REDIS_URL)")
        if about.get("loading"):
            return Finding("warn", f"{where} is still loading its data: ask again later")
        if about.get("role", "master") != "master":
            return Finding("fail", f"{where} is a replica that takes no writes: name its primary")
        return Finding("pass", f"{where} answers, version {about.get('redis_version', 'not told')}")

    async def _startable(self) -> Finding:
        """Say whether this machine's own server could be started."""
        folder = self._config.value("data_dir") / "redis"
        try:
            programs = await asyncio.to_thread(embedded.server_binaries)
            program = embedded.choose(programs, read_identity(folder))
        except ConfigError as error:
            return Finding("fail", error.message)
        return Finding("pass", f"none runs now; `jobsched up` starts {program.path} on {folder}")


class StoreCheck(Check):
    """One that needs a server that answers."""

    def __init__(self, server: Server) -> None:
        self._server = server

    async def look(self) -> Finding:
        """See the contract."""
        try:
            about = await self._server.info()
        except StoreUnavailable:
            return Finding("unknown", NO_ANSWER)
        return await self.judge(about)

    @abstractmethod
    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """Say how it stands.

        Args:
            about: what INFO says; may be empty.
        """


class Deployment(StoreCheck):
    """It is this deployment's store, made with this secret, and takes a write."""

    name = "redis.deployment"

    def __init__(self, server: Server, config: Config) -> None:
        super().__init__(server)
        self._config = config

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        try:
            who = identity_of(self._config)
            await self._check()
        except WrongStore as error:
            way_out = "If it is the wrong one, name the right one"
            variables = "(JOBSCHED_REDIS_URL, JOBSCHED_DEPLOYMENT)"
            return Finding("fail", f"{error.message} {way_out} {variables}")
        except StoreUnavailable as error:
            return Finding("fail", error.message)
        except ConfigError as error:
            return Finding("unknown", f"not looked at: {error.message}")
        return Finding("pass", f"the store is that of deployment {who.deployment}")

    async def _check(self) -> None:
        async with opened(self._server, self._config) as store:
            await store.check()


@asynccontextmanager
async def opened(server: Server, config: Config) -> AsyncIterator[RedisStore]:
    """Give the deployment's store; does not ask whose it is.

    Raises:
        ConfigError: the deployment has no id or secret, or its server may not be used.
        StoreUnavailable: it does not answer.
    """
    who = identity_of(config)
    store = await RedisStore.open(
        server.url(),
        who.deployment,
        fingerprint=secrets_of(config, who).fingerprint,
        retention=config.value("limits.retention"),
        loaded_within=timedelta(0),
    )
    try:
        yield store
    finally:
        await store.close()


class Durability(StoreCheck):
    """What it has acknowledged is in its append-only file."""

    name = "redis.durability"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        if "aof_enabled" not in about:
            return Finding("unknown", NOT_TOLD)
        if not about["aof_enabled"]:
            why = "the append-only file is off, so a restart loses jobs"
            return Finding("fail", f"{why}: set appendonly to yes")
        if about.get("aof_last_write_status", "ok") != "ok":
            return Finding("fail", "Redis could not write its file: look at its disk and its log")
        if about.get("rdb_last_bgsave_status", "ok") != "ok":
            why = "Redis could not save its snapshot, and may refuse writes because of it"
            return Finding("fail", f"{why}: look at its disk and its log")
        match await self._server.setting("appendfsync"):
            case "always":
                return Finding("pass", "the append-only file is on, appendfsync is always")
            case "everysec":
                why = "appendfsync is everysec: a power cut may lose two seconds"
                return Finding("warn", f"{why}; set it to always, or live with that")
            case "no":
                why = "appendfsync is no: a power cut may lose what was acknowledged"
                return Finding("fail", f"{why}; set it to always or everysec")
        why = "the append-only file is on, but the server does not tell its appendfsync"
        return Finding("unknown", f"{why}: it should be always or everysec")


class Memory(StoreCheck):
    """It throws nothing away when its memory is full, and is not nearly full."""

    name = "redis.memory"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        if "maxmemory_policy" not in about:
            return Finding("unknown", NOT_TOLD)
        policy = about["maxmemory_policy"]
        if policy != "noeviction":
            why = f"maxmemory-policy is {policy}, which throws jobs away: no process starts on it"
            return Finding("fail", f"{why}; set it to noeviction")
        if evicted := about.get("evicted_keys", 0):
            why = f"Redis has thrown {evicted} keys away since it was started"
            return Finding("fail", f"{why}: give it more memory, and restart it to begin anew")
        used, most = about.get("used_memory", 0), about.get("maxmemory", 0)
        if most and used > FULL * most:
            return Finding(
                "warn", f"{used * 100 // most} % of its memory are used: raise maxmemory"
            )
        return Finding("pass", "maxmemory-policy is noeviction")


class Skew(StoreCheck):
    """Its clock and this machine's agree."""

    name = "redis.clock"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        before = datetime.now(UTC)
        theirs = await self._server.time()
        ours = before + (datetime.now(UTC) - before) / 2
        skew = abs(theirs - ours)
        words = f"the clocks of Redis and of this machine are {skew.total_seconds():.1f} s apart"
        if skew > SKEW_FAILED:
            return Finding("fail", f"{words}: let both follow NTP")
        if skew > SKEW_WARNED:
            return Finding("warn", f"{words}: let both follow NTP")
        return Finding("pass", words)


__all__ = [
    "NOT_TOLD",
    "Answers",
    "Deployment",
    "Durability",
    "Memory",
    "Skew",
    "StoreCheck",
    "opened",
]
