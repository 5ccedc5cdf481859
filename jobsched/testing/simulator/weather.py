"""Faults by chance: the same seed, the same faults at the same moments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from jobsched.testing.simulator.faults import GROUPS, KINDS

T = TypeVar("T")

#: seconds after which nothing goes wrong any more, so that all must come to its end
CALM = 3600.0
#: how much oftener than usual a kind of fault comes in one world; nought: it does not come there,
#: as pairs of faults that are rare beside all others are met where the others are missing
SWARM = (0.0, 1.0, 1.0, 1.0, 2.0)


class Weather:
    """Says what goes wrong now, and counts it.

    Args:
        seed: of the chances.
        time: gives the virtual seconds since the world's beginning.
        heat: how often things go wrong; 1 is already far more often than in life.
        note: is told of each fault.
        faults: the kinds, and their chances at heat 1.
        swarm: let each world have its own mixture of them.
        often: kind → how much oftener than usual it comes, and no other kind; None: as usual.
    """

    def __init__(
        self,
        seed: int,
        time: Callable[[], float],
        *,
        heat: float = 1.0,
        note: Callable[[str], None] = lambda _: None,
        faults: Mapping[str, float] = KINDS,
        swarm: bool = True,
        often: Mapping[str, float] | None = None,
    ) -> None:
        self.faults: Counter[str] = Counter()
        self.calm = CALM
        # the same numbers in every version of Python: nothing else of `random` is used
        self._number = random.Random(seed).random  # noqa: S311 - the same each time
        self._time = time
        self._note = note
        if often is None:
            often = {name: self.one_of(SWARM) if swarm else 1.0 for name in faults}
        often = {name: heat * often.get(name, 0.0) for name in faults}
        self._chances = {name: chance * often[name] for name, chance in faults.items()}
        self._groups = {
            group: _ladder({name: kinds[name] * often.get(name, 0.0) for name in kinds})
            for group, kinds in GROUPS.items()
        }

    def strikes(self, fault: str) -> bool:
        """Whether this fault happens here and now."""
        chance = self._chances[fault]
        if not chance or self._number() >= chance or self._time() > self.calm:
            return False
        self.count(fault)
        return True

    def befalls(self, group: str) -> str | None:
        """Give the fault of a group that happens here and now, if one does: one number for all."""
        number, steps = self._number(), self._groups[group]
        if not steps or number >= steps[-1][0] or self._time() > self.calm:
            return None
        fault = next(name for below, name in steps if number < below)
        self.count(fault)
        return fault

    def count(self, fault: str) -> None:
        """Write down a fault that has struck."""
        self.faults[fault] += 1
        self._note(fault)

    def without(self, *kinds: str) -> None:
        """Let faults of these kinds not happen in this world, where `strikes` is asked."""
        for kind in kinds:
            self._chances[kind] = 0.0

    def between(self, least: float, most: float) -> float:
        """Give some number."""
        return least + (most - least) * self._number()

    def chance(self, chance: float) -> bool:
        """Say yes so often, of what is no fault."""
        return self._number() < chance

    def one_of(self, choices: Sequence[T]) -> T:
        """Give one of them."""
        return choices[int(self._number() * len(choices))]


def _ladder(chances: Mapping[str, float]) -> list[tuple[float, str]]:
    """Give each fault with the end of its share of the numbers from 0 to 1."""
    steps, end = [], 0.0
    for name, chance in chances.items():
        end += chance
        steps.append((end, name))
    return steps


__all__ = ["CALM", "Weather"]
