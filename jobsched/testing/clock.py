"""Clocks for plugins under test; inside of `run_job` both show the time of the job."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

from jobsched.services import StoreClock
from jobsched.testing.virtual_time import EPOCH, virtual_loop


class FakeClock:
    """`contracts.services.Clock` that stands still until it is moved.

    Nobody waits for it: whoever sleeps moves it on. In virtual time (`run_job`) it goes with the
    job, and afterwards it stands where the job ended.
    """

    def __init__(self, at: datetime = EPOCH) -> None:
        self._now = at
        self._passed = 0.0

    def now(self) -> datetime:
        """Give its time, aware, in UTC."""
        loop = virtual_loop()
        return loop.now() if loop else self._now

    def monotonic(self) -> float:
        """Give the seconds that have passed on it; setting it does not change them."""
        loop = virtual_loop()
        return self._passed + (loop.time() if loop else 0.0)

    async def sleep(self, seconds: float) -> None:
        """Move it on by that many seconds, and return at once."""
        if virtual_loop() is None:
            self.advance(seconds)
            seconds = 0
        await asyncio.sleep(seconds)

    def advance(self, by: timedelta | float) -> None:
        """Move it on, by a span or by seconds.

        Raises:
            RuntimeError: inside of `run_job`, where time passes by itself.
        """
        self._refuse_in_a_job()
        span = by if isinstance(by, timedelta) else timedelta(seconds=by)
        self._now += span
        self._passed += span.total_seconds()

    def set(self, at: datetime) -> None:
        """Set it to a time, later or earlier.

        Raises:
            ValueError: the time has no zone.
            RuntimeError: inside of `run_job`, where time passes by itself.
        """
        self._refuse_in_a_job()
        if at.tzinfo is None:
            raise ValueError(f"{at} has no zone: write datetime(…, tzinfo=UTC)")
        self._now = at.astimezone(UTC)

    def _refuse_in_a_job(self) -> None:
        if virtual_loop() is not None:
            raise RuntimeError("inside of run_job time passes by itself: sleep instead")


class LentClock(StoreClock):
    """The time of this machine; in virtual time (`run_job`) that of the job."""

    def now(self) -> datetime:
        """Give the time, aware, in UTC."""
        loop = virtual_loop()
        return loop.now() if loop else super().now()

    def monotonic(self) -> float:
        """Give seconds that never go back, for time-outs."""
        loop = virtual_loop()
        return loop.time() if loop else super().monotonic()


__all__ = ["FakeClock", "LentClock"]
