"""A container that ran, and of which the store has forgotten all: it is looked for.

A store may lose its last second (`appendfsync everysec`), and with it the creation of a container,
its grant and its start. Who gives its machine up for another one would let the job run again.
"""

from __future__ import annotations

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain import facts
from jobsched.domain.job import Container, Job, Launch
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.order import container_name
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.errors import OperationFailed


async def found(parts: Parts, job: Job, place: Place) -> facts.Prepared | None:
    """Look before a ready machine is given up for another; None: nothing that started is there.

    Nor is it where the machine does not answer, which may have been lost while it pulled the image:
    then another one is worth more than the doubt.
    """
    if not _may_be_there(parts, job, place):
        return None
    container = Container(name=container_name(job, place.attempt, place.launch, place.no + 1))
    try:
        status = await _inspected(parts, job, place, container)
    except OperationFailed:
        return None
    if status.phase not in {"running", "exited", "start_failed"}:
        return None
    here = place.of_launch(parts.now)
    return facts.Prepared(**here, no=place.no + 1, container=container)


def has_none(launch: Launch) -> bool:
    """Whether nothing is known of a container that could still be started."""
    return not launch.tries or launch.tries[-1].not_started_at is not None


def _may_be_there(parts: Parts, job: Job, place: Place) -> bool:
    launch, attempt = place.launch, place.attempt
    if attempt.outcome or launch.released_at or launch.gone_at or not has_none(launch):
        return False
    is_usable = launch.ready_at is not None and launch.instance is not None
    return is_usable and bool(job.spec.limits.evidence) and attempt.plan.start_at <= parts.now


async def _inspected(parts: Parts, job: Job, place: Place, container: Container) -> ContainerStatus:
    runner = parts.registry.runner(job.spec.runner)
    return await call(
        parts,
        f"{runner.name}.inspect",
        lambda: runner.inspect(place.machine, container),
        answer.container_status,
    )


__all__ = ["found", "has_none"]
