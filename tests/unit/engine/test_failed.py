"""A failure of a worker that stood still decides nothing for whoever went on meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from jobsched.builtin import OnTime
from jobsched.contracts.planner import History
from jobsched.domain import facts
from jobsched.domain.due import Command, Verb
from jobsched.domain.job import Job, Plan
from jobsched.domain.state import State, state_of
from jobsched.engine.advance import step
from jobsched.engine.failed import failed
from jobsched.engine.hand import Hand
from jobsched.engine.observe import observe
from jobsched.engine.plan import planned
from jobsched.errors import OperationFailed, RunnerFailed, StaleWrite
from jobsched.testing.simulator.simulation import Cast, Simulation
from jobsched.testing.virtual_time import run
from tests.unit.domain.example import told
from tests.unit.worker.crew import a_world, parts_of

IMAGE = RunnerFailed("image_not_found", "imagined", then="fail")
PREPARE = Command(verb=Verb.PREPARE, launch=1)
BOOTED = (facts.Offered, facts.Begun, facts.Provisioned, facts.Ready)
STARTED = (facts.Prepared, facts.StartGranted, facts.Started)


class Fails(OnTime):
    """A planner that fails."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Fail."""
        raise OperationFailed("plugin_error", "imagined")


async def saved(simulation: Simulation, job: Job, *kinds: type[facts.OfAttempt]) -> Job:
    """Let another worker have got on with a job."""
    now = simulation.clock.now()
    found: list[Any] = [told(kind, now) for kind in kinds]
    return await observe(simulation.api, job, *found)


async def booted(simulation: Simulation) -> Job:
    """Give a job whose machine is ready."""
    return await saved(simulation, await simulation.job(await simulation.schedule()), *BOOTED)


def test_another_worker_has_planned_it() -> None:
    """The attempt that the other one has opened goes on."""

    async def story() -> None:
        simulation = await a_world()
        given = Cast(provider=simulation.provider, runner=simulation.runner, planner=Fails())
        simulation.cast = given
        job = await simulation.job(await simulation.schedule())
        assert job.attempt is None
        other = parts_of(await a_world())
        await observe(simulation.api, job, planned(other, job))
        error = OperationFailed("plugin_error", "imagined")
        with pytest.raises(StaleWrite):
            await failed(parts_of(simulation), job, Command(verb=Verb.PLAN), error)
        after = await simulation.job(job.id)
        assert after.attempt
        assert (after.attempt.outcome, after.attempt.troubles) == (None, ())

    run(story())


def test_another_worker_has_prepared_and_started_it() -> None:
    """What runs is not given up, as an image was not found that the other one has found."""

    async def story() -> None:
        simulation = await a_world()
        job = await booted(simulation)
        await saved(simulation, job, *STARTED)
        with pytest.raises(StaleWrite):
            await failed(parts_of(simulation), job, PREPARE, IMAGE)
        assert state_of(await simulation.job(job.id)) is State.RUNNING

    run(story())


def test_who_has_lost_the_job_does_not_decide() -> None:
    """Its lease was over before the runner answered; the record is read anew all the same."""

    async def story() -> None:
        simulation = await a_world()
        job = await booted(simulation)
        parts = parts_of(simulation)
        hand = Hand(parts, job.id, simulation.clock.monotonic() + 30)

        async def stands_still(*_: Any) -> None:
            await saved(simulation, job, *STARTED)
            await simulation.clock.sleep(31)
            raise IMAGE

        simulation.runner.prepare = stands_still  # type: ignore[method-assign, assignment]
        after = await step(parts, job, PREPARE, hand)
        assert state_of(after) is State.RUNNING

    run(story())
