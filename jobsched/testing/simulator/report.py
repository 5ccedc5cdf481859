"""What came of many worlds, added up and held against what must come of them."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from jobsched.testing.simulator.coverage import Coverage
from jobsched.testing.simulator.faults import FAULTS, KINDS
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.result import Result
from jobsched.testing.simulator.world import Setting

#: how often each kind of fault must strike in 10,000 jobs
LEAST = 100
#: up to this heat the figures must be met
HEAT = 1.0
#: at most so many machines too many for 1,000 jobs, where the store keeps all
EXTRA = 1.0
#: at most so many seconds for which a machine is on that nobody needs any more
ORPHANS: Final = {"p99": 300.0, "max": 900.0}


@dataclass(slots=True, kw_only=True)
class Report:
    """What came of all worlds."""

    #: what was asked for; what worlds of another setting have spent is not counted
    setting: Setting = field(default_factory=Setting)
    jobs: int = 0
    worlds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    #: those in which a promise was broken
    failed: list[Result] = field(default_factory=list)
    money: Money = field(default_factory=Money)
    coverage: Coverage = field(default_factory=Coverage)
    #: of virtual time
    simulated_seconds: float = 0.0
    #: of this computer's time
    seconds: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    @property
    def violations(self) -> int:
        """Give how many promises were broken."""
        return sum(len(one.violations) for one in self.failed)

    def add(self, result: Result) -> None:
        """Add a world."""
        is_counted = replace(result.setting, jobs=self.setting.jobs) == self.setting
        self.jobs += result.setting.jobs
        self.worlds += 1
        self.faults += result.faults
        self.money.add(result.money if is_counted else result.money.uncounted())
        self.coverage.add(result.coverage)
        self.simulated_seconds += result.seconds
        self.seconds = time.monotonic() - self._began
        if result.violations:
            self.failed.append(result)

    def missing(self) -> list[str]:
        """Name what must happen in 10,000 jobs and did not, or not often enough."""
        least = LEAST * self.jobs // 10_000
        seldom = [kind for kind in sorted(KINDS) if self.faults[kind] < least]
        rare = [
            f"{'fault' if kind in FAULTS else 'wish'} {kind} ({self.faults[kind]} of {least})"
            for kind in seldom
        ]
        return [*self.coverage.missing(), *rare]

    def unmet(self) -> Iterator[str]:
        """Say which figure is not met, each in a sentence: of what came by chance alone.

        A store that loses its last second forgets launches, so that some machines are too many, and
        who was to end one, so that one is on for longer now and then.
        """
        if self.setting.heat > HEAT:
            return
        if not self.setting.lossy and self.money.extra_per_1000 > EXTRA:
            extra = f"{self.money.extra_per_1000:.2f}"
            yield f"{extra} extra machines per 1,000 jobs are more than {EXTRA:g}"
        for part, seconds in self.money.orphans.items():
            if seconds > ORPHANS[part] and not (self.setting.lossy and part == "max"):
                yield f"orphans: {part} {seconds:.0f} s is more than {ORPHANS[part]:.0f} s"


__all__ = ["Report"]
