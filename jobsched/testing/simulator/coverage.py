"""What the worlds have been through."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from jobsched.contracts.change import Change
from jobsched.testing.simulator.crash import Place


@dataclass(slots=True)
class Coverage:
    """What happened in one world or many, and how often."""

    #: from one state to another
    transitions: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: a state, and the kind of a fact that was saved then
    facts: Counter[tuple[str, str]] = field(default_factory=Counter)
    #: where processes died
    deaths: Counter[Place] = field(default_factory=Counter)

    def see(self, changes: Iterable[Change]) -> None:
        """Count changes of records."""
        for change in changes:
            was, state = str(change.was), str(change.state)
            if was != state and was:
                self.transitions[was, state] += 1
            for fact in change.facts:
                self.facts[was, fact] += 1

    def add(self, other: Coverage) -> None:
        """Count what other worlds have been through."""
        self.transitions += other.transitions
        self.facts += other.facts
        self.deaths += other.deaths


__all__ = ["Coverage"]
