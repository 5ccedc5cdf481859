"""Everything is down for more than a day, and comes back."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain.state import State, reason_of, state_of
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import seen_in

pytestmark = pytest.mark.timeout(60)

HOUR = 3600.0


def test_after_a_day_without_anybody_no_job_is_lost() -> None:
    """What is too late has expired and never ran; what is not runs; what ran has its end (R8)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        ran = await simulation.schedule(timeout=timedelta(hours=1))
        lost = await simulation.schedule(timeout=timedelta(hours=1))
        late = await simulation.schedule(after=HOUR, late_limit=timedelta(hours=24))
        in_time = await simulation.schedule(after=20 * HOUR, late_limit=timedelta(hours=24))
        ahead = await simulation.schedule(after=50 * HOUR)
        async with simulation.worker():
            for job in (ran, lost):
                await seen_in(simulation, job, State.RUNNING)
        assert len(simulation.world.alive()) == 2
        await simulation.clock.sleep(26 * HOUR)
        # its timer has ended the machine at `dies_at`; the other one's is broken
        second = (await simulation.job(lost)).attempt
        assert second
        assert second.launches[0].dies_at < simulation.clock.now()
        machine = simulation.world.machines[second.launches[0].token]
        simulation.world.end(machine)

        async with simulation.worker():
            ended = await simulation.ended(ran, lost, late, in_time, within=HOUR)
            ends = [(state_of(job), reason_of(job)) for job in ended]
            assert ends == [
                (State.FINISHED, "finished"),
                (State.FAILED, "outcome_unknown"),
                (State.FAILED, "expired"),
                (State.FINISHED, "finished"),
            ]
            assert state_of(await simulation.job(ahead)) is State.SCHEDULED
        assert violations(simulation, ended) == []
        assert len(simulation.world.starts) == 3, "what has expired was not started"

    run(story())
