"""What a store may have lost with its last second is looked for before a machine is replaced."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.job import JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.observe import observe
from jobsched.testing.simulator import Life, Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.engine.test_restore import copy_of
from tests.unit.worker.crew import seen_in


class UntilItLooks(Life):
    """A worker's life that ends before its first look at a container."""

    async def point(self, name: str) -> None:
        """End before an inspect."""
        if name == "before runner.inspect":
            self.dead.set()
        await super().point(name)


async def ready_job(simulation: Simulation) -> JobId:
    """A job whose container is created and not yet started; its worker is gone."""
    job = await simulation.schedule(after=0)
    await simulation.work(UntilItLooks())
    assert state_of(await simulation.job(job)) is State.READY
    return job


@pytest.mark.parametrize("ran", [True, False])
def test_a_machine_is_not_replaced_unseen_after_its_hour(*, ran: bool) -> None:
    """A container whose grant was lost is adopted; only one that never started is replaced."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.boot = 0.0
        job = await ready_job(simulation)
        (machine,) = simulation.world.alive()
        (container,) = machine.containers.values()
        if ran:
            # the grant and the start were made, and the store forgot the grant
            simulation.world.note_start(container)
            container.phase, container.started_at = "running", simulation.clock.now()
            simulation.world.code = 0
        await simulation.clock.sleep(40)
        taken = facts.Interrupted(at=simulation.clock.now(), attempt=1, launch=1)
        await observe(simulation.parts(), await simulation.job(job), taken)
        async with simulation.worker():
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED
        assert sum(simulation.world.starts.values()) == 1
        assert len(simulation.world.machines) == (1 if ran else 2)

    run(story())


def test_a_machine_that_does_not_answer_after_its_hour_is_in_doubt() -> None:
    """It may have run: the outcome is unknown, and nothing is started a second time."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.boot = 0.0
        job = await ready_job(simulation)
        simulation.world.cut_off = True
        await simulation.clock.sleep(40)
        taken = facts.Interrupted(at=simulation.clock.now(), attempt=1, launch=1)
        await observe(simulation.parts(), await simulation.job(job), taken)
        async with simulation.worker():
            (ended,) = await simulation.ended(job)

        assert state_of(ended) is State.FAILED
        assert reason_of(ended) == "outcome_unknown"
        assert violations(simulation, [ended]) == []
        assert len(simulation.world.machines) == 1

    run(story())


def test_a_machine_whose_readiness_was_lost_says_it_again() -> None:
    """A store that forgets all from ready to started: its container is adopted, not replaced."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.says_ready = True
        simulation.world.boot, simulation.world.runs = 30.0, 900.0
        async with simulation.worker():
            job = await simulation.schedule(retry={"on": ["before_start"]})
            await seen_in(simulation, job, State.BOOTING)
            await simulation.clock.sleep(29)
            before = copy_of(simulation.store_world)
            await seen_in(simulation, job, State.RUNNING)
        simulation.store_world = before
        forgotten = (await simulation.job(job)).attempt
        assert forgotten
        assert forgotten.launches[0].ready_at is None
        async with simulation.worker():
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED
        assert sum(simulation.world.starts.values()) == 1
        assert len(simulation.world.machines) == 1

    run(story())


def test_after_an_outage_an_exit_code_is_asked_for_before_it_is_called_unknown() -> None:
    """A container on a machine that lives on ended while no worker lived: its outcome is found."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.provider.destroys_machine = False  # type: ignore[misc]  # this machine lives on
        async with simulation.worker():
            job = await simulation.schedule(after=0, timeout=timedelta(seconds=30))
            while state_of(await simulation.job(job)) is not State.RUNNING:
                await simulation.clock.sleep(0.2)
        await simulation.clock.sleep(5 * 3600)
        async with simulation.worker():
            (ended,) = await simulation.ended(job)

        assert violations(simulation, [ended]) == []
        assert state_of(ended) is State.FINISHED

    run(story())
