"""The provider of a scenario: offers, refusals, prices, and machines that end in their time."""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance, Offer, Price
from jobsched.testing.fakes import FakeMachine, FakeProvider, refused
from jobsched.testing.simulator_scenario.chance import Chance
from jobsched.testing.simulator_scenario.machines import CloudWorld
from jobsched.testing.simulator_scenario.scenario import Machines

SPOT, ON_DEMAND = "spot", "on-demand"
MARKETS: Mapping[str, tuple[str, ...]] = {
    "never": (SPOT,),
    "fallback": (SPOT, ON_DEMAND),
    "always": (ON_DEMAND,),
}
#: EC2 bills a minute at the least
AT_LEAST = timedelta(minutes=1)
HOUR = 3600.0
#: that a spot machine is told before it is taken back
NOTICE = timedelta(minutes=2)


class CloudProvider(FakeProvider):
    """Machines as a scenario describes them. Told of each launch, and of each notice."""

    def __init__(self, world: CloudWorld, machines: Machines, chance: Chance) -> None:
        super().__init__(world, caps=machines.caps)
        self.cloud = world
        self.lead = machines.lead
        self.on_notice: Callable[[FakeMachine], None] = lambda _: None
        self._machines, self._chance = machines, chance
        prices = {SPOT: machines.spot_price, ON_DEMAND: machines.on_demand_price}
        self._prices = {market: _price(per_hour) for market, per_hour in prices.items()}
        self._refused = {SPOT: machines.refused, ON_DEMAND: machines.on_demand_refused}

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Give spot, on-demand, or one after the other."""
        del order
        markets = MARKETS[self._machines.on_demand]
        return [Offer(label=market, state={"market": market}) for market in markets]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down whose it is, and from which market."""
        whose = json.loads(await super().freeze(order, offer))
        return json.dumps({**whose, **offer.state}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Launch it, or refuse it for want of capacity."""
        order = json.loads(request)
        market = order["market"]
        if self._of("refused", order) < self._refused[market]:
            raise refused()
        return await super().provision(request)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe those that the core counts on."""
        there = self.cloud.machines
        return {token: self._described(there[token]) for token in known if token in there}

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Let it shut down, which takes its time; then it is gone."""
        machine = self.cloud.by_id(instance.id)
        if machine is None:
            return InstanceStatus(phase="gone", instance=instance)
        shutdown = self._machines.shutdown.at(self._of("shutdown", machine.order))
        if machine.phase == "running" and shutdown:
            machine.phase = "going"
            self._after(shutdown, self.cloud.end, machine)
        elif machine.phase == "running":
            self.cloud.end(machine)
        return self._described(machine)

    def boot_time(self, machine: FakeMachine) -> timedelta:
        """Give how long it takes to be ready."""
        return self._machines.boot.at(self._of("boot", machine.order))

    def may_be_taken(self, machine: FakeMachine) -> None:
        """Let a spot machine be taken back, some day, if it lives so long."""
        rate = self._machines.reclaims_per_hour
        if not rate or machine.order["market"] != SPOT:
            return
        share = self._of("reclaim", machine.order)
        lives = timedelta(seconds=round(-math.log(1 - share) / rate * HOUR, 3))
        self._after(lives, self._notice, machine)

    def _notice(self, machine: FakeMachine) -> None:
        if machine.phase == "running":
            self.cloud.reclaimed.add(machine.token)
            self.on_notice(machine)
            self._after(NOTICE, self.cloud.end, machine)

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        instance = Instance(id=machine.id, price=self._prices[machine.order["market"]])
        if machine.phase == "going":
            return InstanceStatus(phase="going", instance=instance)
        was_taken = machine.token in self.cloud.reclaimed
        return replace(
            super()._described(machine),
            instance=instance,
            interrupted=machine.phase == "gone" and was_taken,
        )

    def _of(self, what: str, order: Mapping[str, Any]) -> float:
        return self._chance.of(what, order["job"], order["attempt"], order["launch"])

    def _after(
        self, time: timedelta, do: Callable[[FakeMachine], None], machine: FakeMachine
    ) -> None:
        asyncio.get_running_loop().call_later(time.total_seconds(), do, machine)


def _price(per_hour: Decimal) -> Price:
    return Price(per_hour=per_hour, at_least=AT_LEAST)


__all__ = ["AT_LEAST", "NOTICE", "ON_DEMAND", "SPOT", "CloudProvider"]
