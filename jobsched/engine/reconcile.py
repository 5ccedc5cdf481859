"""reconcile: look at what is overdue, in case its wake was lost. It has no rules of its own."""

from __future__ import annotations

from datetime import timedelta

from jobsched.engine.parts import Parts

#: a lease and a half: younger ones are still in somebody's hands
OVERDUE_BY = timedelta(seconds=45)
MOST = 500


async def reconcile(parts: Parts) -> int:
    """Wake jobs that nobody has looked at for too long; give how many. May be repeated."""
    jobs = await parts.store.overdue(by=OVERDUE_BY, most=MOST)
    for job in jobs:
        await parts.store.wake(job)
        if parts.chores:
            await parts.chores.advance_later(job, parts.now)
    if jobs:
        parts.services.log.warning("jobs.overdue", number=len(jobs))
    return len(jobs)


__all__ = ["reconcile"]
