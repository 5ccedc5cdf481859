"""What is done to the processes, and when: drawn by the seed alone, as far as they are there."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

from benchmarks.chaos.actor import Actor, Kind

#: of a hundred faults: kills, all others are pauses
KILLS: Final = 85
#: of a hundred: who it falls on
VICTIMS: Final[dict[Kind, int]] = {"worker": 50, "api": 25, "redis": 25}
#: seconds, at the most, that a Redis stays away and that a process stands still
AWAY, STILL = 3.0, 45.0
#: of ten pauses: longer than a lease
LONG: Final = 4
LEASE = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One of them, as it was done."""

    at: datetime
    kind: Literal["kill", "pause"]
    victim: Kind
    name: str
    pid: int
    #: how long a pause lasts, or the victim is not started again
    seconds: float


@dataclass(slots=True, kw_only=True)
class Faults:
    """Does one after the other. One process of a kind stands still at a time."""

    actors: Sequence[Actor]
    dice: random.Random
    #: seconds between two of them, at least and at most
    every: tuple[float, float]
    done: list[Fault] = field(default_factory=list)
    #: monotonic time of the end of each pause, by the actor's name
    _until: dict[str, float] = field(default_factory=dict)
    _next_at: float = 0

    @property
    def kills(self) -> int:
        """How many were kills."""
        return sum(one.kind == "kill" for one in self.done)

    def count(self) -> Counter[tuple[str, Kind]]:
        """Count them by kind and victim."""
        return Counter((one.kind, one.victim) for one in self.done)

    def work(self) -> Fault | None:
        """Do the next one if its time has come; give it."""
        now = time.monotonic()
        if not self._next_at:
            self._next_at = now + self.dice.uniform(*self.every)
        if now < self._next_at:
            return None
        self._next_at = now + self.dice.uniform(*self.every)
        return self._one()

    def relent(self, *, all_of_them: bool = False) -> None:
        """Let go on what has stood still for its time, or all of them."""
        for actor in self.actors:
            over = all_of_them or time.monotonic() >= self._until.get(actor.name, 0)
            if actor.is_paused and over:
                actor.go_on()

    def _one(self) -> Fault | None:
        # always the same number of draws, so that what is there changes as little as possible
        is_kill = self.dice.randrange(100) < KILLS
        wanted = self.dice.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        place, long, share = self.dice.random(), self.dice.randrange(10) < LONG, self.dice.random()
        there = [one for one in self.actors if one.is_there and one.kind == wanted]
        if not there:
            return None
        victim = there[int(place * len(there))]
        if is_kill or any(one.is_paused for one in there):
            seconds = share * AWAY if wanted == "redis" else 0.0
            return self._killed(victim, seconds)
        return self._paused(victim, LEASE + share * (STILL - LEASE) if long else share * LEASE)

    def _killed(self, victim: Actor, seconds: float) -> Fault:
        fault = _fault("kill", victim, seconds)
        victim.kill(seconds)
        return self._noted(fault)

    def _paused(self, victim: Actor, seconds: float) -> Fault:
        fault = _fault("pause", victim, seconds)
        self._until[victim.name] = time.monotonic() + seconds
        victim.stop()
        return self._noted(fault)

    def _noted(self, fault: Fault) -> Fault:
        self.done.append(fault)
        return fault


def _fault(kind: Literal["kill", "pause"], victim: Actor, seconds: float) -> Fault:
    return Fault(
        at=datetime.now(UTC),
        kind=kind,
        victim=victim.kind,
        name=victim.name,
        pid=victim.process.pid if victim.process else 0,
        seconds=round(seconds, 1),
    )


__all__ = ["AWAY", "LEASE", "STILL", "Fault", "Faults"]
