"""Alarms in memory: what an operator must look at."""

from __future__ import annotations

from collections.abc import Mapping

from jobsched.store.memory_calls import Calls, whole
from jobsched.store.port import Alarm


class MemoryAlarms(Calls):
    """Which alarms are raised."""

    @whole
    def raise_alarm(self, name: str, sentence: str) -> bool:
        """See the port."""
        kept = self.world.alarms.get(name)
        at = kept.at if kept else self._now()
        self.world.alarms[name] = Alarm(sentence=sentence, at=at)
        return kept is None

    @whole
    def clear_alarm(self, name: str) -> bool:
        """See the port."""
        return self.world.alarms.pop(name, None) is not None

    @whole
    def alarms(self) -> Mapping[str, Alarm]:
        """See the port."""
        return dict(sorted(self.world.alarms.items()))


__all__ = ["MemoryAlarms"]
