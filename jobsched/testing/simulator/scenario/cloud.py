"""The imagined world of a scenario: what takes time there is in the scenario, and nothing else."""

from __future__ import annotations

import asyncio

from jobsched.testing.fakes import FakeContainer, FakeWorld
from jobsched.testing.virtual_time import VirtualClock


class Prompt(VirtualClock):
    """A clock for whom calls take no time."""

    async def sleep(self, seconds: float) -> None:
        """Return at once, after everybody else had a turn."""
        del seconds
        await asyncio.sleep(0)


class CloudWorld(FakeWorld):
    """Machines with agents and dead-man timers, and nobody who counts starts."""

    def __init__(self) -> None:
        super().__init__(clock=Prompt(), boot=0.0, says_ready=True, has_dead_man=True)

    def note_start(self, one: FakeContainer) -> None:
        """Note nothing: it is no proof, and to look at all machines for each start takes long."""


__all__ = ["CloudWorld", "Prompt"]
