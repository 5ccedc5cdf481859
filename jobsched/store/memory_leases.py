"""Leases in memory: claimed, renewed, released, woken."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from jobsched.domain.job import SCHEMA, Job, JobId
from jobsched.errors import UnreadableRecord
from jobsched.store.memory_calls import Calls, whole
from jobsched.store.port import Claimed, Renewal, Wake
from jobsched.store.row import CLAIM_MOST


class MemoryLeases(Calls):
    """Who has a job in hand."""

    @whole
    def claim(
        self, holder: str, *, most: int, lease: timedelta, only: JobId | None = None
    ) -> Claimed:
        """See the port."""
        now, world = self._now(), self.world
        jobs: list[Job] = []
        for job in self._due_now(min(most, CLAIM_MOST), only):
            record = world.records[job]
            record.holder, record.until, record.dirty = holder, now + lease, False
            world.schedule(job, record.until)
            try:
                jobs.append(self._decode(job))
            except UnreadableRecord as error:
                self._put_aside(job, str(error))
        heads = [
            head for schema in world.heaps if schema <= SCHEMA and (head := world.head(schema))
        ]
        next_in = max(min(heads) - now, timedelta(0)) if heads else None
        return Claimed(jobs=tuple(jobs), now=now, next_in=next_in)

    def _due_now(self, most: int, only: JobId | None) -> Iterator[JobId]:
        """Give due jobs; each must be leased before the next is asked for."""
        now, world = self._now(), self.world
        if only is not None:
            record = world.records.get(only)
            if record and record.due is not None and record.due <= now and record.schema <= SCHEMA:
                yield only
            return
        while most > 0 and (job := world.due(SCHEMA, now)) is not None:
            most -= 1
            yield job

    @whole
    def renew(self, holder: str, jobs: Sequence[JobId], *, lease: timedelta) -> Renewal:
        """See the port."""
        now = self._now()
        dirty, lost = set(), set()
        for job in jobs:
            record = self.world.records.get(job)
            if record is None or not record.held_by(holder, now):
                lost.add(job)
                continue
            if record.dirty:
                dirty.add(job)
            record.dirty, record.until = False, now + lease
            self.world.schedule(job, record.until)
        return Renewal(dirty=frozenset(dirty), lost=frozenset(lost))

    @whole
    def release(self, holder: str, job: JobId, *, look_again_at: datetime | None) -> None:
        """See the port."""
        now = self._now()
        record = self.world.records.get(job)
        if record is None or not record.held_by(holder, now):
            return
        due = now if record.dirty else look_again_at
        record.free()
        self._due(job, due)

    @whole
    def wake(self, job: JobId) -> None:
        """See the port."""
        now = self._now()
        record = self.world.records.get(job)
        if record is None or record.forget_at is not None:
            return
        self.world.quarantine.pop(job, None)
        if record.leased(now):
            record.dirty = True
            self.world.tell(Wake(job=job, holder=record.holder))
            return
        record.free()
        if record.due is None or record.due > now:
            self._due(job, now)


__all__ = ["MemoryLeases"]
