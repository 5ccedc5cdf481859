"""What really happened in a world, whoever forgot it: starts, machines' lives, money."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from jobsched.testing.fakes import FakeContainer, FakeMachine, FakeWorld


@dataclass(slots=True, kw_only=True)
class Books(FakeWorld):
    """An imagined world whose costs do not grow with what has been in it."""

    #: job → its containers that were started
    started: dict[str, list[FakeContainer]] = field(default_factory=dict)
    #: token → when the machine ended
    ended_at: dict[str, datetime] = field(default_factory=dict)

    def end(self, machine: FakeMachine) -> None:
        """Switch a machine off; its containers end with it, unseen."""
        if machine.phase != "gone":
            self.ended_at[machine.token] = self.clock.now()
        for one in machine.containers.values():
            if one.phase == "running":
                one.phase = "gone"
        super(Books, self).end(machine)


__all__ = ["Books"]
