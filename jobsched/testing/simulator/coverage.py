"""What the worlds have been through, held against what they must have been."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from jobsched.contracts.change import Change
from jobsched.domain import facts
from jobsched.domain.state import TERMINAL, State
from jobsched.testing.simulator.crash import PLACES, Place
from jobsched.testing.simulator.promise.transition import LEGAL

Pair = tuple[str, str]

#: from → to: the design names it, and no single save of the engine can make it
NO_ONE_SAVE: Final[Mapping[Pair, str]] = {
    ("booting", "cancelled"): "a cancel ends the attempt at once, and its machine goes after that",
    ("booting", "scheduled"): "a machine that is lost before its start is replaced, or goes later",
}

_ALL: Final = "scheduled provisioning booting ready running finishing"
_WITH_MACHINE: Final = "provisioning booting ready running finishing"

#: kind of a fact → the states of a job in which it is saved, and why it is in no other
SAVED_IN: Final[Mapping[str, tuple[str, str]]] = {
    "Planned": ("scheduled", "an attempt is opened where none is open"),
    "Offered": ("scheduled", "offers are asked for before the first launch of an attempt"),
    "Begun": ("scheduled provisioning", "a launch begins where none is counted on"),
    "Provisioned": (_WITH_MACHINE, "without a launch there is no machine"),
    "Ready": (_WITH_MACHINE, "without a launch there is no machine"),
    "Prepared": ("booting", "afterwards it is there, and before no machine is ready for it"),
    "StartGranted": ("ready", "only a created container is granted its start, once"),
    "Started": ("ready", "it makes the job running, and before nothing is created"),
    "Inspected": ("running", "only a running container is seen running"),
    "Ended": ("ready running", "the end of a container gives the outcome, and is told once"),
    "LogsStored": ("finishing", "logs are kept after the end"),
    "Released": (
        "booting running finishing",
        "before, there is no machine; a ready one is seldom given up, and started instead",
    ),
    "Removed": ("finishing", "of a machine that is replaced it is seldom saved by itself"),
    "Terminated": (
        "provisioning booting running finishing",
        "a ready container's machine is given back first, which makes the job provisioning",
    ),
    "Gone": (_WITH_MACHINE, "without a launch there is no machine"),
    "CancelRequested": (_ALL, ""),
    "Restored": (
        "scheduled provisioning booting running",
        "so short is the time in the others that a backup seldom has a job in them",
    ),
    "Noted": ("booting ready running finishing", "the first word of a machine is `update`"),
    "GivenUp": (
        "scheduled provisioning booting ready",
        "a machine in use is given back long before the attempt is given up without its answer",
    ),
    "Refused": ("provisioning", "a launch with a machine was not refused"),
    "BootFailed": ("booting", "it is believed before the machine is ready alone"),
    "Interrupted": (_WITH_MACHINE, "without a launch there is no machine"),
    "AtRisk": ("booting ready running finishing", "the first word of a machine is `update`"),
    "Hinted": ("ready running", "a container that was not granted its start cannot end"),
    "NotStarted": ("ready", "only a created container can be withdrawn"),
    "Warned": ("running", "only a running container is told"),
    "Stopping": ("running", "only a running container is stopped"),
    "Vanished": ("ready running", "before it is created, and after its end, nobody looks"),
    "CommandFailed": (
        _WITH_MACHINE,
        "planning and offers of the simulated plugins do not fail",
    ),
}
#: why nothing is saved in them
ENDED: Final = "a job that has ended never changes"

TRANSITIONS: Final[tuple[Pair, ...]] = tuple(
    (was, state)
    for was, following in LEGAL.items()
    for state in sorted(following)
    if was != state and (was, state) not in NO_ONE_SAVE
)
FACTS: Final[tuple[Pair, ...]] = tuple(
    (state, kind) for kind, (states, _) in SAVED_IN.items() for state in states.split()
)


def left_out(state: State, kind: type[facts.Fact]) -> str:
    """Say why a kind of fact is not saved in a state; empty: it is."""
    if state in TERMINAL:
        return ENDED
    states, why = SAVED_IN[kind.__name__]
    return "" if state in states.split() else why


@dataclass(slots=True)
class Coverage:
    """What happened in one world or many, and how often."""

    #: from one state to another; from none, when a job is accepted
    transitions: Counter[Pair] = field(default_factory=Counter)
    #: a state, and the kind of a fact that was saved in it
    facts: Counter[Pair] = field(default_factory=Counter)
    #: where processes died
    deaths: Counter[Place] = field(default_factory=Counter)

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

    def missing(self) -> list[str]:
        """Name what must happen and did not."""
        return [
            *(
                f"transition {was or 'nothing'} -> {state}"
                for was, state in TRANSITIONS
                if not self.transitions[was, state]
            ),
            *(f"{fact} in {state}" for state, fact in FACTS if not self.facts[state, fact]),
            *(f"death {side} {point}" for point, side in PLACES if not self.deaths[point, side]),
        ]

    def summary(self) -> dict[str, tuple[int, int]]:
        """Give how many were reached of how many that must be: by kind."""
        return {
            "transitions": (_reached(self.transitions, TRANSITIONS), len(TRANSITIONS)),
            "state_facts": (_reached(self.facts, FACTS), len(FACTS)),
            "crash_points": (_reached(self.deaths, PLACES), len(PLACES)),
        }


def _reached(found: Counter[Pair], required: Iterable[Pair]) -> int:
    return sum(bool(found[one]) for one in required)


__all__ = ["ENDED", "FACTS", "NO_ONE_SAVE", "SAVED_IN", "TRANSITIONS", "Coverage", "left_out"]
