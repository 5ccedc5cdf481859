"""Many worlds, one after the other, and what came of all of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from jobsched.testing.simulator.world import Setting, Told, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A world in which a promise was broken: its seed and setting give the same one again."""

    seed: int
    setting: Setting
    #: the promises, and the history around the moment
    violations: list[str]


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of all worlds."""

    jobs: int = 0
    worlds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Failed] = field(default_factory=list)
    #: of virtual time
    simulated_seconds: float = 0.0
    #: of this computer's time
    seconds: float = 0.0

    @property
    def violations(self) -> int:
        """Give how many promises were broken."""
        return sum(len(one.violations) for one in self.failed)

    def add(self, told: Told, setting: Setting) -> None:
        """Add a world."""
        self.jobs += told.jobs
        self.worlds += 1
        self.faults += told.faults
        self.simulated_seconds += told.seconds
        if told.violations:
            failed = Failed(seed=told.seed, setting=setting, violations=told.violations)
            self.failed.append(failed)


def worlds(jobs: int, seed: int, setting: Setting) -> Iterator[tuple[int, Setting]]:
    """Share jobs among worlds: each world has the next seed, the last one what is left."""
    while jobs > 0:
        yield seed, replace(setting, jobs=min(setting.jobs, jobs))
        seed, jobs = seed + 1, jobs - setting.jobs


def simulate(
    jobs: int, *, seed: int, setting: Setting, told: Callable[[int], None] = lambda _: None
) -> Report:
    """Let worlds happen until so many jobs have come to their end.

    Args:
        jobs: in all worlds together.
        seed: of the first world.
        setting: of each.
        told: is called after each world with the number of its jobs.
    """
    report, began = Report(), time.monotonic()
    for one, its in worlds(jobs, seed, setting):
        report.add(tell(one, its), its)
        told(its.jobs)
    report.seconds = time.monotonic() - began
    return report


__all__ = ["Failed", "Report", "simulate", "worlds"]
