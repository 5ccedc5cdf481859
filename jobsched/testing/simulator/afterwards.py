"""What a test of one story asks its simulation when the story is over."""

from __future__ import annotations

from datetime import datetime

from jobsched.domain.job import Job, JobId
from jobsched.domain.state import state_of
from jobsched.testing.simulator.simulation import Simulation


def violations(simulation: Simulation, jobs: list[Job]) -> list[str]:
    """Give what was broken in the world, by its books and not by our records.

    For a story of few jobs, told with the plain fakes: it looks once, when all is over, at starts,
    machines and ends. Whole worlds are watched by `promise`, at each save and each start: what was
    wrong for a while, or costs money, comes to light there alone.
    """
    broken = [
        f"{name} was started {n} times" for name, n in simulation.world.starts.items() if n > 1
    ]
    broken += [f"machine {one.id} was left on" for one in simulation.world.alive()]
    broken += [f"{overlap} at the same time" for overlap in simulation.world.overlaps]
    for job in jobs:
        broken += _of_job(simulation, job)
    return broken


def _of_job(simulation: Simulation, job: Job) -> list[str]:
    state = state_of(job)
    if not state.is_terminal:
        return [f"{job.id} has not ended: {state}"]
    attempts = [*job.past, *([job.attempt] if job.attempt else [])]
    broken = []
    for attempt in attempts:
        prefix = f"jobsched-{job.id}-{attempt.no}-"
        starts = sum(n for name, n in simulation.world.starts.items() if name.startswith(prefix))
        if starts > 1:
            broken.append(f"attempt {attempt.no} of {job.id} was started {starts} times")
    if state == "finished" and (simulation.world.code != 0 or not simulation.world.starts):
        broken.append(f"{job.id} is called finished and is not")
    return broken


def earliest_start(simulation: Simulation, job: JobId) -> datetime | None:
    """Give when a container of the job first really started."""
    times = [at for name, at in simulation.world.started_at.items() if job in name]
    return min(times, default=None)


__all__ = ["earliest_start", "violations"]
