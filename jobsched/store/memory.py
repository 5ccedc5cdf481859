"""A store in memory: the port's rules in plain Python, for the simulator and for tests."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import SCHEMA, Job, JobId
from jobsched.errors import (
    IdempotencyConflict,
    StaleWrite,
    StoreUnavailable,
    UnknownJob,
    UnreadableRecord,
    WrongStore,
)
from jobsched.store import codec
from jobsched.store.logs import MemoryLogs
from jobsched.store.port import (
    Accepted,
    Claimed,
    Idempotency,
    Listed,
    Page,
    Quarantined,
    Renewal,
    Saved,
    Wake,
)
from jobsched.store.row import (
    CHANGE_IDLE,
    CLAIM_MOST,
    HOUR,
    KEY_KEPT,
    RETENTION,
    Row,
    checked,
    place,
    row_of,
)
from jobsched.store.world import Given, Key, Record, World

P = ParamSpec("P")
T = TypeVar("T")


def _call(
    work: Callable[Concatenate[MemoryStore, P], T],
) -> Callable[Concatenate[MemoryStore, P], Coroutine[Any, Any, T]]:
    """Make a call of it: done whole or not, with a pause before and after, where one may die."""

    @functools.wraps(work)
    async def called(store: MemoryStore, /, *args: P.args, **kwargs: P.kwargs) -> T:
        await asyncio.sleep(0)
        store.refuse()
        try:
            return work(store, *args, **kwargs)
        finally:
            await asyncio.sleep(0)

    return called


class MemoryStore:
    """The port in memory. A new world is nobody's until it is stamped, as an empty Redis is.

    Args:
        now: the store's clock.
        deployment: whose store it is.
        world: what is stored; give the same one to several stores to share it.
        retention: how long ended jobs are kept.
        through_codec: keep documents as bytes, so that what cannot be encoded fails here too.
    """

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        deployment: str = "memory",
        world: World | None = None,
        retention: timedelta = RETENTION,
        through_codec: bool = True,
    ) -> None:
        self.world = world or World()
        #: True: every call raises ``StoreUnavailable``, as when Redis is down
        self.is_down = False
        self._now = now
        self._deployment = deployment
        self._retention = retention
        self._through_codec = through_codec

    def wipe(self) -> None:
        """Forget everything, the stamp included, as FLUSHALL does."""
        self.world.wipe()

    def refuse(self) -> None:
        """Raise if the store is down, empty or another deployment's."""
        self._refuse_down()
        if self.world.deployment != self._deployment:
            raise WrongStore(_whose(self.world.deployment, self._deployment))

    def _refuse_down(self) -> None:
        if self.is_down:
            raise StoreUnavailable("The store does not answer.")

    # Whose it is

    @_call
    def check(self) -> datetime:
        """See the port."""
        return self._now()

    async def stamp(self, fingerprint: str, *, force: bool = False) -> None:
        """See the port."""
        await asyncio.sleep(0)
        self._refuse_down()
        world = self.world
        found = (world.deployment, world.fingerprint)
        fresh = found == ("", "") and not world.records
        if not (force or fresh or found == (self._deployment, fingerprint)):
            raise WrongStore(_whose(world.deployment, self._deployment))
        world.deployment, world.fingerprint = self._deployment, fingerprint

    # Records

    @_call
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

    @_call
    def read(self, job: JobId) -> Job:
        """See the port."""
        record = self.world.records.get(job)
        if record is None:
            raise UnknownJob
        try:
            return self._decode(record)
        except UnreadableRecord as error:
            if record.schema <= SCHEMA:
                self._put_aside(job, str(error))
            raise

    @_call
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
        was, row = row_of(before), row_of(after)
        after = replace(after, rev=before.rev + 1)
        document = self._document(after)
        slots = world.slots.setdefault(record.provider, {})
        new = sorted(row.tokens - was.tokens - slots.keys())
        freed = sorted((was.tokens - row.tokens) & slots.keys())
        if caps and new:
            world.caps[record.provider] = caps
            if self._room(record.provider, caps) + len(freed) < len(new) or (
                self._hour_left(record.provider, caps) < len(new)
            ):
                self._wait(before.id, record, row, holder, waiting_until)
                return Saved(job=before, waiting=True)
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
                world.launches.setdefault(record.provider, []).append(now)
        world.waiting.get(record.provider, {}).pop(after.id, None)
        self._after_save(after.id, record, row, holder, look_again_at, release=release)
        self._changed(after, stated, row, facts)
        if freed:
            known = caps or world.caps.get(record.provider, Caps())
            self._wake_line(record.provider, self._fit(record.provider, known))
        return Saved(job=after)

    def _wait(
        self, job: JobId, record: Record, row: Row, holder: str, until: datetime | None
    ) -> None:
        now = self._now()
        self.world.waiting.setdefault(record.provider, {})[job] = row.order
        if not holder and record.leased(now):
            return
        due = now if record.dirty else until
        record.free()
        self._due(job, due)

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

    # Leases

    @_call
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
                jobs.append(self._decode(record))
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

    @_call
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

    @_call
    def release(self, holder: str, job: JobId, *, look_again_at: datetime | None) -> None:
        """See the port."""
        now = self._now()
        record = self.world.records.get(job)
        if record is None or not record.held_by(holder, now):
            return
        due = now if record.dirty else look_again_at
        record.free()
        self._due(job, due)

    @_call
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
        self._due(job, now)

    async def wakes(self) -> AsyncGenerator[Wake, None]:
        """See the port."""
        await asyncio.sleep(0)
        self.refuse()
        heard: asyncio.Queue[Wake | None] = asyncio.Queue()
        self.world.listeners.append(heard)
        try:
            yield Wake()
            while (wake := await heard.get()) is not None:
                self._refuse_down()
                yield wake
            raise StoreUnavailable("The store does not answer.")
        finally:
            self.world.listeners.remove(heard)

    def go_down(self) -> None:
        """Become unavailable, and end what listens; ``is_down = False`` brings it back."""
        self.is_down = True
        for listener in self.world.listeners:
            listener.put_nowait(None)

    # Lists

    @_call
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

    @_call
    def quarantine(self) -> Sequence[Quarantined]:
        """See the port."""
        return [Quarantined(id=job, why=why) for job, why in self.world.quarantine.items()]

    @_call
    def overdue(self, *, by: timedelta, most: int) -> Sequence[JobId]:
        """See the port."""
        limit = self._now() - by
        late = sorted(
            (record.due, job)
            for job, record in self.world.records.items()
            if record.due is not None and record.due <= limit and record.schema <= SCHEMA
        )
        return [job for _, job in late[:most]]

    @_call
    def prune(self, *, most: int) -> Sequence[JobId]:
        """See the port."""
        now = self._now()
        over = sorted(
            (record.forget_at, job)
            for job, record in self.world.records.items()
            if record.forget_at is not None and record.forget_at <= now
        )
        jobs = [job for _, job in over[: min(most, CLAIM_MOST)]]
        for job in jobs:
            del self.world.records[job]
            self.world.quarantine.pop(job, None)
        return jobs

    # Caps

    @_call
    def slots(self, provider: str) -> Mapping[str, JobId]:
        """See the port."""
        return dict(self.world.slots.get(provider, {}))

    @_call
    def refill(self, provider: str, caps: Caps) -> int:
        """See the port."""
        self.world.caps[provider] = caps
        return self._wake_line(provider, self._fit(provider, caps))

    def _room(self, provider: str, caps: Caps) -> float:
        taken = len(self.world.slots.get(provider, {}))
        return float("inf") if caps.alive is None else caps.alive - taken

    def _hour_left(self, provider: str, caps: Caps) -> float:
        if caps.hourly is None:
            return float("inf")
        since = self._now() - HOUR
        launches = [at for at in self.world.launches.get(provider, []) if at > since]
        self.world.launches[provider] = launches
        return caps.hourly - len(launches)

    def _fit(self, provider: str, caps: Caps) -> int:
        fit = min(self._room(provider, caps), self._hour_left(provider, caps), 1000)
        return max(0, int(fit))

    def _wake_line(self, provider: str, most: int) -> int:
        """Make the head of the line due; it stays in line until it is saved, so no wake is lost."""
        now, woken, sooner = self._now(), 0, False
        line = self.world.waiting.get(provider, {})
        for job in sorted(line, key=lambda one: (line[one], one))[:most]:
            record = self.world.records[job]
            if record.leased(now):
                record.dirty = True
            elif record.due is None or record.due > now:
                record.free()
                sooner = self.world.schedule(job, now) or sooner
                woken += 1
        if sooner:
            self.world.tell(Wake(due_at=now))
        return woken

    # Locks and workers

    @_call
    def lock(self, name: str, holder: str, *, lease: timedelta) -> bool:
        """See the port."""
        now = self._now()
        has, until = self.world.locks.get(name, ("", now))
        if has and has != holder and until > now:
            return False
        self.world.locks[name] = (holder, now + lease)
        return True

    @_call
    def bind(self, name: str, value: str) -> str:
        """See the port."""
        return self.world.bound.setdefault(name, value)

    @_call
    def unlock(self, name: str, holder: str) -> None:
        """See the port."""
        if self.world.locks.get(name, ("",))[0] == holder:
            del self.world.locks[name]

    @_call
    def see_worker(self, holder: str, *, lease: timedelta) -> None:
        """See the port."""
        self.world.workers[holder] = self._now() + lease

    @_call
    def workers(self) -> Sequence[str]:
        """See the port."""
        now = self._now()
        return sorted(holder for holder, until in self.world.workers.items() if until > now)

    # Changes

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """See the port."""
        del consumer  # Which one it is makes no difference here.
        waited = self.world.changed
        if found := await self._given(most):
            return found
        try:
            await asyncio.wait_for(waited.wait(), wait.total_seconds())
        except TimeoutError:
            return []
        return await self._given(most)

    @_call
    def _given(self, most: int) -> Sequence[Change]:
        now, given = self._now(), self.world.given
        idle = [one.change for one in given.values() if one.at <= now - CHANGE_IDLE]
        new = self.world.changes[self.world.handed :]
        found = [*idle[:most], *new[: max(0, most - len(idle))]]
        self.world.handed += len(found) - len(idle[:most])
        for change in found:
            given[change.id] = Given(change=change, at=now)
        return found

    @_call
    def acknowledge(self, changes: Sequence[Change]) -> None:
        """See the port."""
        for change in changes:
            self.world.given.pop(change.id, None)

    async def close(self) -> None:
        """See the port."""

    def logs(self) -> MemoryLogs:
        """Give the storage of logs that lies beside the records."""
        return MemoryLogs(self.world.logs)

    # What the calls share

    def _due(self, job: JobId, at: datetime | None) -> None:
        if self.world.schedule(job, at):
            self.world.tell(Wake(due_at=at))

    def _changed(self, job: Job, was: str, row: Row, facts: Sequence[str]) -> None:
        self.world.made += 1
        change = Change(
            id=f"{self.world.made}-0",
            job=job.id,
            rev=job.rev,
            at=self._now(),
            was=was,
            state=row.state,
            reason=row.reason,
            attempt=row.attempt,
            facts=tuple(facts),
        )
        self.world.told(change)

    def _put_aside(self, job: JobId, why: str) -> None:
        record = self.world.records[job]
        self.world.quarantine[job] = why
        self.world.waiting.get(record.provider, {}).pop(job, None)
        record.free()
        self.world.schedule(job, None)

    def _document(self, job: Job) -> bytes | Job:
        return codec.encode(job) if self._through_codec else job

    def _decode(self, record: Record) -> Job:
        if isinstance(record.document, bytes):
            return codec.decode(record.document, record.schema)
        return record.document


def _whose(found: str, wanted: str) -> str:
    if not found:
        return f"The store is empty: it is not the store of deployment {wanted}."
    return f"The store belongs to deployment {found}, not to {wanted}."


__all__ = ["MemoryStore"]
