"""The provider of a scenario: offers, refusals, prices, and machines that take their time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance, Offer, Price
from jobsched.testing.fakes import FakeMachine, FakeProvider, refused
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.cloud import CloudWorld
from jobsched.testing.simulator.scenario.scenario import Machines

SPOT, ON_DEMAND = "spot", "on-demand"
MARKETS: Mapping[str, tuple[str, ...]] = {
    "never": (SPOT,),
    "fallback": (SPOT, ON_DEMAND),
    "always": (ON_DEMAND,),
}
#: EC2 bills a minute at the least
AT_LEAST = timedelta(minutes=1)


class CloudProvider(FakeProvider):
    """Machines as a scenario describes them."""

    def __init__(self, world: CloudWorld, machines: Machines, chance: Chance) -> None:
        super().__init__(world, caps=machines.caps)
        self.lead = machines.lead
        #: tokens of machines that were told that they are taken back
        self.taken: set[str] = set()
        self._machines, self._chance = machines, chance
        prices = {SPOT: machines.spot_price, ON_DEMAND: machines.on_demand_price}
        self._prices = {
            market: Price(per_hour=per_hour, at_least=AT_LEAST)
            for market, per_hour in prices.items()
        }
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
        if chance_of(self._chance, "refused", order) < self._refused[order["market"]]:
            raise refused()
        return await super().provision(request)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe those that the core counts on."""
        there = self.world.machines
        return {token: self._described(there[token]) for token in known if token in there}

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Let it shut down, which takes its time; then it is gone."""
        machine = self.world.by_id(instance.id)
        if machine is None:
            return InstanceStatus(phase="gone", instance=instance)
        share = chance_of(self._chance, "shutdown", machine.order)
        shutdown = self._machines.shutdown.at(share).total_seconds()
        if machine.phase == "running" and shutdown:
            machine.phase = "going"
            asyncio.get_running_loop().call_later(shutdown, self.world.end, machine)
        elif machine.phase == "running":
            self.world.end(machine)
        return self._described(machine)

    def boot_time(self, order: Mapping[str, Any]) -> float:
        """Give how many seconds its machine takes to be ready."""
        return self._machines.boot.at(chance_of(self._chance, "boot", order)).total_seconds()

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        instance = Instance(id=machine.id, price=self._prices[machine.order["market"]])
        if machine.phase == "going":
            return InstanceStatus(phase="going", instance=instance)
        return replace(super()._described(machine), instance=instance)


def chance_of(chance: Chance, what: str, order: Mapping[str, Any]) -> float:
    """Give a number of a launch."""
    return chance.of(what, order["job"], order["attempt"], order["launch"])


__all__ = ["AT_LEAST", "ON_DEMAND", "SPOT", "CloudProvider", "chance_of"]
