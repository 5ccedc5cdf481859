"""start: once for each grant, after an inspect; a start in doubt is never repeated."""

from __future__ import annotations

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain import facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.engine import answer
from jobsched.engine.call import USUAL, call
from jobsched.engine.hear import is_told
from jobsched.engine.inspect import inspected
from jobsched.engine.observe import intend, observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_container, surely_unused
from jobsched.errors import OperationFailed


async def start(parts: Parts, job: Job, command: Command) -> Job:
    """Start the launch's container, or find out what became of a start whose answer was lost."""
    place = Place.of(job, command)
    status = await inspected(parts, job, place)
    if place.launch.tries[-1].granted_at:
        return await _after_a_grant(parts, job, place, status)
    if not surely_unused(job, status):
        # started by a grant that a store has lost: adopted, never started again
        return await _adopted(parts, job, place, status)
    if status.phase == "created":
        return await _granted(parts, job, place)
    # it vanished before its grant: prepared again, under a new name. A conclusion from this
    # record, and no news: another worker may have been granted the start, and have made it
    return await intend(parts, job, facts.NotStarted(**place.of_try(parts.now)))


async def _granted(parts: Parts, job: Job, place: Place) -> Job:
    runner = parts.registry.runner(job.spec.runner)
    job = await intend(parts, job, facts.StartGranted(**place.of_try(parts.now)))
    await call(
        parts,
        f"{runner.name}.start",
        lambda: runner.start(place.machine, place.container),
        answer.nothing,
        within=job.spec.limits.start,
    )
    return await observe(parts, job, _started(parts, job, place))


async def _after_a_grant(parts: Parts, job: Job, place: Place, status: ContainerStatus) -> Job:
    """Somebody was granted the start and did not say what became of it."""
    if status.phase == "created":
        runner = parts.registry.runner(job.spec.runner)
        status = await call(
            parts,
            f"{runner.name}.withdraw",
            lambda: runner.withdraw(place.machine, place.container),
            answer.container_status,
            within=2 * USUAL,
        )
        if status.phase == "created":
            return await observe(parts, job, facts.NotStarted(**place.of_try(parts.now)))
    return await _adopted(parts, job, place, status)


async def _adopted(parts: Parts, job: Job, place: Place, status: ContainerStatus) -> Job:
    if status.phase == "running":
        return await observe(parts, job, _started(parts, job, place))
    fact = of_container(place, status, parts.now)
    if fact is None:
        raise OperationFailed("machine_unreachable", status.message or "no answer to an inspect")
    return await observe(parts, job, fact)


def _started(parts: Parts, job: Job, place: Place) -> facts.Started:
    limits, runner = job.spec.limits, parts.registry.runner(job.spec.runner)
    every = limits.inspect if is_told(parts, runner, place) else limits.inspect_unwatched
    return facts.Started(**place.of_try(parts.now), inspect_every=every)


__all__ = ["start"]
