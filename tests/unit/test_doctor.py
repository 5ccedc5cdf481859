"""What the checks of the store make of what Redis says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from jobsched import bootstrap
from jobsched.bootstrap.doctor.server import Server
from jobsched.bootstrap.doctor.server_kind import Cluster, Connections, Replicas, Version
from jobsched.bootstrap.doctor.server_script import of_latency
from jobsched.bootstrap.doctor.store import Answers, Durability, Memory
from jobsched.contracts.check import Finding

WELL = {
    "role": "master",
    "redis_version": "7.0.15",
    "aof_enabled": 1,
    "maxmemory_policy": "noeviction",
    "connected_slaves": 0,
    "cluster_enabled": 0,
}


class SaysSo(Server):
    """A server that says of itself what the test wants."""

    def __init__(
        self, folder: Path, about: Mapping[str, Any], settings: Mapping[str, str | None]
    ) -> None:
        environ = {"JOBSCHED_REDIS_URL": "redis://127.0.0.1:1", "JOBSCHED_DATA_DIR": str(folder)}
        self.config = bootstrap.configure(environ=environ)
        super().__init__(self.config, AsyncExitStack())
        self._about = about
        self._settings = settings

    async def info(self) -> Mapping[str, Any]:
        """What INFO says."""
        return self._about

    async def setting(self, name: str) -> str | None:
        """What CONFIG GET says."""
        return self._settings.get(name)

    async def ask(self, *command: str | int) -> Any:
        """What is answered to a command."""
        return self._settings.get(" ".join(map(str, command)))


async def found(
    folder: Path, check: str, settings: Mapping[str, str | None], **about: Any
) -> Finding:
    """Look, at a server that is well but for this."""
    server = SaysSo(folder, {**WELL, **about}, settings)
    checks = [
        *[Answers(server, server.config), Durability(server), Memory(server), Version(server)],
        *[Replicas(server), Cluster(server), Connections(server)],
    ]
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
        ("redis.durability", {"rdb_last_bgsave_status": "err"}, "fail", "its snapshot"),
        ("redis.memory", {}, "pass", "noeviction"),
        ("redis.memory", {"maxmemory_policy": "volatile-lru"}, "fail", "set it to noeviction"),
        ("redis.memory", {"evicted_keys": 3}, "fail", "thrown 3 keys away"),
        ("redis.memory", {"used_memory": 71, "maxmemory": 100}, "warn", "71 %"),
        ("redis.memory", {"used_memory": 70, "maxmemory": 100}, "pass", "noeviction"),
        ("redis.memory", {"used_memory": 71, "maxmemory": 0}, "pass", "noeviction"),
        ("redis.version", {}, "warn", "cannot be seen"),
        ("redis.version", {"redis_version": "6.2.19"}, "warn", "CVE-2025-49844"),
        ("redis.version", {"redis_version": "6.2.20"}, "pass", "6.2.20"),
        ("redis.version", {"redis_version": "7.2.10"}, "warn", "update it"),
        ("redis.version", {"redis_version": "7.2.11"}, "pass", "no advisory"),
        ("redis.version", {"redis_version": "7.4.5"}, "warn", "update it"),
        ("redis.version", {"redis_version": "7.4.6"}, "pass", "no advisory"),
        ("redis.version", {"redis_version": "8.2.1"}, "warn", "update it"),
        ("redis.version", {"redis_version": "8.4.0"}, "pass", "no advisory"),
        ("redis.version", {"valkey_version": "8.1.3"}, "warn", "Valkey 8.1.3"),
        ("redis.version", {"valkey_version": "9.1.2"}, "pass", "Valkey 9.1.2"),
        ("redis.version", {"redis_version": "unstable"}, "unknown", "INFO"),
        ("redis.replicas", {}, "pass", "no replica"),
        ("redis.cluster", {}, "pass", "not in cluster mode"),
        ("redis.cluster", {"cluster_enabled": 1}, "fail", "cluster-enabled no"),
        ("redis.connections", {"redis_version": "6.2.20"}, "pass", "ends no connection"),
        ("redis.connections", {}, "unknown", "maxmemory-clients"),
    ],
)
async def test_what_redis_says_of_itself_means(
    tmp_path: Path, check: str, about: Mapping[str, Any], *, verdict: str, words: str
) -> None:
    """A6, Q10: each fact that loses jobs fails, by itself."""
    finding = await found(tmp_path, check, {"appendfsync": "always"}, **about)
    assert (finding.verdict, words in finding.sentence) == (verdict, True), finding


@pytest.mark.parametrize(
    ("appendfsync", "verdict"),
    [("always", "pass"), ("everysec", "warn"), ("no", "fail"), (None, "unknown")],
)
async def test_how_often_the_file_is_written_counts(
    tmp_path: Path, appendfsync: str | None, verdict: str
) -> None:
    """A6: a managed server that does not tell is neither well nor wrong."""
    finding = await found(tmp_path, "redis.durability", {"appendfsync": appendfsync})
    assert finding.verdict == verdict


@pytest.mark.parametrize(
    ("least", "verdict", "words"),
    [("1", "pass", "1 of which"), ("0", "warn", "to 1"), (None, "unknown", "does not tell")],
)
async def test_a_replica_that_takes_over_must_have_what_was_acknowledged(
    tmp_path: Path, least: str | None, *, verdict: str, words: str
) -> None:
    """Q9: else a failover loses jobs."""
    settings = {"min-replicas-to-write": least}
    finding = await found(tmp_path, "redis.replicas", settings, connected_slaves=2)
    assert (finding.verdict, words in finding.sentence) == (verdict, True), finding


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"maxmemory-clients": "0"}, "ends no connection"),
        ({"maxmemory-clients": "5%"}, "may not ask to be spared"),
        ({"maxmemory-clients": "5%", "CLIENT NO-EVICT ON": "OK"}, "may ask to be spared"),
    ],
)
async def test_whether_connections_are_ended_is_told(
    tmp_path: Path, settings: Mapping[str, str], words: str
) -> None:
    """For information: jobsched connects again."""
    finding = await found(tmp_path, "redis.connections", settings)
    assert (finding.verdict, words in finding.sentence) == ("pass", True), finding


@pytest.mark.parametrize(
    ("milliseconds", "verdict"),
    [(0.3, "pass"), (9.9, "pass"), (10.0, "warn"), (99.0, "warn"), (100.0, "fail")],
)
def test_a_server_that_is_slow_is_told(milliseconds: float, verdict: str) -> None:
    """Each step of a job waits for it several times, and a lease is kept by it."""
    assert of_latency(milliseconds).verdict == verdict
