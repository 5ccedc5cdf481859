"""A machine is given back until it is gone, whatever becomes of the call and of who makes it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.state import State, state_of
from jobsched.errors import ProviderFailed
from jobsched.testing.simulator import Life, Simulation, violations
from jobsched.testing.virtual_time import run


class UntilItTerminates(Life):
    """A worker's life that ends beside its first call to terminate."""

    def __init__(self, point: str) -> None:
        super().__init__()
        self._point = point

    async def point(self, name: str) -> None:
        """End there."""
        if name == self._point:
            self.dead.set()
        await super().point(name)


def test_a_termination_is_repeated_until_the_machine_is_gone() -> None:
    """Throttled, lost before and after its effect: it is asked for again, for itself alone (T1)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        terminate = simulation.provider.terminate
        asked: list[str] = []

        async def badly(instance: Any) -> InstanceStatus:
            asked.append(instance.id)
            match len(asked):
                case 1:
                    raise ProviderFailed("throttled", "too many calls")
                case 2:
                    raise ProviderFailed("time_out", "lost before it came", effect="unknown")
                case 3:
                    return InstanceStatus(phase="going", instance=instance)
                case 4:
                    await terminate(instance)
                    raise ProviderFailed("time_out", "its answer was lost", effect="unknown")
            return await terminate(instance)

        simulation.provider.terminate = badly  # type: ignore[method-assign]
        async with simulation.worker():
            (ended,) = await simulation.ended(await simulation.schedule(), within=300)

        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []
        assert len(asked) >= 4
        assert set(asked) == {"m-1"}

    run(story())


@pytest.mark.parametrize("point", ["before provider.terminate", "after provider.terminate"])
def test_a_worker_that_dies_beside_a_termination_leaves_nothing(point: str) -> None:
    """The job is not over before its machine is: the next worker goes on there (T3)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        job = await simulation.schedule()
        first = UntilItTerminates(point)
        async with asyncio.timeout(600):
            await simulation.work(first)
        assert state_of(await simulation.job(job)) is State.FINISHING
        async with simulation.worker():
            (ended,) = await simulation.ended(job)

        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    run(story())
