"""reconcile: find what the indexes and wakes have lost. It has no rules of its own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

from jobsched.domain.facts import Restored
from jobsched.domain.job import JobId
from jobsched.domain.retry import jitter
from jobsched.engine.alarm import alarm, all_clear
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import UnknownJob, UnreadableRecord
from jobsched.store.port import Quarantined

#: a lease and a half: younger ones are still in somebody's hands
OVERDUE_BY = timedelta(seconds=45)
MOST = 500
#: index entries in one call: about a millisecond of the store's
PAGE = 250
#: in one round: 10,000 entries, so that in 5 minutes 100,000 are looked at
PAGES = 40
QUARANTINE = "quarantine"


async def reconcile(parts: Parts) -> int:
    """Have every job looked at that would be forgotten; give how many. May be repeated.

    Called every 30 seconds. Every job that has not ended and is past a deadline is looked at: each
    save writes with the record the earliest time at which `due` finds something to do, and that is
    never later than the earliest deadline. So a job past one is due. Either a worker claims it; or
    nobody did, and it is overdue here; or its due time was lost, and the walk through all jobs that
    have not ended, a part of it in each round, finds it without one and makes it due. What it needs
    is decided by `due` alone.

    Raises:
        Unavailable: the store does not answer.
    """
    overdue = await parts.store.overdue(by=OVERDUE_BY, most=MOST)
    for job in overdue:
        await parts.store.wake(job)
    if overdue:
        parts.services.log.warning("jobs.overdue", number=len(overdue))
    found = {*overdue, *await _walk(parts), *await _try_again(parts)}
    if parts.chores:
        for job in sorted(found):
            await parts.chores.advance_later(job, parts.now)
    return len(found)


async def _walk(parts: Parts) -> Collection[JobId]:
    """Go on through the indexes, and repair what contradicts its record."""
    repaired = set()
    for _ in range(PAGES):
        page = await parts.store.examine(parts.registry.providers, most=PAGE)
        for fault in page.faults:
            where = {"place": fault.place, "provider": fault.provider, "token": fault.token}
            if await _repaired(parts, fault.job, **where):
                repaired.add(fault.job)
        if not page.cursor:
            break
    return repaired


async def _repaired(parts: Parts, job: JobId, **where: str) -> bool:
    try:
        put_right = await parts.store.repair(job, **where)
    except UnreadableRecord:
        # in quarantine by now, which is told below
        return False
    if put_right:
        parts.services.log.warning("index.repaired", job=job, indexes=put_right)
    return bool(put_right)


async def _try_again(parts: Parts) -> Collection[JobId]:
    """Take out of quarantine some that can be read again; as long as there is something, alarm."""
    left = await parts.store.quarantine()
    held_back = await parts.store.held_back() if left else {}
    readable = []
    # from another place each time, as those that stay broken would be in the way of the others
    begin = int(jitter(parts.now.isoformat()) * len(left))
    for one in [*left[begin:], *left[:begin]][:MOST]:
        since = held_back.get(one.id)
        if since and not await _let_go(parts, one.id, since):
            continue
        if await _repaired(parts, one.id):
            readable.append(one.id)
    if readable:
        left = await parts.store.quarantine()
    if left:
        await alarm(parts, QUARANTINE, _sentence(left))
    else:
        await all_clear(parts, QUARANTINE)
    return readable


async def _let_go(parts: Parts, job: JobId, since: datetime) -> bool:
    """Do for one that can be read again what `jobsched restore` did for all others."""
    try:
        found = await parts.store.read(job, held_back=True)
        await observe(replace(parts, worker=""), found, Restored(at=since))
    except UnknownJob:
        # forgotten: there is nothing to hold back
        parts.services.log.info("restore.forgotten", job=job)
    except UnreadableRecord:
        return False
    await parts.store.let_go(job)
    return True


def _sentence(left: Collection[Quarantined]) -> str:
    first = min(left, key=lambda one: one.id)
    jobs = "1 job" if len(left) == 1 else f"{len(left)} jobs"
    return (
        f"The records of {jobs} cannot be read, and nobody looks after them: {first.id} first"
        f" ({first.why.rstrip('.')}). Each is looked at again as soon as its record is put right."
    )


__all__ = ["reconcile"]
