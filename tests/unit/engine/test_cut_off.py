"""A machine that is on and cannot be reached: nothing is concluded, nothing is started twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobsched.domain.deadlines import running
from jobsched.domain.job import Job
from jobsched.domain.state import State, reason_of, state_of
from jobsched.errors import RunnerFailed
from jobsched.testing.simulator import Cast, Simulation, violations
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import seen_in

AGAIN = {"max_attempts": 2, "on": ("before_start", "interruption", "timeout")}


def attempts(job: Job) -> int:
    """Count the attempts that were made."""
    return len(job.past) + bool(job.attempt)


def test_a_machine_that_is_unreachable_from_the_start_is_replaced() -> None:
    """Nothing was granted there, so another machine may take its place (D7)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.cut_off = True
        async with simulation.worker():
            job = await simulation.schedule()
            await simulation.clock.sleep(900)
            simulation.world.cut_off = False
            (ended,) = await simulation.ended(job, within=900)

        assert state_of(ended) is State.FINISHED
        assert attempts(ended) == 1
        assert len(simulation.world.machines) == 2
        assert violations(simulation, [ended]) == []

    run(story())


def test_a_running_container_that_cannot_be_reached_is_waited_for() -> None:
    """Its machine is on: it is not called dead, and its end is seen once it answers (D8)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.runs = 1200
        async with simulation.worker():
            job = await simulation.schedule(retry=AGAIN)
            await seen_in(simulation, job, State.RUNNING)
            simulation.world.cut_off = True
            await simulation.clock.sleep(2400)
            assert state_of(await simulation.job(job)) is State.RUNNING
            simulation.world.cut_off = False
            (ended,) = await simulation.ended(job, within=900)

        assert state_of(ended) is State.FINISHED
        assert len(simulation.world.machines) == 1
        assert violations(simulation, [ended]) == []

    run(story())


def test_a_container_that_is_never_reached_again_is_not_run_beside_itself() -> None:
    """Its machine is ended at the end of its time, and only then may another attempt begin (D8)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.world.runs = 50_000
        async with simulation.worker():
            job = await simulation.schedule(retry=AGAIN)
            begun = await seen_in(simulation, job, State.RUNNING)
            simulation.world.cut_off = True
            await simulation.clock.sleep(3000)
            assert len(simulation.world.machines) == 1
            await seen_in(simulation, job, State.SCHEDULED, within=10_000)
            late = simulation.clock.now() - begun.spec.schedule
            simulation.world.cut_off, simulation.world.runs = False, 1.0
            (ended,) = await simulation.ended(job)

        assert late <= running(begun.spec) + timedelta(minutes=5)
        assert attempts(ended) == 2
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    run(story())


def test_an_engine_that_only_fails_keeps_no_machine_beyond_its_time() -> None:
    """A full disk breaks its answers: the job's limits hold, and the machine goes (X6)."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.cast = Cast(provider=simulation.provider, runner=simulation.runner)
        simulation.world.runs = 50_000

        async def full(*asked: Any) -> Any:
            raise RunnerFailed("engine", "no space left on device", effect="unknown")

        async with simulation.worker():
            job = await simulation.schedule(timeout=timedelta(minutes=10))
            await seen_in(simulation, job, State.RUNNING)
            simulation.runner.inspect = full  # type: ignore[method-assign, assignment]
            simulation.runner.stop = full  # type: ignore[method-assign, assignment]
            (ended,) = await simulation.ended(job, within=1200)

        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "timeout")
        assert violations(simulation, [ended]) == []

    run(story())


def test_a_container_whose_end_nobody_saw_is_not_run_again_by_itself() -> None:
    """Its machine is gone before it was looked at: it may have run, and is not retried (X8)."""

    async def story() -> None:
        simulation = await Simulation.begin(hints=lambda: 0)
        async with simulation.worker():
            job = await simulation.schedule()
            await seen_in(simulation, job, State.RUNNING)
            (machine,) = simulation.world.alive()
            simulation.world.end(machine)
            (ended,) = await simulation.ended(job)

        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "machine_lost")
        assert sum(simulation.world.starts.values()) == 1
        assert violations(simulation, [ended]) == []

    run(story())
