"""Who waited in line for a cap, and from when to when: the store in memory, with a book beside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobsched.domain.job import Job, JobId
from jobsched.store.memory import MemoryStore
from jobsched.store.row import Row
from jobsched.store.world import Record
from jobsched.testing.simulator.scenario.line import Span


@dataclass(frozen=True, slots=True)
class Wait:
    """A time in line."""

    job: JobId
    span: Span
    #: for the pace of launches alone, and not for a slot or the hour
    paced: bool


@dataclass(slots=True, kw_only=True)
class Book:
    """What no record tells."""

    waits: list[Wait] = field(default_factory=list)
    #: job → since when it waits, and whether for the pace alone
    waiting: dict[JobId, tuple[datetime, bool]] = field(default_factory=dict)
    #: told of each job that has ended
    on_end: Callable[[], None] = lambda: None

    def leave(self, job: JobId, now: datetime) -> None:
        """Note that a job waits no more, if it did."""
        found = self.waiting.pop(job, None)
        if found and found[0] < now:
            self.waits.append(Wait(job, Span(found[0], now), found[1]))


class WatchedStore(MemoryStore):
    """The store in memory, whose lines are watched; nothing of it works otherwise."""

    def __init__(self, *args: Any, book: Book, **settings: Any) -> None:
        super().__init__(*args, **settings)
        self._book = book

    def _join(self, job: JobId, record: Record, order: datetime, **how: Any) -> None:
        known, paced = self._book.waiting.pop(job, None), how.get("paced") is not None
        super()._join(job, record, order, **how)
        now = self._now()
        if known and known[1] != paced:
            self._book.waiting[job] = known
            self._book.leave(job, now)
            known = None
        self._book.waiting[job] = known or (now, paced)

    def _leave_lines(self, job: JobId, provider: str) -> None:
        super()._leave_lines(job, provider)
        self._book.leave(job, self._now())

    def _changed(self, job: Job, was: str, row: Row, facts: Sequence[str]) -> None:
        super()._changed(job, was, row, facts)
        if row.state.is_terminal and was != row.state:
            self._book.on_end()


__all__ = ["Book", "Wait", "WatchedStore"]
