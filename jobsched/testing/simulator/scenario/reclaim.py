"""Spot machines that are taken back: two minutes after their agent has told it."""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta

from jobsched.domain import facts
from jobsched.domain.job import JobId
from jobsched.engine.observe import observe
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator import Simulation
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.provider import SPOT, CloudProvider, chance_of

HOUR = 3600.0
#: that a machine is told before it is taken back
NOTICE = timedelta(minutes=2)


class Reclaims:
    """Who takes machines back, so often an hour on average, however long they have lived."""

    def __init__(
        self, simulation: Simulation, provider: CloudProvider, per_hour: float, chance: Chance
    ) -> None:
        self._simulation, self._provider = simulation, provider
        self._per_hour, self._chance = per_hour, chance
        self._telling: set[asyncio.Task[None]] = set()

    def may_take(self, machine: FakeMachine) -> None:
        """Take a machine back when its time comes, if it is one of spot and lives so long."""
        if not self._per_hour or machine.order["market"] != SPOT:
            return
        share = chance_of(self._chance, "reclaim", machine.order)
        hours = -math.log(1 - share) / self._per_hour
        loop = asyncio.get_running_loop()
        loop.call_later(round(hours * HOUR, 3), self._notice, machine)

    def _notice(self, machine: FakeMachine) -> None:
        if machine.phase != "running":
            return
        self._provider.taken.add(machine.token)
        task = asyncio.ensure_future(self._tell(machine))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        loop = asyncio.get_running_loop()
        loop.call_later(NOTICE.total_seconds(), self._simulation.world.end, machine)

    async def _tell(self, machine: FakeMachine) -> None:
        """Say what a provider's own callback action says."""
        parts, order = self._simulation.api, machine.order
        fact = facts.Interrupted(
            at=parts.now,
            attempt=order["attempt"],
            launch=order["launch"],
            until=parts.now + NOTICE,
        )
        await observe(parts, await parts.store.read(JobId(order["job"])), fact)


__all__ = ["NOTICE", "Reclaims"]
