"""Where processes of a world are to die: aimed at named places, each of which is met once."""

from __future__ import annotations

from collections import Counter
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
HALF: Final = 2
#: what is asked in few worlds; each of its places is aimed at in every other world
SELDOM: Final = (
    "chores.advance_later",
    "runner.remove",
    "save.GivenUp",
    "save.Removed",
    "save.Vanished",
    "store.bind",
    "store.halt",
    "store.permit",
    "store.resume",
    "store.wake",
)


def aimed(seed: int) -> tuple[Place, ...]:
    """Give the places of one world: worlds of successive seeds go through all of them."""
    first = seed * AIMED
    usual = [PLACES[(first + no) * STRIDE % len(PLACES)] for no in range(AIMED)]
    seldom = [place for place in PLACES if place[0] in SELDOM]
    return (*usual, *seldom[seed % HALF :: HALF])


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
        #: point → the sides of it that are still aimed at
        self._left: dict[str, list[str]] = {}
        self.aim(places)

    def aim(self, places: Iterable[Place]) -> None:
        """Aim at more places."""
        for point, side in places:
            sides = self._left.setdefault(point, [])
            if side not in sides:
                sides.append(side)

    def aims_at(self, names: tuple[str, ...]) -> bool:
        """Whether somebody shall still die beside a call of these names."""
        return any(name in self._left for name in names)

    def hits(self, names: tuple[str, ...], side: str) -> bool:
        """Whether whoever passes dies here; if so it is done with."""
        for name in names:
            sides = self._left.get(name)
            if sides and side in sides:
                sides.remove(side)
                if not sides:
                    del self._left[name]
                return True
        return False

    def died(self, who: str, names: tuple[str, ...], side: str) -> None:
        """Write down a death."""
        self.note(f"{who} dies {side} {' '.join(names)}")
        for name in names:
            self.met[name, side] += 1


__all__ = ["AIMED", "PLACES", "Crashes", "Place", "aimed"]
