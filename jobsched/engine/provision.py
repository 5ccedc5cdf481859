"""provision: ask for a machine; the intent is saved first, the token never changes."""

from __future__ import annotations

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain import facts
from jobsched.domain.due import Command
from jobsched.domain.job import Job, Launch
from jobsched.engine import answer
from jobsched.engine.begin import begin
from jobsched.engine.call import call
from jobsched.engine.failed import given_up, is_final
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_instance
from jobsched.engine.stillborn import concluded
from jobsched.errors import OperationFailed


async def provision(parts: Parts, job: Job, command: Command) -> Job:
    """Save the intent of a launch (``command.launch`` is 0), or send its request, however often."""
    if command.launch:
        return await _sent(parts, job, command)
    return await begin(parts, job)


async def _sent(parts: Parts, job: Job, command: Command) -> Job:
    provider = parts.registry.provider(job.spec.provider)
    place = Place.of(job, command)
    what = f"{provider.name}.provision"
    try:
        status = await call(
            parts, what, lambda: provider.provision(place.launch.request), answer.launched
        )
    except OperationFailed as error:
        if error.effect == "none" and error.then != "later":
            return await _refused(parts, job, place, error)
        raise
    ended = await concluded(parts, job, place, status)
    job = await observe(parts, job, *of_instance(place, status, parts.now), decided=ended)
    if _is_unwanted(job, place.launch):
        await _give_back(parts, provider, status)
    return job


async def _refused(parts: Parts, job: Job, place: Place, error: OperationFailed) -> Job:
    """Record that there is no machine, and decide whether that ends the attempt."""
    is_end = await is_final(parts, job, error)
    refused = facts.Refused(
        **place.of_launch(parts.now),
        reason=error.reason,
        message=error.message,
        for_every_offer=error.then == "breaker",
    )
    ended = given_up(parts, place.attempt, error.reason, error.message) if is_end else None
    return await observe(parts, job, refused, decided=ended)


def _is_unwanted(job: Job, sent: Launch) -> bool:
    """Whether the record had written the launch off when its machine was named after all."""
    launches = job.attempt.launches if job.attempt else ()
    launch = next((one for one in launches if one.token == sent.token), None)
    return launch is None or launch.gone == "never_seen" or launch.refused_at is not None


async def _give_back(parts: Parts, provider: Provider, status: InstanceStatus) -> None:
    instance = status.instance
    if instance is None:
        return
    parts.services.log.warning("launch.unwanted", instance=instance.id)
    await call(
        parts,
        f"{provider.name}.terminate",
        lambda: provider.terminate(instance),
        answer.instance_status,
    )


__all__ = ["provision"]
