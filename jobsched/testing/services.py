"""What the core lends to a plugin, for a test: all of it real, in a folder of the test's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobsched import log
from jobsched.contracts.services import Clock, Ids, Log
from jobsched.services import FixedHistory, RandomIds
from jobsched.spawn import Spawner
from jobsched.testing.clock import LentClock
from jobsched.testing.pool import LentPool


class LentSpawn(Spawner):
    """Tasks and threads of one test."""

    def __init__(self) -> None:
        super().__init__()
        self._lent: list[LentPool] = []

    def pool(self, name: str, threads: int) -> LentPool:
        """Make a bounded set of threads; in `run_job` its calls run inline, one after another."""
        pool = LentPool(name, threads)
        self._lent.append(pool)
        return pool

    def end(self) -> None:
        """End the threads; the tasks have ended with their event loops."""
        for pool in self._lent:
            pool.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class LentServices:
    """`contracts.services.Services` for a test; ``dataclasses.replace`` changes one of them."""

    #: where this machine keeps files: an empty folder
    data_dir: Path
    deployment: str = "test"
    clock: Clock = field(default_factory=LentClock)
    ids: Ids = field(default_factory=RandomIds)
    spawn: LentSpawn = field(default_factory=LentSpawn)
    log: Log = field(default_factory=lambda: log.get("jobsched.test"))
    history: FixedHistory = field(default_factory=FixedHistory)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ca_dir(self) -> Path:
        """Give the folder of certificates; there are none, unless a test puts them there."""
        return self.data_dir / "ca"


__all__ = ["LentServices", "LentSpawn"]
