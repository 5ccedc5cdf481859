"""Spot machines that are taken back: two minutes after they have told it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.provider import SPOT, CloudProvider, chance_of

HOUR = 3600.0
#: seconds between the notice and the end, as of EC2
NOTICE = 120.0


class Reclaims:
    """Takes machines back, so often an hour on average, however long they have lived.

    Args:
        provider: whose machines they are.
        per_hour: how often.
        chance: says when.
        notice: lets a machine tell that it has so many seconds left.
    """

    def __init__(
        self,
        provider: CloudProvider,
        per_hour: float,
        chance: Chance,
        notice: Callable[[FakeMachine, float], None],
    ) -> None:
        self._provider, self._per_hour = provider, per_hour
        self._chance, self._tell = chance, notice

    def may_take(self, machine: FakeMachine) -> None:
        """Take a machine back when its time comes, if it is one of spot and lives so long."""
        if not self._per_hour or machine.order["market"] != SPOT:
            return
        hours = -math.log(1 - chance_of(self._chance, "reclaim", machine.order)) / self._per_hour
        loop = asyncio.get_running_loop()
        loop.call_later(round(hours * HOUR, 3), self._notice, machine)

    def _notice(self, machine: FakeMachine) -> None:
        if machine.phase != "running":
            return
        self._provider.taken.add(machine.token)
        self._tell(machine, NOTICE)
        asyncio.get_running_loop().call_later(NOTICE, self._provider.world.end, machine)


__all__ = ["NOTICE", "Reclaims"]
