"""What stores in memory hold; several may share one world, as processes share a Redis."""

from __future__ import annotations

import asyncio
import heapq
from dataclasses import dataclass, field
from datetime import datetime

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId
from jobsched.store.port import Alarm, Halted, Idempotency, Wake
from jobsched.store.row import CHANGES_KEPT, Row, row_of


@dataclass(slots=True, kw_only=True)
class Record:
    """One job as it lies in the store."""

    document: bytes | Job
    rev: int
    schema: int
    state: str
    place: str
    schedule: datetime
    name: str
    provider: str
    #: when it is looked at again, or the lease's end; None: never
    due: datetime | None = None
    holder: str = ""
    until: datetime | None = None
    dirty: bool = False
    #: the line in which it waits: ``waiting``, ``paced``, or empty
    line: str = ""
    #: the end of its retention, set with its last save
    forget_at: datetime | None = None
    #: what was read last, and its row: it is asked for again and again
    rowed: tuple[Job, Row] | None = None

    def leased(self, now: datetime) -> bool:
        """Whether somebody holds it; a lease that is over is nobody's."""
        return self.until is not None and self.until > now

    def held_by(self, holder: str, now: datetime) -> bool:
        """Whether this holder has it."""
        return self.leased(now) and self.holder == holder

    def row_of(self, job: Job) -> Row:
        """Give the indexed fields of a document, which is mostly the one that lies here."""
        if self.rowed is None or self.rowed[0] is not job:
            self.rowed = job, row_of(job)
        return self.rowed[1]

    def free(self) -> None:
        """End the lease."""
        self.holder, self.until, self.dirty = "", None, False


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A remembered idempotency key."""

    idempotency: Idempotency
    job: JobId
    until: datetime


@dataclass(slots=True, kw_only=True)
class Given:
    """A change that a consumer has been given and did not acknowledge."""

    change: Change
    at: datetime


@dataclass(slots=True)
class World:
    """Everything that is stored."""

    #: what the store says whose it is
    owner: str = ""
    fingerprint: str = ""
    #: True: it answers nobody, as a Redis that has died; a store's own `is_down` is of it alone
    is_down: bool = False
    records: dict[JobId, Record] = field(default_factory=dict)
    keys: dict[str, Key] = field(default_factory=dict)
    #: provider → token → job
    slots: dict[str, dict[str, JobId]] = field(default_factory=dict)
    #: provider → launch → when it began, counted by the hourly cap
    launches: dict[str, dict[str, datetime]] = field(default_factory=dict)
    #: provider → job → place in line
    waiting: dict[str, dict[JobId, datetime]] = field(default_factory=dict)
    #: provider → job → place among those that wait for the pace alone
    paced: dict[str, dict[JobId, datetime]] = field(default_factory=dict)
    #: provider → by when the pace is used up
    pace: dict[str, datetime] = field(default_factory=dict)
    #: provider → the caps that were last asked for
    caps: dict[str, Caps] = field(default_factory=dict)
    #: provider → why
    halted: dict[str, Halted] = field(default_factory=dict)
    #: list → machine → since when it is on it
    suspects: dict[str, dict[str, datetime]] = field(default_factory=dict)
    #: name → until when an operator's word counts
    permits: dict[str, datetime] = field(default_factory=dict)
    #: provider → when it was reaped last
    reaped: dict[str, datetime] = field(default_factory=dict)
    #: name → what an operator must look at
    alarms: dict[str, Alarm] = field(default_factory=dict)
    quarantine: dict[JobId, str] = field(default_factory=dict)
    #: job → since when nobody may read it
    held_back: dict[JobId, datetime] = field(default_factory=dict)
    #: where the last look at the indexes stopped
    examined: str = ""
    locks: dict[str, tuple[str, datetime]] = field(default_factory=dict)
    bound: dict[str, str] = field(default_factory=dict)
    workers: dict[str, datetime] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    #: how many of them were given to a consumer
    handed: int = 0
    given: dict[str, Given] = field(default_factory=dict)
    #: changes that were ever made: gives ids
    made: int = 0
    #: records that were ever saved: gives revisions, none of them twice
    saves: int = 0
    #: job → attempt → offset → bytes
    logs: dict[JobId, dict[int, dict[int, bytes]]] = field(default_factory=dict)
    listeners: list[asyncio.Queue[Wake | None]] = field(default_factory=list)
    #: set at each change, for those who wait for one
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    #: schema → heap of (due, job); entries that are no longer true are dropped when they come up
    heaps: dict[int, list[tuple[datetime, JobId]]] = field(default_factory=dict)

    def schedule(self, job: JobId, due: datetime | None) -> bool:
        """Set when a job is looked at again; say whether nothing is due sooner."""
        record = self.records[job]
        head = self.head(record.schema)
        record.due = due
        if due is None:
            return False
        heapq.heappush(self.heaps.setdefault(record.schema, []), (due, job))
        return head is None or due < head

    def head(self, schema: int) -> datetime | None:
        """Give when the next job of a schema is due."""
        heap = self.heaps.get(schema, [])
        while heap:
            due, job = heap[0]
            record = self.records.get(job)
            if record is not None and (record.due, record.schema) == (due, schema):
                return due
            heapq.heappop(heap)
        return None

    def due(self, schema: int, now: datetime) -> JobId | None:
        """Give the job of readable schemas that is due the longest, or None."""
        heads = [(at, one) for one in self.heaps if one <= schema and (at := self.head(one))]
        at, first = min(heads, default=(now, 0))
        return self.heaps[first][0][1] if first and at <= now else None

    def told(self, change: Change) -> None:
        """Add a change, and let those go on who wait for one."""
        self.changes.append(change)
        if len(self.changes) > 2 * CHANGES_KEPT:
            dropped = len(self.changes) - CHANGES_KEPT
            del self.changes[:dropped]
            self.handed = max(0, self.handed - dropped)
        waited, self.changed = self.changed, asyncio.Event()
        waited.set()

    def wipe(self) -> None:
        """Forget everything, as FLUSHALL does; those who listen go on listening."""
        fresh = World()
        for name in self.__slots__:
            if name not in {"listeners", "changed"}:
                setattr(self, name, getattr(fresh, name))

    def tell(self, wake: Wake) -> None:
        """Send a wake to all who listen."""
        for listener in self.listeners:
            listener.put_nowait(wake)


__all__ = ["Given", "Key", "Record", "World"]
