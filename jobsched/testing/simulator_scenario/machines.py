"""The machines of a scenario: they boot in their time, and some are taken back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from jobsched.testing.fakes import FakeMachine, FakeWorld
from jobsched.testing.virtual_time import VirtualClock


class Prompt(VirtualClock):
    """A clock for whom calls take no time: what takes time is in the scenario."""

    async def sleep(self, seconds: float) -> None:
        """Return at once, after everybody else had a turn."""
        del seconds
        await asyncio.sleep(0)


class CloudWorld(FakeWorld):
    """An imagined world with so many machines that nobody may look at all of them for one."""

    def __init__(self) -> None:
        super().__init__(clock=Prompt(), says_ready=True)
        #: id → machine that costs money
        self.on: dict[str, FakeMachine] = {}
        #: tokens of machines that were taken back
        self.reclaimed: set[str] = set()
        #: told the machine's id and the container's name when one has ended by itself
        self.on_end: Callable[[str, str], None] = lambda _machine, _container: None

    def alive(self) -> list[FakeMachine]:
        """Give the machines that cost money."""
        return list(self.on.values())

    def by_id(self, machine: str) -> FakeMachine | None:
        """Give a machine that is on."""
        return self.on.get(machine)

    def launched(self, token: str) -> FakeMachine:
        """Give the machine of a token."""
        if token in self.machines:
            return self.machines[token]
        machine = FakeMachine(
            token=token,
            id=f"m-{len(self.machines) + 1}",
            ready_at=self.clock.monotonic(),
            launched_at=self.clock.now(),
        )
        self.machines[token] = self.on[machine.id] = machine
        return machine

    def end(self, machine: FakeMachine) -> None:
        """Switch a machine off. May be repeated."""
        super().end(machine)
        self.on.pop(machine.id, None)

    def note_start(self, name: str) -> None:
        """Note nothing: what was started stands in the records, and nobody doubts them here."""


__all__ = ["CloudWorld", "Prompt"]
