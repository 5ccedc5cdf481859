"""What the server is: its version, its replicas, whether it is one of many."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jobsched.bootstrap.doctor.store import NOT_TOLD, StoreCheck
from jobsched.contracts.check import Finding

ADVISORY: Final = "CVE-2025-49844 (a script may run code in the server)"
#: series → the first version of it in which all advisories that we know of are mended
MENDED: Final[Mapping[str, Mapping[tuple[int, ...], int]]] = {
    "Redis": {(6, 2): 20, (7, 2): 11, (7, 4): 6, (8, 0): 4, (8, 2): 2},
    "Valkey": {(7, 2): 11, (8, 0): 6, (8, 1): 4},
}
#: the first version that may end connections to save memory
ENDS_CONNECTIONS: Final = (7, 0)


class Version(StoreCheck):
    """No advisory is known of its version."""

    name = "redis.version"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        kind = "Valkey" if "valkey_version" in about else "Redis"
        told = str(about.get("valkey_version", about.get("redis_version", "")))
        version = numbers(told)
        if not version:
            return Finding("unknown", NOT_TOLD)
        if is_mended(kind, version):
            return Finding("pass", f"{kind} {told}, of which no advisory is known here")
        if self._server.is_own:
            # who could use the advisory is the user who runs it
            return Finding("pass", f"{kind} {told}, started by and for this user alone")
        mended = ", ".join(f"{a}.{b}.{c}" for (a, b), c in MENDED[kind].items())
        words = f"{kind} {told} is older than what mends {ADVISORY}: update it ({mended} or later)"
        return Finding(
            "warn", f"{words}. What a distribution mended under an old number cannot be seen"
        )


class Replicas(StoreCheck):
    """Where a replica may take over, it has what was acknowledged."""

    name = "redis.replicas"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        if "connected_slaves" not in about:
            return Finding("unknown", NOT_TOLD)
        replicas = int(about["connected_slaves"])
        least = await self._server.setting("min-replicas-to-write")
        if not replicas:
            return Finding("pass", "no replica: nobody takes over, and its disk is the only copy")
        if least is None:
            why = f"{replicas} replicas, and the server does not tell its min-replicas-to-write"
            return Finding("unknown", f"{why}: it should be 1 or more")
        if int(least) < 1:
            why = f"{replicas} replicas, of which none must have a write: one that takes over"
            return Finding("warn", f"{why} may lack jobs; set min-replicas-to-write to 1")
        return Finding("pass", f"{replicas} replicas, {least} of which must have each write")


class Cluster(StoreCheck):
    """It is one server: our keys are in no common slot."""

    name = "redis.cluster"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        if "cluster_enabled" not in about:
            return Finding("unknown", NOT_TOLD)
        if int(about["cluster_enabled"]):
            why = "it is in cluster mode, where one script may not touch all of our keys"
            return Finding("fail", f"{why}: name a server without it (cluster-enabled no)")
        return Finding("pass", "it is not in cluster mode")


class Connections(StoreCheck):
    """For information: whether it ends connections to save memory. Ours are opened again."""

    name = "redis.connections"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        version = numbers(str(about.get("redis_version", "")))
        if version and version < ENDS_CONNECTIONS:
            return Finding("pass", "this version ends no connection to save memory")
        most = await self._server.setting("maxmemory-clients")
        if most is None:
            return Finding("unknown", "the server does not tell its maxmemory-clients")
        if most in {"0", ""}:
            return Finding("pass", "it ends no connection to save memory")
        may = await self._server.ask("CLIENT", "NO-EVICT", "ON") is not None
        spared = "may ask to be spared" if may else "may not ask to be spared (CLIENT NO-EVICT)"
        words = f"maxmemory-clients is {most}: it may end connections, and this user {spared}"
        return Finding("pass", f"{words}; jobsched opens what is ended again")


def is_mended(kind: str, version: tuple[int, ...]) -> bool:
    """Whether no advisory that we know of concerns a version. Pure."""
    known = MENDED[kind]
    series = version[:2]
    if series in known:
        return version[2:] >= (known[series],)
    return series > max(known)


def numbers(version: str) -> tuple[int, ...]:
    """Give the numbers of a version; empty: it is none. Pure."""
    parts = version.split(".")
    return tuple(int(part) for part in parts) if all(map(str.isdigit, parts)) else ()


__all__ = ["MENDED", "Cluster", "Connections", "Replicas", "Version", "is_mended", "numbers"]
