"""prepare: get the image and create the container, so that only its start is left for the hour."""

from __future__ import annotations

from jobsched.domain import facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.observe import observe
from jobsched.engine.order import container_order
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place


async def prepare(parts: Parts, job: Job, command: Command) -> Job:
    """Create the launch's next container; the same name again gives the same container."""
    place = Place.of(job, command)
    number = place.no + 1
    runner = parts.registry.runner(job.spec.runner)
    order = container_order(parts, job, place.attempt, place.launch, number)
    container = await call(
        parts,
        f"{runner.name}.prepare",
        lambda: runner.prepare(place.machine, order),
        answer.container(order.name),
        within=job.spec.limits.prepare,
    )
    here = place.of_launch(parts.now)
    return await observe(parts, job, facts.Prepared(**here, no=number, container=container))


__all__ = ["prepare"]
