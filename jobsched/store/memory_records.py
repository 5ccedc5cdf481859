"""Records in memory: accepted, read, saved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobsched.contracts.provider import Caps
from jobsched.domain.job import SCHEMA, Job, JobId
from jobsched.domain.replace import replace
from jobsched.errors import IdempotencyConflict, StaleWrite, UnknownJob, UnreadableRecord
from jobsched.store.memory_calls import whole
from jobsched.store.memory_line import MemoryLine
from jobsched.store.port import Accepted, Idempotency, Saved, Wake
from jobsched.store.row import KEY_KEPT, Row, place, row_of
from jobsched.store.world import Key, Record


class MemoryRecords(MemoryLine):
    """What changes a record."""

    @whole
    def accept(
        self, job: Job, *, look_again_at: datetime, idempotency: Idempotency | None = None
    ) -> Accepted:
        """See the port."""
        now, world = self._now(), self.world
        known = world.keys.get(idempotency.key) if idempotency else None
        if idempotency and known and known.until > now:
            if known.idempotency.digest != idempotency.digest:
                raise IdempotencyConflict
            return Accepted(id=known.job, created=False)
        if job.id in world.records:
            return Accepted(id=job.id, created=False)
        row = row_of(job)
        world.records[job.id] = Record(
            document=self._document(job),
            rev=job.rev,
            schema=job.schema,
            state=row.state,
            place=place(job),
            schedule=job.spec.schedule,
            name=job.spec.name,
            provider=job.spec.provider,
        )
        if idempotency:
            until = now + KEY_KEPT
            world.keys[idempotency.key] = Key(idempotency=idempotency, job=job.id, until=until)
        self._due(job.id, look_again_at)
        self._changed(job, "", row, ())
        return Accepted(id=job.id, created=True)

    @whole
    def read(self, job: JobId, *, held_back: bool = False) -> Job:
        """See the port."""
        record = self.world.records.get(job)
        if record is None:
            raise UnknownJob
        try:
            return self._decode(job, held_back=held_back)
        except UnreadableRecord as error:
            if record.schema <= SCHEMA:
                self._put_aside(job, str(error))
            raise

    @whole
    def save(
        self,
        before: Job,
        after: Job,
        *,
        look_again_at: datetime | None,
        facts: Sequence[str],
        holder: str = "",
        release: bool = False,
        caps: Caps | None = None,
        waiting_until: datetime | None = None,
    ) -> Saved:
        """See the port."""
        now, world = self._now(), self.world
        record = world.records.get(before.id)
        if record is None or record.rev != before.rev or record.forget_at is not None:
            raise StaleWrite
        if holder and not record.held_by(holder, now):
            raise StaleWrite
        was = record.row_of(before)
        after = replace(after, rev=max(before.rev, world.saves) + 1)
        row, document = record.row_of(after), self._document(after)
        slots = world.slots.setdefault(record.provider, {})
        new = sorted(row.tokens - was.tokens - slots.keys())
        freed = sorted((was.tokens - row.tokens) & slots.keys())
        if caps and new:
            world.caps[record.provider] = caps
            full = self._is_over(record.provider, caps, taken=len(new), freed=len(freed))
            used_up, may_begin = self._pace(record.provider, caps, len(new))
            if full or may_begin > now:
                paced = None if full else (caps, may_begin)
                self._join(
                    before.id, record, row.order, holder=holder, until=waiting_until, paced=paced
                )
                return Saved(job=before, waiting=True)
            if used_up:
                world.pace[record.provider] = used_up
        world.saves += 1
        stated = record.state
        record.document, record.rev, record.schema, record.state = (
            document,
            after.rev,
            after.schema,
            row.state,
        )
        for token in freed:
            del slots[token]
        for token in new:
            slots[token] = after.id
            if caps and caps.hourly is not None:
                world.launches.setdefault(record.provider, {})[token] = now
        for token in row.refused - was.refused:
            world.launches.get(record.provider, {}).pop(token, None)
        self._leave_lines(after.id, record.provider)
        self._after_save(after.id, record, row, holder, look_again_at, release=release)
        self._changed(after, stated, row, facts)
        if freed:
            known = caps or world.caps.get(record.provider, Caps())
            self._wake_line(record.provider, self._fit(record.provider, known))
        return Saved(job=after)

    def _after_save(
        self,
        job: JobId,
        record: Record,
        row: Row,
        holder: str,
        look_again_at: datetime | None,
        *,
        release: bool,
    ) -> None:
        now = self._now()
        others = record.holder if not holder and record.leased(now) else ""
        if row.state.is_terminal:
            record.forget_at = now + self._retention
            record.free()
            self.world.schedule(job, None)
        elif others:
            record.dirty = True
        elif release or not holder:
            due = now if record.dirty and holder else look_again_at
            record.free()
            self._due(job, due)
        if others:
            self.world.tell(Wake(job=job, holder=others))


__all__ = ["MemoryRecords"]
