"""sweep: look at all machines of a provider at once, and record what changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain import facts
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import current
from jobsched.engine.call import call
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import gone, of_instance
from jobsched.errors import NotFound, OperationFailed, UnreadableRecord


async def sweep(parts: Parts, provider: Provider) -> int:
    """Compare what the provider describes with the record; give how many jobs changed.

    Called every 20 seconds by the one holder of the provider's lock. May be repeated. Every page or
    nothing: where the provider cannot tell, nothing is concluded from absence.

    Raises:
        NewerRecord: a launch belongs to a newer version's record: the lock is to be given up.
        Unavailable: the store does not answer.
    """
    # the sweep takes no lease: what it saw comes from outside, and wakes the job's holder
    outside = replace(parts, worker="")
    # also while no machine is on: the hour goes on, and nobody else wakes who waits in line
    await parts.store.refill(provider.name, provider.caps)
    slots = await parts.store.slots(provider.name)
    if not slots:
        return 0
    try:
        seen = await call(parts, f"{provider.name}.describe_all", provider.describe_all())
    except OperationFailed as error:
        parts.services.log.warning("sweep.failed", provider=provider.name, reason=error.reason)
        return 0
    changed = 0
    for token, job_id in slots.items():
        changed += await _looked_at(outside, token, job_id, seen)
    return changed


async def _looked_at(
    parts: Parts, token: str, job_id: JobId, seen: Mapping[str, InstanceStatus]
) -> bool:
    try:
        job = await parts.store.read(job_id)
    except NotFound:
        return False
    except UnreadableRecord as error:
        parts.services.log.warning("sweep.unreadable", job=job_id, error=error.message)
        raise
    place = _place(job, token)
    if place is None:
        return False
    status = seen.get(token)
    if status is None:
        found = _missing(parts, place)
    else:
        found = of_instance(place, status, parts.now)
        access = place.machine.access
        # a runner that is not loaded here must not end the sweep of all others
        runner = parts.registry.runners.get(job.spec.runner)
        if runner and access and place.launch.ready_at and status.phase == "running":
            parts.watch(runner, access)
    if _passes_on(place) and any(isinstance(fact, facts.Gone) for fact in found):
        # its own worker ends it, in one save with the next launch, which takes over the slot
        return False
    return await observe(parts, job, *found) is not job


def _passes_on(place: Place) -> bool:
    """Whether the launch was given back, and its attempt still needs a machine."""
    attempt, launch = place.attempt, place.launch
    return bool(launch.released_at) and attempt.outcome is None and current(attempt) is None


def _place(job: Job, token: str) -> Place | None:
    attempt = job.attempt
    for launch in attempt.launches if attempt else ():
        if attempt and launch.token == token and launch.gone_at is None:
            return Place(attempt=attempt, launch=launch)
    return None


def _missing(parts: Parts, place: Place) -> list[facts.Fact]:
    """Every page was shown: a machine that is on none, and of an age to be seen, is gone."""
    now = parts.now
    if place.launch.instance is None or now < place.launch.settles_until:
        return []
    return [gone(place, now)]


__all__ = ["sweep"]
