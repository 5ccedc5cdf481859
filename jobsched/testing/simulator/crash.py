"""Where processes of a world are to die or to stand still: each named place is met once."""

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
#: places of one world at which somebody dies; 100 worlds aim at each one more than ten times
AIMED: Final = 16
#: places at which somebody stands still: fewer, as that holds a world up
AIMED_STILL: Final = 5
#: from one aimed place to the next: neighbours in the list lie far apart in a job's life
STRIDE: Final = 37
HALF: Final = 2
#: what is asked in few worlds; each of its places is aimed at in every other world
SELDOM: Final = (
    "chores.advance_later",
    "runner.remove",
    "save.Removed",
    "store.halt",
    "store.permit",
    "store.raise_alarm",
    "store.resume",
    "store.wake",
)
#: what is asked a few times in a world; in every other world somebody dies at each of its places,
#: and in every fourth one somebody stands still
SOMETIMES: Final = (
    "runner.warn",
    "save.AtRisk",
    "save.BootFailed",
    "save.GivenUp",
    "save.Interrupted",
    "save.Vanished",
    "save.Warned",
    "store.bind",
)
#: what befalls whoever comes to a place
DEATH, PAUSE = "death", "pause"


def aimed(seed: int) -> tuple[Place, ...]:
    """Give the places of one world at which somebody is to die.

    Worlds of successive seeds go through all places.
    """
    return (*_usual(seed * AIMED, AIMED), *_part(SELDOM + SOMETIMES, seed, HALF))


def aimed_still(seed: int) -> tuple[Place, ...]:
    """Give the places of one world at which somebody is to stand still, likewise."""
    # half the list away from the deaths of the same world
    first, other = seed * AIMED_STILL + len(PLACES) // HALF, seed + 1
    seldom = [*_part(SELDOM, other, HALF), *_part(SOMETIMES, other, 2 * HALF)]
    return (*_usual(first, AIMED_STILL), *seldom)


def _usual(first: int, number: int) -> list[Place]:
    return [PLACES[(first + no) * STRIDE % len(PLACES)] for no in range(number)]


def _part(points: tuple[str, ...], seed: int, parts: int) -> list[Place]:
    """Give a part of the places of some points: as many successive seeds go through all."""
    return [place for place in PLACES if place[0] in points][seed % parts :: parts]


class Traps:
    """The places at which something still has to befall a process, and those at which it did.

    Args:
        deaths: each is the death of the first process that passes it.
        pauses: at each the first process that passes it, and does not die there, stands still.
    """

    def __init__(self, deaths: Iterable[Place] = (), pauses: Iterable[Place] = ()) -> None:
        #: place → deaths, and pauses of more than a lease, there: aimed at, or by chance
        self.deaths: Counter[Place] = Counter()
        self.pauses: Counter[Place] = Counter()
        #: told of each of them
        self.note: Callable[[str], None] = lambda _: None
        #: point → what is still to happen there, and on which side
        self._left: dict[str, list[tuple[str, str]]] = {}
        self.lay(DEATH, deaths)
        self.lay(PAUSE, pauses)

    def lay(self, what: str, places: Iterable[Place]) -> None:
        """Aim at more places."""
        for point, side in places:
            left = self._left.setdefault(point, [])
            if (side, what) not in left:
                left.append((side, what))

    def aims_at(self, names: tuple[str, ...]) -> bool:
        """Whether something is still to happen beside a call of these names."""
        # asked beside every call: a loop is quicker than a generator
        for name in names:  # noqa: SIM110
            if name in self._left:
                return True
        return False

    def hits(self, names: tuple[str, ...], side: str) -> str:
        """Give what befalls whoever passes here: at most one thing, which is done with then."""
        for name in names:
            left = self._left.get(name, ())
            for one in left:
                if one[0] == side:
                    self._left[name] = [other for other in left if other is not one]
                    if not self._left[name]:
                        del self._left[name]
                    return one[1]
        return ""

    def died(self, who: str, names: tuple[str, ...], side: str) -> None:
        """Write down a death."""
        self.note(f"{who} dies {side} {' '.join(names)}")
        for name in names:
            self.deaths[name, side] += 1

    def stood_still(self, who: str, names: tuple[str, ...], side: str, seconds: float) -> None:
        """Write down a pause of more than a lease."""
        self.note(f"{who} stands still for {seconds:.3f} s {side} {' '.join(names)}")
        for name in names:
            self.pauses[name, side] += 1


__all__ = ["AIMED", "DEATH", "PAUSE", "PLACES", "Place", "Traps", "aimed", "aimed_still"]
