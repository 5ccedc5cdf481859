"""sweep: look at all machines of a provider at once, and record what changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain import facts
from jobsched.domain.deadlines import shown
from jobsched.domain.job import Job
from jobsched.domain.state import current, is_gone
from jobsched.engine import answer
from jobsched.engine.call import LISTING, call
from jobsched.engine.hear import is_told
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import gone, of_instance
from jobsched.engine.stay import tell_who_stays
from jobsched.engine.stillborn import concluded
from jobsched.errors import NewerRecord, NotFound, OperationFailed, UnreadableRecord
from jobsched.store.keepable import NotKeepable


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
    # the records before the machines: one that is launched meanwhile is not missed
    places = await _places(outside, provider)
    known = {token: one.launch.instance for token, (_, one) in places.items()}
    machines = {token: instance for token, instance in known.items() if instance}
    if not places:
        await tell_who_stays(outside, provider, (), {})
        return 0
    # what it does not show was judged by then, however late its answer is read
    asked_at = parts.now
    try:
        seen = await call(
            parts,
            f"{provider.name}.describe_all",
            lambda: provider.describe_all(machines),
            answer.described,
            within=LISTING,
        )
    except OperationFailed as error:
        parts.services.log.warning("sweep.failed", provider=provider.name, reason=error.reason)
        return 0
    await tell_who_stays(outside, provider, places.values(), seen)
    changed = 0
    for token, (job, place) in places.items():
        status = seen.get(token)
        if isinstance(status, NotKeepable):
            # said of a machine that is on its list: surely not that it is gone
            what = f"{provider.name}.describe_all"
            parts.services.log.error("plugin.failed", call=what, job=job.id, why=str(status))
            continue
        changed += await _looked_at(outside, job, place, status, asked_at)
    return changed


async def _places(parts: Parts, provider: Provider) -> dict[str, tuple[Job, Place]]:
    """Give every launch that holds a slot of the provider, with its job, by token."""
    found = {}
    for token, job_id in (await parts.store.slots(provider.name)).items():
        try:
            job = await parts.store.read(job_id)
        except NotFound:
            continue
        except UnreadableRecord as error:
            parts.services.log.warning("sweep.unreadable", job=job_id, error=error.message)
            if isinstance(error, NewerRecord):
                raise
            # nobody here or elsewhere can read it: the others are looked at all the same
            continue
        if place := _place(job, token):
            found[token] = job, place
    return found


async def _looked_at(
    parts: Parts, job: Job, place: Place, status: InstanceStatus | None, asked_at: datetime
) -> bool:
    if status is None:
        found = _missing(parts, place, asked_at)
    else:
        found = of_instance(place, status, parts.now)
        # a runner that is not loaded here must not end the sweep of all others
        runner = parts.registry.runners.get(job.spec.runner)
        if runner and place.launch.ready_at and status.phase == "running":
            is_told(parts, runner, place)
    if any(isinstance(fact, facts.Gone) for fact in found):
        job = await parts.store.read(job.id)
        now_there = _place(job, place.launch.token)
        if now_there is None or _passes_on(now_there):
            # its own worker ends it, in one save with the next launch, which takes over the slot
            return False
        place = now_there
    ended = await concluded(parts, job, place, status) if status else None
    return await observe(parts, job, *found, decided=ended) is not job


def _passes_on(place: Place) -> bool:
    """Whether the launch was given back, and its attempt still needs a machine."""
    attempt, launch = place.attempt, place.launch
    return bool(launch.released_at) and attempt.outcome is None and current(attempt) is None


def _place(job: Job, token: str) -> Place | None:
    attempt = job.attempt
    for launch in attempt.launches if attempt else ():
        # also one that is gone and holds its slot: its containers could not be removed yet
        if attempt and launch.token == token and not is_gone(launch):
            return Place(attempt=attempt, launch=launch)
    return None


def _missing(parts: Parts, place: Place, asked_at: datetime) -> list[facts.Fact]:
    """Every page was shown: a machine that is on none, and was of an age to be seen, is gone."""
    if place.launch.instance is None or asked_at < shown(place.launch):
        return []
    return [gone(place, parts.now)]


__all__ = ["sweep"]
