"""What the checks of the store make of what Redis says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from jobsched import bootstrap
from jobsched.bootstrap.doctor.server import Server
from jobsched.bootstrap.doctor.store import Answers, Durability, Memory
from jobsched.contracts.check import Finding

WELL = {
    "role": "master",
    "redis_version": "7.0.15",
    "aof_enabled": 1,
    "maxmemory_policy": "noeviction",
}


class SaysSo(Server):
    """A server that says of itself what the test wants."""

    def __init__(self, folder: Path, about: Mapping[str, Any], appendfsync: str | None) -> None:
        environ = {"JOBSCHED_REDIS_URL": "redis://127.0.0.1:1", "JOBSCHED_DATA_DIR": str(folder)}
        self.config = bootstrap.configure(environ=environ)
        super().__init__(self.config, AsyncExitStack())
        self._about = about
        self._appendfsync = appendfsync

    async def info(self) -> Mapping[str, Any]:
        """What INFO says."""
        return self._about

    async def setting(self, name: str) -> str | None:
        """What CONFIG GET says."""
        return self._appendfsync if name == "appendfsync" else None


async def found(folder: Path, check: str, appendfsync: str | None, **about: Any) -> Finding:
    """Look, at a server that is well but for this."""
    server = SaysSo(folder, {**WELL, **about}, appendfsync)
    checks = [Answers(server, server.config), Durability(server), Memory(server)]
    return await next(one for one in checks if one.name == check).look()


@pytest.mark.parametrize(
    ("check", "about", "verdict", "words"),
    [
        ("redis", {}, "pass", "version 7.0.15"),
        ("redis", {"loading": 1}, "warn", "still loading"),
        ("redis", {"role": "slave"}, "fail", "name its primary"),
        ("redis.durability", {}, "pass", "appendfsync is always"),
        ("redis.durability", {"aof_enabled": 0}, "fail", "set appendonly to yes"),
        ("redis.durability", {"aof_last_write_status": "err"}, "fail", "look at its disk"),
        ("redis.memory", {}, "pass", "noeviction"),
        ("redis.memory", {"maxmemory_policy": "volatile-lru"}, "fail", "set it to noeviction"),
        ("redis.memory", {"evicted_keys": 3}, "fail", "thrown 3 keys away"),
        ("redis.memory", {"used_memory": 71, "maxmemory": 100}, "warn", "71 %"),
        ("redis.memory", {"used_memory": 70, "maxmemory": 100}, "pass", "noeviction"),
        ("redis.memory", {"used_memory": 71, "maxmemory": 0}, "pass", "noeviction"),
    ],
)
async def test_what_redis_says_of_itself_means(
    tmp_path: Path, check: str, about: Mapping[str, Any], *, verdict: str, words: str
) -> None:
    """A6, Q10: each fact that loses jobs fails, by itself."""
    finding = await found(tmp_path, check, "always", **about)
    assert (finding.verdict, words in finding.sentence) == (verdict, True), finding


@pytest.mark.parametrize(
    ("appendfsync", "verdict"),
    [("always", "pass"), ("everysec", "warn"), ("no", "fail"), (None, "unknown")],
)
async def test_how_often_the_file_is_written_counts(
    tmp_path: Path, appendfsync: str | None, verdict: str
) -> None:
    """A6: a managed server that does not tell is neither well nor wrong."""
    assert (await found(tmp_path, "redis.durability", appendfsync)).verdict == verdict
