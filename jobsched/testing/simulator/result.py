"""What is kept of one world when it is over, so that it can be told to another process."""

from __future__ import annotations

import traceback
from collections import Counter
from dataclasses import dataclass, field

from jobsched.testing.simulator.coverage import Coverage
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.world import Setting, tell


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One world: its seed and setting give the same one again."""

    seed: int
    setting: Setting
    #: promises that were broken, each in a line
    violations: list[str] = field(default_factory=list)
    #: the same with the history before each, for people
    explained: str = ""
    faults: Counter[str] = field(default_factory=Counter)
    money: Money = field(default_factory=Money)
    coverage: Coverage = field(default_factory=Coverage)
    #: of virtual time
    seconds: float = 0.0
    #: all that happened, if that was asked for
    history: list[str] = field(default_factory=list)


def result(seed: int, setting: Setting, *, with_history: bool = False) -> Result:
    """Let a world happen, and give what is kept of it: a bug that ends it is a broken promise."""
    try:
        told = tell(seed, setting)
    except Exception as error:  # noqa: BLE001 - whatever it is, its seed must not be lost
        broken = [f"no bug: the world came to no end: {error!r}"]
        return Result(
            seed=seed, setting=setting, violations=broken, explained=traceback.format_exc()
        )
    return Result(
        seed=seed,
        setting=setting,
        violations=told.violations,
        explained=told.explained(),
        faults=told.faults,
        money=told.money,
        coverage=told.coverage,
        seconds=told.seconds,
        history=list(told.history.lines()) if with_history else [],
    )


__all__ = ["Result", "result"]
