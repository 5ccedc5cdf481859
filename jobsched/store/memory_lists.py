"""Lists in memory: pages, what is overdue, what is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobsched.domain.job import SCHEMA, JobId
from jobsched.store.memory_calls import Calls, whole
from jobsched.store.port import Listed, Page, Quarantined
from jobsched.store.row import CLAIM_MOST, checked


class MemoryLists(Calls):
    """What is found without an id."""

    @whole
    def list(self, *, state: str | None = None, limit: int = 50, cursor: str | None = None) -> Page:
        """See the port."""
        after = checked(cursor)
        found = sorted(
            (
                (record.place, job)
                for job, record in self.world.records.items()
                if (state is None or record.state == state) and (not after or record.place < after)
            ),
            reverse=True,
        )
        lines = tuple(self._listed(job) for _, job in found[:limit])
        return Page(jobs=lines, next=found[limit - 1][0] if len(found) > limit else None)

    def _listed(self, job: JobId) -> Listed:
        record = self.world.records[job]
        return Listed(id=job, state=record.state, schedule=record.schedule, name=record.name)

    @whole
    def quarantine(self) -> Sequence[Quarantined]:
        """See the port."""
        return [Quarantined(id=job, why=why) for job, why in self.world.quarantine.items()]

    @whole
    def hold_back(self, job: JobId) -> None:
        """See the port."""
        self.world.held_back.setdefault(job, self._now())

    @whole
    def held_back(self) -> Mapping[JobId, datetime]:
        """See the port."""
        return dict(self.world.held_back)

    @whole
    def let_go(self, job: JobId) -> None:
        """See the port."""
        self.world.held_back.pop(job, None)

    @whole
    def overdue(self, *, by: timedelta, most: int) -> Sequence[JobId]:
        """See the port."""
        limit = self._now() - by
        late = sorted(
            (record.due, job)
            for job, record in self.world.records.items()
            if record.due is not None and record.due <= limit and record.schema <= SCHEMA
        )
        return [job for _, job in late[:most]]

    @whole
    def past_retention(self, *, most: int) -> Sequence[JobId]:
        """See the port."""
        now = self._now()
        over = sorted(
            (record.forget_at, job)
            for job, record in self.world.records.items()
            if record.forget_at is not None and record.forget_at <= now
        )
        return [job for _, job in over[: min(most, CLAIM_MOST)]]

    @whole
    def prune(self, jobs: Sequence[JobId]) -> Sequence[JobId]:
        """See the port."""
        now, forgotten = self._now(), []
        for job in jobs:
            record = self.world.records.get(job)
            if record and record.forget_at is not None and record.forget_at <= now:
                del self.world.records[job]
                self.world.quarantine.pop(job, None)
                forgotten.append(job)
        return forgotten


__all__ = ["MemoryLists"]
