"""What really happened in a world, whoever forgot it: starts, machines' lives, money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jobsched.testing.fakes import FakeContainer, FakeMachine, FakeWorld


@dataclass(slots=True, kw_only=True)
class Books(FakeWorld):
    """An imagined world whose costs do not grow with what has been in it."""

    #: id → a machine that is on
    on: dict[str, FakeMachine] = field(default_factory=dict)
    #: job → its containers that were started
    started: dict[str, list[FakeContainer]] = field(default_factory=dict)
    #: token → when the machine ended
    ended_at: dict[str, datetime] = field(default_factory=dict)

    def alive(self) -> list[FakeMachine]:
        """Give the machines that cost money."""
        return list(self.on.values())

    def launched(self, token: str) -> FakeMachine:
        """Give the machine of a token: the same token, the same machine, dead or alive."""
        if token in self.machines:
            return self.machines[token]
        machine = self.machines[token] = FakeMachine(
            token=token,
            id=f"m-{len(self.machines) + 1}",
            ready_at=self.clock.monotonic() + self.boot,
            launched_at=self.clock.now(),
        )
        self.on[machine.id] = machine
        self.most_alive = max(self.most_alive, len(self.on))
        return machine

    def by_id(self, machine: str) -> FakeMachine | None:
        """Give a machine that is on."""
        return self.on.get(machine)

    def end(self, machine: FakeMachine) -> None:
        """Switch a machine off; its containers end with it, unseen."""
        if self.on.pop(machine.id, None):
            self.ended_at[machine.token] = self.clock.now()
        for one in machine.containers.values():
            if one.phase == "running":
                one.phase = "gone"
        super(Books, self).end(machine)


__all__ = ["Books"]
