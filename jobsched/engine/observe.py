"""Save what became known, and what is intended.

The only way a record changes after it was accepted.
"""

from __future__ import annotations

from collections.abc import Sequence

from jobsched.contracts.provider import Caps
from jobsched.domain.due import due, in_line
from jobsched.domain.facts import Fact
from jobsched.domain.job import Job
from jobsched.domain.record import record
from jobsched.domain.replace import replace
from jobsched.engine.parts import Parts
from jobsched.errors import JobschedError, OperationFailed, StaleWrite


class WaitsInLine(JobschedError):
    """A cap is reached: the job waits in line and its lease is given up."""


async def observe(parts: Parts, job: Job, *found: Fact, decided: Fact | None = None) -> Job:
    """Record facts; a refused save is read again, recorded again and saved again.

    What is decided upon them, of this very record, is saved with them or not at all: a refused
    write drops the decision, never the fact. May be repeated. Gives the job as it is saved; the
    same object if the facts changed nothing.

    Raises:
        StaleWrite: the store refuses a record that nobody has changed: it contradicts itself.
    """
    holder = parts.worker
    told = (*found, decided) if decided else found
    while True:
        after, new = _added(job, told)
        if after is job:
            return job
        try:
            return await _save(parts, job, after, new, holder=holder)
        except StaleWrite:
            job, holder = await _read_again(parts, job, holder)
            told = found


async def _read_again(parts: Parts, refused: Job, holder: str) -> tuple[Job, str]:
    """Give the record whose save was refused as it is now, and in whose name it is saved next."""
    fresh = await parts.store.read(refused.id)
    if fresh.rev != refused.rev:
        return fresh, holder
    if not holder:
        # no lease was asked for, and nobody changed it: it would be refused for ever
        raise StaleWrite
    # it is the lease that is lost, so the news comes from outside
    return fresh, ""


async def intend(parts: Parts, job: Job, *decided: Fact, caps: Caps | None = None) -> Job:
    """Save a decision before its effect, or drop it.

    Raises:
        StaleWrite: the record has changed, or the lease is lost: decide anew.
        OperationFailed: the record that asked for it does not allow it; not a hot loop, but a
        back-off. WaitsInLine: ``caps`` are reached.
    """
    after, new = _added(job, decided)
    if after is job:
        names = ", ".join(type(fact).__name__ for fact in decided)
        raise OperationFailed("no_progress", f"the record does not allow {names}")
    return await _save(parts, job, after, new, holder=parts.worker, caps=caps)


def recorded(job: Job, *found: Fact) -> Job:
    """Give the job with all these facts in it."""
    return _added(job, found)[0]


def _added(job: Job, found: Sequence[Fact]) -> tuple[Job, list[Fact]]:
    """Give the job with all these facts in it, and those of them that changed it."""
    new = []
    for fact in found:
        after = record(job, fact)
        if after is not job:
            new.append(fact)
            job = after
    return job, new


async def _save(
    parts: Parts,
    before: Job,
    after: Job,
    found: Sequence[Fact],
    *,
    holder: str,
    caps: Caps | None = None,
) -> Job:
    if parts.worker:
        after = replace(after, worker=parts.worker, arq_job=parts.arq_job)
    now = parts.now
    wanted = due(after, now)
    look_again_at = now if wanted.command else wanted.look_again_at
    saved = await parts.store.save(
        before,
        after,
        look_again_at=look_again_at,
        facts=[type(fact).__name__ for fact in found],
        holder=holder,
        caps=caps,
        waiting_until=in_line(before, now) if caps else None,
    )
    if saved.waiting:
        raise WaitsInLine
    if parts.chores and look_again_at and not holder:
        await parts.chores.advance_later(before.id, look_again_at)
    return saved.job


__all__ = ["WaitsInLine", "intend", "observe", "recorded"]
