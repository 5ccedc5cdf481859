"""Eight workers keep to the caps and the pace of one provider, and leave nobody behind."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.domain.state import State, state_of
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import Watched, a_world, crew

pytestmark = pytest.mark.timeout(60)


def begun(jobs: list[Job]) -> list[datetime]:
    """Give when launches began."""
    attempts = [one for job in jobs for one in (*job.past, job.attempt) if one]
    return sorted(launch.begun_at for one in attempts for launch in one.launches)


def most_within(times: list[datetime], span: timedelta) -> int:
    """Give the most that began in any such span."""
    return max(sum(first <= at < first + span for at in times) for first in times)


def test_eight_workers_pass_neither_cap_nor_pace() -> None:
    """Of 60 jobs due at once no more are alive, begin in the hour or in a second than may."""

    async def story() -> None:
        simulation = await a_world(runs=15.0)
        simulation.provider.caps = Caps(alive=10, hourly=40, per_second=2)
        frozen = Watched(simulation.provider, "freeze")
        jobs = [await simulation.schedule() for _ in range(60)]
        async with crew(simulation, workers=8):
            await simulation.clock.sleep(300)
            found = [await simulation.job(job) for job in jobs]
            in_line = set(simulation.store_world.waiting["fake"])
        stands = Counter(map(state_of, found))
        assert stands == {State.FINISHED: 40, State.SCHEDULED: 20}
        assert {job.id for job in found if state_of(job) is State.SCHEDULED} == in_line
        assert simulation.world.most_alive == 10
        times = begun(found)
        assert len(times) == 40
        for seconds in (1, 2, 5):
            assert most_within(times, timedelta(seconds=seconds)) <= 2 * seconds + 2
        # who waits is looked at when it is its turn, not over and over
        assert len(frozen.began) <= 60 * 4

    run(story())


def test_the_pace_is_used_to_the_full() -> None:
    """Forty jobs at two a second begin in twenty seconds, woken one by one."""

    async def story() -> None:
        simulation = await a_world(runs=60.0)
        simulation.provider.caps = Caps(per_second=2)
        frozen = Watched(simulation.provider, "freeze")
        jobs = [await simulation.schedule() for _ in range(40)]
        async with crew(simulation, workers=8):
            ended = await simulation.ended(*jobs)
        times = begun(ended)
        assert times[-1] - times[0] <= timedelta(seconds=20)
        # once when all are due, and once when each has its turn
        assert len(frozen.began) <= 2 * 40
        starts = [launch.offer for job in ended if job.attempt for launch in job.attempt.launches]
        assert starts == [0] * 40

    run(story())


def test_a_new_job_does_not_wait_behind_a_line_that_is_over() -> None:
    """After a burst and its line, a job that comes later begins at once."""

    async def story() -> None:
        simulation = await a_world()
        simulation.provider.caps = Caps(per_second=1)
        burst = [await simulation.schedule() for _ in range(5)]
        async with crew(simulation):
            await simulation.ended(*burst)
            asked_at = simulation.clock.now()
            later = await simulation.schedule()
            (ended,) = await simulation.ended(later)
        assert begun([ended])[0] - asked_at < timedelta(seconds=0.1)

    run(story())
