"""The watchdog: does the event loop keep its time?

Something that blocks it (a plugin's call that should have run in a thread, a huge answer) holds up
the renewal of all leases at once. A worker that suffers from that takes no new work, so that others
get it, and says so; what it has in hand goes on under its leases.
"""

from __future__ import annotations

from jobsched.contracts.services import Clock, Log

#: seconds between two looks at the clock
LOOK = 2.0
#: seconds by which a look may be late
MOST_LAG = 5.0
#: seconds for which the loop must have kept its time before it is trusted again
TRUSTED_AFTER = 10.0


class Watchdog:
    """Knows whether the event loop has kept its time lately. `run` it in a task."""

    def __init__(self, clock: Clock, log: Log) -> None:
        self._clock = clock
        self._log = log
        self._looked_at: float | None = None
        self._trusted_from = 0.0

    @property
    def is_punctual(self) -> bool:
        """Whether new work may be taken; also right after a block, before `run` comes to see it."""
        return self._clock.monotonic() >= self._trusted_from and self._lag() <= MOST_LAG

    async def run(self) -> None:
        """Look at the clock for ever."""
        while True:
            self._looked_at = self._clock.monotonic()
            await self._clock.sleep(LOOK)
            lag = self._lag()
            if lag > MOST_LAG:
                self._trusted_from = self._clock.monotonic() + TRUSTED_AFTER
                self._say(lag)

    def _lag(self) -> float:
        """Give the seconds by which the next look is late; below nought if it is not its time."""
        if self._looked_at is None:
            return 0.0
        return self._clock.monotonic() - self._looked_at - LOOK

    def _say(self, lag: float) -> None:
        self._log.error(
            "loop.blocked",
            seconds=round(lag, 1),
            what_to_do="find the plugin that blocks (PYTHONASYNCIODEBUG=1 says where), or what "
            "paused this process; until then it takes no new work",
        )


__all__ = ["LOOK", "MOST_LAG", "TRUSTED_AFTER", "Watchdog"]
