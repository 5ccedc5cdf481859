"""What really happened in a world, whoever forgot it: starts, and machines' lives."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from jobsched.testing.fakes import FakeContainer, FakeMachine, FakeWorld

#: whether what happens is carried out when nobody waits for it any more: by an engine that was
#: slow, or a process that stood still
IS_LATE: ContextVar[bool] = ContextVar("is_late", default=False)


class Witness(Protocol):
    """Is told of what happens, in the moment in which it does."""

    def born(self, machine: FakeMachine) -> None:
        """Hear of a machine that is new."""
        ...

    def ended(self, machine: FakeMachine) -> None:
        """Hear of a machine that is switched off."""
        ...

    def started(self, one: FakeContainer) -> None:
        """Hear of a container that is started."""
        ...

    def is_no_business_of_ours(self, thing: str) -> None:
        """Hear of somebody of ours who ends a machine or deletes a disk that is not ours."""
        ...

    def is_told_to_end(self, machine: FakeMachine, by: str) -> None:
        """Hear of somebody of ours who ends a machine."""
        ...


@dataclass(slots=True, kw_only=True)
class Books(FakeWorld):
    """An imagined world whose costs do not grow with what has been in it."""

    #: job → its containers that were started
    started: dict[str, list[FakeContainer]] = field(default_factory=dict)
    #: id → virtual seconds at which it began
    born_at: dict[str, float] = field(default_factory=dict)
    witness: Witness | None = None

    def launched(self, token: str, *, named: str | None = None) -> FakeMachine:
        """Give the machine of a token: the same token, the same machine, dead or alive."""
        is_new = token not in self.machines
        machine = super(Books, self).launched(token, named=named)
        if is_new:
            self.born_at[machine.id] = self.clock.monotonic()
            if self.witness:
                self.witness.born(machine)
        return machine

    def end(self, machine: FakeMachine) -> None:
        """Switch a machine off; its containers end with it, unseen."""
        for one in machine.containers.values():
            self.look(one)
            if one.phase == "running":
                one.phase = "gone"
        was_on = machine.id in self.machines.on
        super(Books, self).end(machine)
        if was_on and self.witness:
            self.witness.ended(machine)

    def power_off(self, machine: FakeMachine) -> None:
        """Let a machine end because it was told that it may go."""
        if self.witness and machine.id in self.machines.on:
            self.witness.is_told_to_end(machine, "410")
        self.end(machine)

    def note_start(self, one: FakeContainer) -> None:
        """Write a start into the books."""
        if self.witness:
            self.witness.started(one)
        self.starts[one.name] += 1
        self.started_at.setdefault(one.name, self.clock.now())
        mine = self.started.setdefault(one.name.split("-")[1], [])
        if not any(other is one for other in mine):
            mine.append(one)

    def is_over(self, one: FakeContainer) -> bool:
        """Whether a container has run its time."""
        runs = timedelta(seconds=self.program(one).runs)
        return one.started_at is not None and one.started_at + runs <= self.clock.now()


__all__ = ["IS_LATE", "Books", "Witness"]
