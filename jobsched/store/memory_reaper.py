"""What the reaper keeps in memory from one pass to the next, whichever worker makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobsched.store.memory_calls import Calls, whole


class MemoryReaper(Calls):
    """Who is suspected, what is permitted, and when the last pass was made."""

    @whole
    def suspect(self, name: str, machines: Sequence[str]) -> Mapping[str, datetime]:
        """See the port."""
        before = self.world.suspects.get(name, {})
        now = self._now()
        self.world.suspects[name] = {one: before.get(one, now) for one in machines}
        return dict(self.world.suspects[name])

    @whole
    def permit(self, name: str, *, within: timedelta) -> None:
        """See the port."""
        self.world.permits[name] = self._now() + within

    @whole
    def use_permit(self, name: str) -> bool:
        """See the port."""
        until = self.world.permits.pop(name, None)
        return until is not None and until > self._now()

    @whole
    def see_reaper(self, provider: str) -> None:
        """See the port."""
        self.world.reaped[provider] = self._now()

    @whole
    def reaped(self) -> Mapping[str, datetime]:
        """See the port."""
        return dict(self.world.reaped)


__all__ = ["MemoryReaper"]
