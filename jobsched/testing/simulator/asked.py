"""What is asked before there is a machine, in bad weather: the planner, and a provider's offers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from jobsched.builtin import OnTime
from jobsched.contracts.order import MachineOrder
from jobsched.contracts.planner import History
from jobsched.contracts.provider import Caps
from jobsched.contracts.services import Clock
from jobsched.domain.job import Job, Offer, Plan
from jobsched.errors import OperationFailed, ProviderFailed
from jobsched.testing.model_ec2 import ModelEc2, ModelProvider
from jobsched.testing.simulator.weather import Weather

#: seconds after which offers come that nobody waits for any more
HANGS: Final = 90.0


class StormyPlanner(OnTime):
    """Plans on time, or fails, which no planner should.

    Args:
        weather: says when.
    """

    def __init__(self, weather: Weather) -> None:
        self._weather = weather

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan the next attempt, or fail to."""
        if self._weather.strikes("planner fails"):
            raise OperationFailed("plugin_error", "imagined")
        return super().plan(job, history, now)


class StormyCloud(ModelProvider):
    """The model EC2's provider, whose offers are hard to get.

    Args:
        ec2: what all workers share.
        weather: says what goes wrong.
        caps: how many machines there may be.
    """

    def __init__(self, ec2: ModelEc2, weather: Weather, *, caps: Caps) -> None:
        super().__init__(ec2, caps=caps)
        self._weather = weather

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Give the model's offers, none, or no answer."""
        if await are_none(self._weather, self.ec2.world.clock):
            return ()
        return await super().offers(order)


async def are_none(weather: Weather, clock: Clock) -> bool:
    """Say whether a provider has no offer just now.

    Raises:
        ProviderFailed: it was asked too often.
    """
    fault = weather.befalls("offers")
    if fault == "offers throttled":
        raise ProviderFailed("throttled", "imagined", then="later")
    if fault == "offers not given":
        await clock.sleep(HANGS)
    return fault == "no offers"


__all__ = ["StormyCloud", "StormyPlanner", "are_none"]
