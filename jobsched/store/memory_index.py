"""What memory has beside its records: compared with them, and put right."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from jobsched.contracts.provider import Caps
from jobsched.domain.job import SCHEMA, JobId
from jobsched.domain.replace import replace
from jobsched.domain.state import TERMINAL
from jobsched.errors import UnreadableRecord
from jobsched.store.memory_calls import whole
from jobsched.store.memory_line import MemoryLine
from jobsched.store.port import Examined, Fault
from jobsched.store.row import CLAIM_MOST, Row
from jobsched.store.world import Record


@dataclass(frozen=True, slots=True)
class _Entry:
    """An index entry: as a fault, and what says whether it is one."""

    fault: Fault
    judge: Callable[[], str]


class MemoryIndex(MemoryLine):
    """Due times, slots and lines, and whether the records say the same."""

    @whole
    def examine(
        self,
        providers: Collection[str],
        *,
        most: int,
        cursor: str | None = None,
        everything: bool = False,
    ) -> Examined:
        """See the port."""
        entries = list(self._entries(providers, everything=everything))
        begin = int((self.world.examined if cursor is None else cursor) or 0)
        end = begin + min(most, CLAIM_MOST)
        stopped = str(end) if end < len(entries) else ""
        if cursor is None:
            self.world.examined = stopped
        judged = (replace(one.fault, why=one.judge()) for one in entries[begin:end])
        return Examined(faults=tuple(one for one in judged if one.why), cursor=stopped)

    @whole
    def faults(self, jobs: Collection[JobId]) -> tuple[Fault, ...]:
        """See the port."""
        found = [Fault(job=job, why=self._wrong(job)) for job in jobs]
        return tuple(one for one in found if one.why)

    @whole
    def repair(
        self, job: JobId, *, place: str = "", provider: str = "", token: str = ""
    ) -> tuple[str, ...]:
        """See the port."""
        del place  # Lists are read off the records here.
        record = self.world.records.get(job)
        if record is None:
            return self._forget_entries(job, provider, token)
        if record.schema > SCHEMA:
            return ()
        try:
            row = record.row_of(self._decode(job))
        except UnreadableRecord as error:
            self._put_aside(job, str(error))
            raise
        return tuple(dict.fromkeys(self._repaired(job, record, row, token)))

    def _entries(self, providers: Collection[str], *, everything: bool) -> Iterator[_Entry]:
        world = self.world
        for job, record in world.records.items():
            if everything or record.state not in TERMINAL:
                fault = Fault(job=job, why="", place=record.place)
                yield _Entry(fault, functools.partial(self._wrong, job))
        for provider in sorted(providers):
            for token, job in world.slots.get(provider, {}).items():
                fault = Fault(job=job, why="", provider=provider, token=token)
                yield _Entry(fault, functools.partial(self._wrong, job, token=token))
            for line in (world.waiting, world.paced):
                for job in line.get(provider, {}):
                    fault = Fault(job=job, why="", provider=provider)
                    yield _Entry(fault, functools.partial(self._wrong_in_line, job))

    def _wrong_in_line(self, job: JobId) -> str:
        record = self.world.records.get(job)
        return "line" if record and record.forget_at is not None else self._wrong(job)

    def _wrong(self, job: JobId, *, token: str = "") -> str:
        world, record = self.world, self.world.records.get(job)
        if record is None:
            return "record"
        if record.schema > SCHEMA or job in world.quarantine:
            return ""
        try:
            row = record.row_of(self._decode(job))
        except UnreadableRecord:
            return ""
        slots = world.slots.get(record.provider, {})
        ended = row.state.is_terminal
        contradicted = {
            "state": record.state != row.state,
            "due": ended != (record.due is None),
            "ended": ended != (record.forget_at is not None),
            "line": bool(record.line) and not self._is_in_line(job, record),
            "slots": any(slots.get(one) != job for one in row.tokens)
            or (bool(token) and token not in row.tokens),
        }
        return next((why for why, wrong in contradicted.items() if wrong), "")

    def _is_in_line(self, job: JobId, record: Record) -> bool:
        line = self.world.paced if record.line == "paced" else self.world.waiting
        return job in line.get(record.provider, {})

    def _forget_entries(self, job: JobId, provider: str, token: str) -> tuple[str, ...]:
        found = []
        if self._freed(job, provider, token):
            found.append("slots")
        if any(job in line.get(provider, {}) for line in (self.world.waiting, self.world.paced)):
            self._leave_lines(job, provider)
            found.append("line")
        if self.world.quarantine.pop(job, None) is not None:
            found.append("quarantine")
        return tuple(found)

    def _repaired(self, job: JobId, record: Record, row: Row, stray: str) -> Iterator[str]:
        now, ended = self._now(), row.state.is_terminal
        if self.world.quarantine.pop(job, None) is not None:
            yield "quarantine"
        if record.state != row.state:
            record.state = row.state
            yield "state"
        slots = self.world.slots.setdefault(record.provider, {})
        for token in row.tokens:
            if slots.get(token) != job:
                slots[token] = job
                yield "slots"
        if stray not in row.tokens and self._freed(job, record.provider, stray):
            yield "slots"
        again = bool(record.line) and not self._is_in_line(job, record)
        if again or (ended and record.line):
            self._leave_lines(job, record.provider)
            yield "line"
        if ended and record.due is not None:
            self.world.schedule(job, None)
            yield "due"
        if not ended and (again or record.due is None):
            yield from self._due_again(job, record)
        if ended != (record.forget_at is not None):
            record.forget_at = now + self._retention if ended else None
            yield "ended"

    def _due_again(self, job: JobId, record: Record) -> Iterator[str]:
        now = self._now()
        if record.leased(now):
            record.dirty = True
        if record.due is None:
            # A job that somebody holds is due when the lease ends, and not sooner.
            self._due(job, record.until if record.leased(now) else now)
            yield "due"
        elif not record.leased(now) and record.due > now:
            self._due(job, now)

    def _freed(self, job: JobId, provider: str, token: str) -> bool:
        slots = self.world.slots.get(provider, {})
        if slots.get(token) != job:
            return False
        del slots[token]
        known = self.world.caps.get(provider, Caps())
        self._wake_line(provider, self._fit(provider, known))
        return True


__all__ = ["MemoryIndex"]
