"""A worker whose idea of the store's time is late by seconds."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import Any

from jobsched.errors import ProviderFailed
from jobsched.testing.life import Life
from jobsched.testing.virtual_time import VirtualClock, run
from tests.unit.worker.crew import a_world

LATE = timedelta(seconds=5)


class LateClock(VirtualClock):
    """Late by five seconds; its monotonic time is right."""

    def now(self) -> datetime:
        """Give what it takes for the store's time."""
        return super().now() - LATE


class LateLife(Life):
    """The life of such a worker."""

    clock = LateClock()


def test_pauses_are_kept_all_the_same() -> None:
    """A provider that throttles is asked again after a while, and not at once."""

    async def story() -> list[float]:
        simulation = await a_world()
        asked: list[float] = []

        async def throttled(request: str) -> Any:
            del request
            asked.append(simulation.clock.monotonic())
            raise ProviderFailed("throttled", "imagined", then="later")

        simulation.provider.provision = throttled  # type: ignore[method-assign]
        worker = asyncio.ensure_future(simulation.work(LateLife()))
        await simulation.schedule()
        await simulation.clock.sleep(30)
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
        return asked

    asked = run(story())
    assert 2 < len(asked) < 10, asked
