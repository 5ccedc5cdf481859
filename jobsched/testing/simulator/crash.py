"""Where processes of a world are to die: aimed at named places, each of which is met once."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Final

from jobsched.engine.outside import POINTS

#: a place: before or after a call
Place = tuple[str, str]
PLACES: Final[tuple[Place, ...]] = tuple(
    (point, side) for point in POINTS for side in ("before", "after")
)
#: aimed places of one world; 100 worlds aim at each one more than ten times
AIMED: Final = 16
#: from one aimed place to the next: neighbours in the list lie far apart in a job's life
STRIDE: Final = 37


def aimed(seed: int) -> tuple[Place, ...]:
    """Give the places of one world: worlds of successive seeds go through all of them."""
    first = seed * AIMED
    return tuple(PLACES[(first + no) * STRIDE % len(PLACES)] for no in range(AIMED))


class Crashes:
    """The places at which somebody still has to die, and those at which somebody did.

    Args:
        places: each is the death of the first process that passes it.
    """

    def __init__(self, places: Iterable[Place]) -> None:
        #: place → deaths there
        self.met: Counter[Place] = Counter()
        #: told of each death
        self.note: Callable[[str], None] = lambda _: None
        self._left: defaultdict[str, list[str]] = defaultdict(list)
        self.aim(places)

    def aim(self, places: Iterable[Place]) -> None:
        """Aim at more places."""
        for point, side in places:
            if side not in self._left[point]:
                self._left[point].append(side)

    def hits(self, names: tuple[str, ...], side: str) -> bool:
        """Whether whoever passes dies here; if so it is done with."""
        for name in names:
            sides = self._left.get(name)
            if sides and side in sides:
                sides.remove(side)
                return True
        return False

    def died(self, who: str, names: tuple[str, ...], side: str) -> None:
        """Write down a death."""
        self.note(f"{who} dies {side} {' '.join(names)}")
        for name in names:
            self.met[name, side] += 1


__all__ = ["AIMED", "PLACES", "Crashes", "Place", "aimed"]
