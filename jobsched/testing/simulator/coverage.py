"""What the worlds have been through, held against what they must have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from jobsched.contracts.change import Change
from jobsched.testing.simulator.crash import PLACES, Place
from jobsched.testing.simulator.promise.saved import REACHED, Pair
from jobsched.testing.simulator.promise.transition import LEGAL, NO_ONE_SAVE

TRANSITIONS: Final[tuple[Pair, ...]] = tuple(
    (was, state)
    for was, following in LEGAL.items()
    for state in sorted(following)
    if was != state and (was, state) not in NO_ONE_SAVE
)


@dataclass(slots=True)
class Coverage:
    """What happened in one world or many, and how often."""

    #: from one state to another; from none, when a job is accepted
    transitions: Counter[Pair] = field(default_factory=Counter)
    #: a state, and the kind of a fact that was saved in it
    facts: Counter[Pair] = field(default_factory=Counter)
    #: where processes died
    deaths: Counter[Place] = field(default_factory=Counter)
    #: where they stood still for longer than a lease
    pauses: Counter[Place] = field(default_factory=Counter)

    def see(self, changes: Iterable[Change]) -> None:
        """Count changes of records."""
        for change in changes:
            was, state = str(change.was), str(change.state)
            if was != state:
                self.transitions[was, state] += 1
            for fact in change.facts:
                self.facts[was, fact] += 1

    def add(self, other: Coverage) -> None:
        """Count what other worlds have been through."""
        self.transitions.update(other.transitions)
        self.facts.update(other.facts)
        self.deaths.update(other.deaths)
        self.pauses.update(other.pauses)

    def missing(self) -> list[str]:
        """Name what must happen and did not."""
        return [
            *(
                f"transition {was or 'nothing'} -> {state}"
                for was, state in TRANSITIONS
                if not self.transitions[was, state]
            ),
            *(f"{fact} in {state}" for state, fact in REACHED if not self.facts[state, fact]),
            *(f"death {side} {point}" for point, side in PLACES if not self.deaths[point, side]),
            *(f"pause {side} {point}" for point, side in PLACES if not self.pauses[point, side]),
        ]

    def summary(self) -> dict[str, tuple[int, int]]:
        """Give how many were reached of how many that must be: by kind."""
        return {
            "transitions": (_reached(self.transitions, TRANSITIONS), len(TRANSITIONS)),
            "state_facts": (_reached(self.facts, REACHED), len(REACHED)),
            "crash_points": (_reached(self.deaths, PLACES), len(PLACES)),
            "pause_points": (_reached(self.pauses, PLACES), len(PLACES)),
        }


def _reached(found: Counter[Pair], required: Iterable[Pair]) -> int:
    return sum(bool(found[one]) for one in required)


__all__ = ["TRANSITIONS", "Coverage"]
