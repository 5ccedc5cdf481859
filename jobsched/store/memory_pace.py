"""The pace of launches in memory: one after another, after a pause a second's worth at once."""

from __future__ import annotations

from datetime import datetime, timedelta
from heapq import nsmallest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId
from jobsched.store.memory_calls import Calls
from jobsched.store.row import BURST, PACED_AHEAD, WOKEN_MOST, interval


class MemoryPace(Calls):
    """When launches may begin, and who waits for that alone."""

    def _pace(
        self, provider: str, caps: Caps, launches: int = 1
    ) -> tuple[datetime | None, datetime]:
        """Give by when these launches use the pace up, and from when on they may begin."""
        now, between = self._now(), interval(caps)
        if between is None:
            return None, now
        span = between * launches
        used_up = max(self.world.pace.get(provider, now), now) + span
        return used_up, used_up - max(BURST, span)

    def _turn(self, provider: str, caps: Caps, job: JobId, first: datetime) -> datetime:
        """Give when it is a job's turn, if the first of the line may go at that time."""
        line = self.world.paced.get(provider, {})
        mine = line[job], job
        before = sum((order, one) < mine for one, order in line.items())
        return first + (interval(caps) or timedelta(0)) * before

    def _move_up(self, provider: str, caps: Caps) -> None:
        """Let those be due at their turn before whom others have left the line."""
        now, between = self._now(), interval(caps) or timedelta(0)
        _, turn = self._pace(provider, caps)
        most = min(WOKEN_MOST, -(-PACED_AHEAD // between)) if between else WOKEN_MOST
        line = self.world.paced.get(provider, {})
        for _, job in nsmallest(most, ((order, job) for job, order in line.items())):
            self._due_sooner(job, max(now, turn))
            turn += between

    def _due_sooner(self, job: JobId, at: datetime) -> None:
        record = self.world.records[job]
        if not record.leased(self._now()) and (record.due is None or record.due > at):
            self._due(job, at)


__all__ = ["MemoryPace"]
