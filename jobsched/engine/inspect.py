"""inspect: look at a container."""

from __future__ import annotations

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.engine import answer
from jobsched.engine.call import PluginBug, call
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_container
from jobsched.errors import OperationFailed


async def inspect(parts: Parts, job: Job, command: Command) -> Job:
    """Record how the launch's running container stands.

    Raises:
        OperationFailed: the machine does not answer; it is asked again later.
    """
    place = Place.of(job, command)
    # from before the call: a hint that comes during it is not answered by it
    asked_at = parts.now
    status = await inspected(parts, job, place)
    fact = of_container(place, status, asked_at)
    if fact is None:
        raise OperationFailed("machine_unreachable", status.message or "no answer to an inspect")
    return await observe(parts, job, fact)


async def inspected(parts: Parts, job: Job, place: Place) -> ContainerStatus:
    """Ask the runner how the launch's latest container stands.

    A runner that fails as it may, or gives no answer in time, says ``unknown``: whoever stops the
    container goes on all the same, so that the machine of a silent engine is given back in time.

    Raises:
        PluginBug: the runner raised or answered what no contract allows.
    """
    runner = parts.registry.runner(job.spec.runner)
    try:
        return await call(
            parts,
            f"{runner.name}.inspect",
            lambda: runner.inspect(place.machine, place.container),
            answer.container_status,
        )
    except PluginBug:
        raise
    except OperationFailed as error:
        return ContainerStatus(phase="unknown", message=error.message)


__all__ = ["inspect", "inspected"]
