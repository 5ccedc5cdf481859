"""Providers in memory that are asked for nothing until an operator resumes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.errors import StaleWrite
from jobsched.store.memory_calls import whole
from jobsched.store.memory_line import MemoryLine
from jobsched.store.port import NO_CAPS, Halted
from jobsched.store.row import row_of


class MemoryHalts(MemoryLine):
    """Who is halted, and why."""

    @whole
    def halt(self, provider: str, why: Halted) -> Halted:
        """See the port."""
        return self.world.halted.setdefault(provider, why)

    @whole
    def resume(self, provider: str, caps: Caps) -> int:
        """See the port."""
        self.world.caps[provider] = caps
        self.world.halted.pop(provider, None)
        return self._wake_line(provider, self._fit(provider, caps))

    @whole
    def halted(self) -> Mapping[str, Halted]:
        """See the port."""
        return dict(self.world.halted)

    @whole
    def waits_in_line(
        self,
        job: Job,
        *,
        caps: Caps = NO_CAPS,
        freed: int = 0,
        holder: str = "",
        waiting_until: datetime | None = None,
    ) -> bool:
        """See the port."""
        record = self.world.records.get(job.id)
        if record is None or record.rev != job.rev or record.forget_at is not None:
            raise StaleWrite
        if holder and not record.held_by(holder, self._now()):
            raise StaleWrite
        is_over = self._is_over(record.provider, caps, taken=1, freed=freed)
        _, may_begin = self._pace(record.provider, caps)
        if not is_over and may_begin <= self._now():
            return False
        self.world.caps[record.provider] = caps
        paced = None if is_over else (caps, may_begin)
        order = row_of(job).order
        self._join(job.id, record, order, holder=holder, until=waiting_until, paced=paced)
        return True


__all__ = ["MemoryHalts"]
