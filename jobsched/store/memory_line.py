"""Caps, and the line of jobs that wait for a slot, in memory."""

from __future__ import annotations

from collections.abc import Mapping

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId
from jobsched.store.memory_calls import Calls, whole
from jobsched.store.port import Wake
from jobsched.store.row import HOUR


class MemoryLine(Calls):
    """Slots, launches of the hour, and who waits."""

    @whole
    def slots(self, provider: str) -> Mapping[str, JobId]:
        """See the port."""
        return dict(self.world.slots.get(provider, {}))

    @whole
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


__all__ = ["MemoryLine"]
