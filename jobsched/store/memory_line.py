"""Caps, and the lines of jobs that they let wait, in memory."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from heapq import nsmallest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId
from jobsched.store.memory_calls import whole
from jobsched.store.memory_pace import MemoryPace
from jobsched.store.port import Wake
from jobsched.store.row import HOUR, WOKEN_MOST
from jobsched.store.world import Record


class MemoryLine(MemoryPace):
    """Slots, launches of the hour, and who waits."""

    @whole
    def slots(self, provider: str) -> Mapping[str, JobId]:
        """See the port."""
        return dict(self.world.slots.get(provider, {}))

    @whole
    def refill(self, provider: str, caps: Caps) -> int:
        """See the port."""
        self.world.caps[provider] = caps
        woken = self._wake_line(provider, self._fit(provider, caps))
        self._move_up(provider, caps)
        return woken

    def _room(self, provider: str, caps: Caps) -> float:
        taken = len(self.world.slots.get(provider, {}))
        return float("inf") if caps.alive is None else caps.alive - taken

    def _hour_left(self, provider: str, caps: Caps) -> float:
        if caps.hourly is None:
            return float("inf")
        since = self._now() - HOUR
        known = self.world.launches.get(provider, {})
        launches = {token: at for token, at in known.items() if at > since}
        self.world.launches[provider] = launches
        return caps.hourly - len(launches)

    def _is_over(self, provider: str, caps: Caps, *, taken: int, freed: int) -> bool:
        """Say whether launches may not begin, whatever the pace: halted, or a cap is reached."""
        return (
            provider in self.world.halted
            or self._room(provider, caps) + freed < taken
            or self._hour_left(provider, caps) < taken
        )

    def _fit(self, provider: str, caps: Caps) -> int:
        if provider in self.world.halted:
            return 0
        fit = min(self._room(provider, caps), self._hour_left(provider, caps), WOKEN_MOST)
        return max(0, int(fit))

    def _wake_line(self, provider: str, most: int) -> int:
        """Make the head of the line due; it stays in line until it is saved, so no wake is lost."""
        now, woken, sooner = self._now(), 0, False
        line = self.world.waiting.get(provider, {})
        # not sorted: most often one is wanted of thousands
        for _, job in nsmallest(most, ((order, job) for job, order in line.items())):
            record = self.world.records.get(job)
            if record is None:
                continue
            if record.leased(now):
                record.dirty = True
            elif record.due is None or record.due > now:
                record.free()
                sooner = self.world.schedule(job, now) or sooner
                woken += 1
        if sooner:
            self.world.tell(Wake(due_at=now))
        return woken

    def _join(
        self,
        job: JobId,
        record: Record,
        order: datetime,
        *,
        holder: str,
        until: datetime | None,
        paced: tuple[Caps, datetime] | None = None,
    ) -> None:
        """Let a job wait in line: for a slot or, with when the first may go, for the pace alone."""
        now, world, provider = self._now(), self.world, record.provider
        self._leave_lines(job, provider)
        line = world.paced if paced else world.waiting
        line.setdefault(provider, {})[job] = order
        record.line = "paced" if paced else "waiting"
        if not holder and record.leased(now):
            return
        if paced:
            turn = self._turn(provider, paced[0], job, paced[1])
            until = min(turn, until or turn)
        due = now if record.dirty else until
        record.free()
        self._due(job, due)


__all__ = ["MemoryLine"]
