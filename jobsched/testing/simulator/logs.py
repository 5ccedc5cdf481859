"""A log store in bad weather."""

from __future__ import annotations

from typing import Final

from jobsched.builtin import LogStorage, RedisLogs
from jobsched.contracts.services import Clock
from jobsched.domain.job import JobId
from jobsched.errors import LogStoreFailed
from jobsched.testing.simulator.weather import Weather

#: seconds for which one that hangs gives no answer: longer than anybody waits
HANGS: Final = 45.0


class StormyLogs(RedisLogs):
    """Fails, or hangs.

    Args:
        storage: where logs are kept.
        weather: says what goes wrong.
        clock: of the world.
    """

    def __init__(self, storage: LogStorage, weather: Weather, clock: Clock) -> None:
        super().__init__(storage)
        self._weather, self._clock = weather, clock

    async def write(self, job: JobId, attempt: int, offset: int, chunk: bytes) -> None:
        """Keep a piece of output, or fail to."""
        if self._weather.strikes("log store fails"):
            raise LogStoreFailed("unavailable", "imagined")
        if self._weather.strikes("log store hangs"):
            await self._clock.sleep(HANGS)
        await super().write(job, attempt, offset, chunk)


__all__ = ["StormyLogs"]
