"""A machine that does not go although it was given back is an alarm."""

from __future__ import annotations

from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.domain.state import State, state_of
from jobsched.errors import ProviderFailed
from jobsched.testing.fakes import FakeProvider
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run


class Staying(FakeProvider):
    """Its machines go on ending until a test lets them go."""

    goes = False

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Begin to end it."""
        if self.goes:
            return await super().terminate(instance)
        return InstanceStatus(phase="going", instance=instance)


class Protected(Staying):
    """Its machines may not be ended until a test permits it."""

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Refuse it."""
        if self.goes:
            return await FakeProvider.terminate(self, instance)
        raise ProviderFailed("configuration", "it is protected", effect="none")


@pytest.mark.parametrize("kind", [Staying, Protected])
def test_a_machine_that_does_not_go_is_an_alarm(kind: type[Staying]) -> None:
    """After ten minutes it is told with its job, which goes on asking, seen by all (T4, T5)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        provider = simulation.provider = kind(simulation.world)
        store = simulation.store()
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            await simulation.clock.sleep(30)
            await simulation.clock.sleep(9 * 60)
            assert await store.alarms() == {}
            await simulation.clock.sleep(3 * 60)
            [machine] = simulation.world.alive()
            alarm = (await store.alarms())["terminate:fake"]
            assert f"{machine.id} of job {job}, since 2026-01-01 00:0" in alarm.sentence
            assert state_of(await simulation.job(job)) is State.FINISHING
            provider.goes = True
            await simulation.ended(job)
            await simulation.clock.sleep(60)
            assert await store.alarms() == {}
        assert simulation.world.alive() == []

    run(story())


def test_a_provider_that_cannot_tell_changes_no_alarm() -> None:
    """A silent provider takes back nothing, and raises nothing new."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.provider = Protected(simulation.world)
        store = simulation.store()
        async with simulation.worker():
            await simulation.schedule(after=0)
            await simulation.clock.sleep(15 * 60)
            before = await store.alarms()
            assert list(before) == ["terminate:fake"]
            simulation.world.is_silent = True
            await simulation.clock.sleep(15 * 60)
            assert await store.alarms() == before

    run(story())


def test_a_machine_in_use_is_no_alarm() -> None:
    """However long its job runs; and one that goes at once is none either."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.runs = 1800
        raised: list[Any] = []
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            for _ in range(40):
                await simulation.clock.sleep(60)
                raised += await simulation.store().alarms()
            await simulation.ended(job)
        assert raised == []

    run(story())
