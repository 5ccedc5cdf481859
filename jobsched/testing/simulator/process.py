"""A process's life in bad weather: it dies, stands still, and its store does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from jobsched.contracts.services import Clock
from jobsched.errors import StoreUnavailable
from jobsched.testing.life import Life
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.weather import Weather

#: seconds that a process stands still, as one does that is swapped out or on a machine that sleeps
STILL = (5.0, 200.0)


class HardLife(Life):
    """The life of one process, which whoever stands between it and the outside tells of each call.

    Args:
        who: the process, for the history.
        weather: what befalls it.
        clock: of the world.
        history: of the world.
    """

    def __init__(self, who: str, weather: Weather, clock: Clock, history: History) -> None:
        super().__init__()
        self._who, self._weather, self._clock, self._history = who, weather, clock, history
        self._still_until = 0.0

    async def point(self, name: str) -> None:
        """Pass a point, if it lives and is awake."""
        weather = self._weather
        if weather.strikes("worker stands still"):
            self._still_until = self._clock.monotonic() + weather.between(*STILL)
        if self._still_until > self._clock.monotonic():
            await self._clock.sleep(self._still_until - self._clock.monotonic())
        if not self.dead.is_set() and weather.strikes("worker dies"):
            self._history.note(self._who, f"dies {name}")
            self.dead.set()
        if self.is_buried:
            raise asyncio.CancelledError
        if self.dead.is_set():
            await asyncio.Event().wait()

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside; of the store the question or the answer may be lost."""
        weather, called = self._weather, " ".join(names)
        await self.point(f"before {called}")
        is_store = called.startswith(("store.", "save."))
        if is_store and weather.strikes("store away"):
            raise StoreUnavailable
        answer = await ask()
        self._history.note(self._who, called)
        await self.point(f"after {called}")
        if is_store and weather.strikes("store's answer lost"):
            raise StoreUnavailable
        return answer


__all__ = ["STILL", "HardLife"]
