"""Many worlds, one after the other, and what came of all of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace

from jobsched.testing.simulator.coverage import Coverage
from jobsched.testing.simulator.faults import FAULTS, KINDS
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.world import Setting, Told, tell

#: how often each kind of fault must strike in 10,000 jobs
LEAST = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """A world in which a promise was broken: its seed and setting give the same one again."""

    seed: int
    setting: Setting
    #: promises that were broken, each in a line
    violations: list[str]
    #: the same with the history before each, for people
    explained: str


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of all worlds."""

    jobs: int = 0
    worlds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failed: list[Failed] = field(default_factory=list)
    money: Money = field(default_factory=Money)
    coverage: Coverage = field(default_factory=Coverage)
    #: of virtual time
    simulated_seconds: float = 0.0
    #: of this computer's time
    seconds: float = 0.0

    @property
    def violations(self) -> int:
        """Give how many promises were broken."""
        return sum(len(one.violations) for one in self.failed)

    def missing(self) -> list[str]:
        """Name what must happen in 10,000 jobs and did not, or not often enough."""
        least = LEAST * self.jobs // 10_000
        seldom = [kind for kind in sorted(KINDS) if self.faults[kind] < least]
        rare = [
            f"{'fault' if kind in FAULTS else 'wish'} {kind} ({self.faults[kind]} of {least})"
            for kind in seldom
        ]
        return [*self.coverage.missing(), *rare]

    def add(self, told: Told, setting: Setting) -> None:
        """Add a world."""
        self.jobs += told.jobs
        self.worlds += 1
        self.faults += told.faults
        self.money.add(told.money)
        self.coverage.add(told.coverage)
        self.simulated_seconds += told.seconds
        if told.broken:
            broken, explained = told.violations, told.explained()
            self.failed.append(
                Failed(seed=told.seed, setting=setting, violations=broken, explained=explained)
            )


def worlds(jobs: int, seed: int, setting: Setting) -> Iterator[tuple[int, Setting]]:
    """Share jobs among worlds: each world has the next seed, the last one what is left."""
    while jobs > 0:
        yield seed, replace(setting, jobs=min(setting.jobs, jobs))
        seed, jobs = seed + 1, jobs - setting.jobs


def simulate(
    of: Iterable[tuple[int, Setting]], told: Callable[[Told], None] = lambda _: None
) -> Report:
    """Let worlds happen, one after the other.

    Args:
        of: seed and setting of each.
        told: is called after each world.
    """
    report, began = Report(), time.monotonic()
    for seed, setting in of:
        world = tell(seed, setting)
        report.add(world, setting)
        told(world)
    report.seconds = time.monotonic() - began
    return report


__all__ = ["Failed", "Report", "simulate", "worlds"]
