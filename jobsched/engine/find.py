"""find: look for the machine of a launch in doubt."""

from __future__ import annotations

from jobsched.domain import facts
from jobsched.domain.deadlines import settled
from jobsched.domain.due import Command
from jobsched.domain.job import Job
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_instance
from jobsched.engine.stillborn import concluded
from jobsched.errors import OperationFailed


async def find(parts: Parts, job: Job, command: Command) -> Job:
    """Adopt what is found; what is not found once the provider has settled was never there.

    Raises:
        OperationFailed: not found yet: look again later.
    """
    place = Place.of(job, command)
    provider = parts.registry.provider(job.spec.provider)
    asked_at = parts.now
    status = await call(
        parts, f"{provider.name}.find", lambda: provider.find(place.launch.token), answer.found
    )
    if status is not None and status.phase != "unknown":
        ended = await concluded(parts, job, place, status)
        after = await observe(parts, job, *of_instance(place, status, parts.now), decided=ended)
        if after is not job:
            return after
        raise OperationFailed("booting", f"{provider.name} says nothing new of the machine")
    if place.launch.instance is None and asked_at >= settled(place.attempt, place.launch):
        never_seen = facts.Gone(**place.of_launch(parts.now), why="never_seen")
        return await observe(parts, job, never_seen)
    raise OperationFailed("not_found", f"{provider.name} does not show the machine (yet)")


__all__ = ["find"]
