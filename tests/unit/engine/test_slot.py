"""A launch that is replaced passes its slot on, though others wait in line for one."""

from __future__ import annotations

import asyncio

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps
from jobsched.domain.facts import Interrupted
from jobsched.domain.job import Offer
from jobsched.domain.state import State, state_of
from jobsched.engine.observe import observe
from jobsched.testing.fakes import FakeProvider
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run


class SlowLookUps(FakeProvider):
    """Renders the request of a second launch slowly: others could take a slot that is free."""

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Look things up."""
        await asyncio.sleep(1 if order.launch > 1 else 0)
        return await super().freeze(order, offer)


def test_a_replaced_machine_keeps_its_place() -> None:
    """At a cap of one, a job that loses its waiting machine gets the next one before others."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.provider = SlowLookUps(simulation.world, caps=Caps(alive=1))
        async with simulation.worker():
            first = await simulation.schedule(after=0)
            await simulation.clock.sleep(2)
            second = await simulation.schedule(after=0)
            await simulation.clock.sleep(2)
            # its machine is ready only when a sweep sees it, so it is lost before the start
            job = await simulation.job(first)
            fact = Interrupted(at=simulation.clock.now(), attempt=1, launch=1)
            await observe(simulation.parts(), job, fact)
            ended = await simulation.ended(first, second)

        assert [state_of(one) for one in ended] == [State.FINISHED] * 2
        assert violations(simulation, ended) == []
        assert simulation.world.most_alive == 1
        order = [name.split("-")[1] for name in simulation.world.started_at]
        assert order == [first, second]
        attempts = [one.attempt for one in ended]
        assert [len(one.launches) if one else 0 for one in attempts] == [2, 1]

    run(story())
