"""What a provider does not show: a machine that is new, one that ended long ago, one in trouble."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.engine.sweep import sweep
from jobsched.errors import ProviderFailed
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import seen_in

TEN_MINUTES = timedelta(minutes=10)


class Shown:
    """A provider that shows no machine while `is_blind`, and cannot tell while `is_away`."""

    def __init__(self, simulation: Simulation) -> None:
        self.is_blind = self.is_away = False
        self.world = simulation.world
        self._describe_all = simulation.provider.describe_all
        self._terminate = simulation.provider.terminate
        simulation.provider.settles_within = TEN_MINUTES
        simulation.provider.describe_all = self.describe_all  # type: ignore[method-assign]
        simulation.provider.terminate = self.terminate  # type: ignore[method-assign]

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe every machine, or none."""
        if self.is_away:
            raise ProviderFailed("no_answer", "the whole zone is in trouble", effect="unknown")
        return {} if self.is_blind else await self._describe_all(known)

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """End the machine, or know no such one."""
        if self.is_blind:
            return InstanceStatus(phase="unknown", instance=instance)
        return await self._terminate(instance)


def test_a_fresh_machine_that_is_not_shown_is_waited_for() -> None:
    """It is unknown for as long as it may be new, not gone: it is not replaced (B1)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        shown = Shown(simulation)
        shown.is_blind = True
        async with simulation.worker():
            job = await simulation.schedule()
            await simulation.clock.sleep(300)
            shown.is_blind = False
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED
        assert len(simulation.world.machines) == 1

    run(story())


def test_an_old_answer_says_nothing_of_what_was_new_then(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sweep that is paused after the answer judges by the time at which it asked."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=1e9)
        simulation.world.says_ready, simulation.world.runs = True, 1800
        shown = Shown(simulation)
        shown.is_blind = True

        async def paused(*_: object) -> None:
            await simulation.clock.sleep(11 * 60)

        monkeypatch.setattr("jobsched.engine.sweep.tell_who_stays", paused)
        async with simulation.worker():
            job = await simulation.schedule()
            await seen_in(simulation, job, State.BOOTING)
            await sweep(simulation.parts(worker="sweeper"), simulation.provider)
            assert state_of(await simulation.job(job)) is State.RUNNING
            shown.is_blind = False
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED

    run(story())


def test_a_fresh_machine_that_is_not_found_is_terminated_until_it_is_gone() -> None:
    """Who is told that there is no such machine asks again: it costs money (T2)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        shown = Shown(simulation)
        async with simulation.worker():
            job = await simulation.schedule()
            await seen_in(simulation, job, State.BOOTING)
            shown.is_blind = True
            await cancel(simulation.parts(), job)
            await simulation.clock.sleep(300)
            assert state_of(await simulation.job(job)) is State.FINISHING
            shown.is_blind = False
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.CANCELLED

    run(story())


def test_a_machine_that_ended_long_ago_is_gone() -> None:
    """It is old enough to be shown, was seen before, and is on no list any more (T6)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        shown = Shown(simulation)
        simulation.world.runs = 6 * 3600
        job = await simulation.schedule(timeout=timedelta(hours=12))
        async with simulation.worker():
            await seen_in(simulation, job, State.RUNNING)
        # nobody works for two hours: the machine ends, and then leaves the list
        (machine,) = simulation.world.alive()
        simulation.world.end(machine)
        shown.is_blind = True
        await simulation.clock.sleep(2 * 3600)
        async with simulation.worker():
            (ended,) = await simulation.ended(job, within=600)

        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "machine_lost")
        assert violations(simulation, [ended]) == []

    run(story())


def test_nothing_is_concluded_while_machines_cannot_be_described() -> None:
    """A list that cannot be had is not an empty one, however long that lasts (T7)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        shown = Shown(simulation)
        simulation.world.runs = 3 * 3600
        async with simulation.worker():
            job = await simulation.schedule(timeout=timedelta(hours=12))
            await seen_in(simulation, job, State.RUNNING)
            shown.is_away = True
            await simulation.clock.sleep(2 * 3600)
            assert state_of(await simulation.job(job)) is State.RUNNING
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED
        assert len(simulation.world.machines) == 1

    run(story())
