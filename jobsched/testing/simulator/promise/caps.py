"""The caps, held against each save: by the records, and by the machines that are really on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator.promise.sight import Sight

HOUR = 3600.0
#: seconds of the pace that a pause lets begin at once
BURST = 1.0
#: the store reckons in microseconds
CLOSE = 1e-3
NOBODY: frozenset[str] = frozenset()


@dataclass(slots=True)
class Held:
    """What a provider's launches take of its caps, by the records."""

    #: tokens that hold a slot
    tokens: set[str] = field(default_factory=set)
    #: when launches began, in order, with their tokens
    begun: deque[tuple[float, str]] = field(default_factory=deque)
    #: those of them that count
    counted: set[str] = field(default_factory=set)
    #: by when the pace is used up
    used_up: float = 0.0

    def copy(self) -> Held:
        """Give another one that says the same."""
        return Held(set(self.tokens), deque(self.begun), set(self.counted), self.used_up)


#: provider → what is taken, and job → the tokens that it holds
KeptCaps = tuple[dict[str, Held], dict[str, frozenset[str]]]


class CapPromises:
    """Looks at launches.

    Args:
        sight: of the world.
        caps_of: gives a provider's caps, by its name.
    """

    def __init__(self, sight: Sight, caps_of: Callable[[str], Caps]) -> None:
        self._sight = sight
        self._caps_of = caps_of
        self._held: dict[str, Held] = {}
        #: job → the tokens that it holds
        self._of_job: dict[str, frozenset[str]] = {}
        #: every token that was ever saved
        self._known: set[str] = set()
        #: those whose machine counts elsewhere, as an extra one: it began when its launch was over,
        #: or the store has forgotten its launch; and those that their provider refused
        self._excused: set[str] = set()

    def kept(self) -> KeptCaps:
        """Give what is known, to be put back later."""
        held = {name: one.copy() for name, one in self._held.items()}
        return held, dict(self._of_job)

    def forget(self, kept: KeptCaps) -> None:
        """Know no more than at that time, as the store does."""
        before = self._all_held()
        self._held, self._of_job = kept
        self._excused |= before - self._all_held()

    def changed(self, job: Job) -> None:
        """Look at one save."""
        after, before = holding(job), self._of_job.get(job.id, NOBODY)
        held = self._held.setdefault(job.spec.provider, Held())
        for launch in job.attempt.launches if job.attempt else ():
            if launch.refused_at:
                held.counted.discard(launch.token)
                # its provider has refused it, or ends its machine by itself: it is shutting down
                self._excused.add(launch.token)
        if after == before:
            return
        self._of_job[job.id] = after
        held.tokens -= before - after
        new = sorted(after - before)
        held.tokens.update(new)
        self._known.update(new)
        if new:
            self._begun(job, held, new)
            self._check_alive(job.spec.provider, held, job.id)

    def born(self, machine: FakeMachine) -> None:
        """Look at a machine that is new."""
        if machine.token in self._known - self._all_held():
            self._excused.add(machine.token)
        for provider, held in self._held.items():
            self._check_alive(provider, held, machine.order.get("job", ""))

    def _all_held(self) -> set[str]:
        return set().union(*(held.tokens for held in self._held.values()))

    def _begun(self, job: Job, held: Held, new: Collection[str]) -> None:
        caps, now, tell = self._caps_of(job.spec.provider), self._sight.time(), self._sight.tell
        if caps.hourly is not None:
            held.begun.extend((now, token) for token in new)
            held.counted.update(new)
            while held.begun and held.begun[0][0] <= now - HOUR + CLOSE:
                held.counted.discard(held.begun.popleft()[1])
            if len(held.counted) > caps.hourly:
                tell("cap hourly", f"{len(held.counted)} of {caps.hourly} launches", job.id)
        if caps.per_second is not None:
            between = len(new) / caps.per_second
            held.used_up = max(held.used_up, now) + between
            if held.used_up > now + max(BURST, between) + CLOSE:
                tell("cap pace", f"{held.used_up - now:.3f} s of launches at once", job.id)

    def _check_alive(self, provider: str, held: Held, job: str) -> None:
        """Look at the launches that hold a slot, and at the machines that are on.

        Also at those that no launch was ever saved for, and those whose slot was freed too early.
        """
        most = self._caps_of(provider).alive
        if most is None:
            return
        tokens = [one.token for one in self._sight.books.machines.on.values()]
        on = sum(token in held.tokens or token not in self._excused for token in tokens)
        if max(len(held.tokens), on) > most:
            what = f"{len(held.tokens)} launches and {on} machines of {most}"
            self._sight.tell("cap alive", what, job)


def holding(job: Job) -> frozenset[str]:
    """Give the tokens of the launches whose machines may be on.

    What the product calls a slot is not asked: a judge would share its mistakes.
    """
    launches = job.attempt.launches if job.attempt else ()
    return frozenset(one.token for one in launches if not (one.refused_at or one.gone_at))


__all__ = ["BURST", "HOUR", "CapPromises", "Held", "KeptCaps"]
