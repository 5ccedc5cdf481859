"""Faults by chance: the same seed, the same faults at the same moments."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

from jobsched.errors import StoreUnavailable
from jobsched.testing.life import Life
from jobsched.testing.virtual_time import VirtualClock

#: seconds after which nothing goes wrong any more, so that all must come to its end
CALM = 3 * 3600.0


class Weather:
    """Says what goes wrong now, and counts it.

    Args:
        seed: of the chances.
        heat: how often things go wrong; 1 is already far more often than in life.
        off: kinds of faults that this world does not have.
    """

    def __init__(self, seed: int, heat: float, off: frozenset[str] = frozenset()) -> None:
        self.faults: Counter[str] = Counter()
        self.clock = VirtualClock()
        self._chance = random.Random(seed)  # noqa: S311 - the same each time
        self._heat, self._off = heat, off

    def strikes(self, fault: str, chance: float) -> bool:
        """Whether this fault happens here and now."""
        if self.clock.monotonic() > CALM or fault in self._off:
            return False
        happens = self._chance.random() < chance * self._heat
        self.faults[fault] += happens
        return happens

    def between(self, least: float, most: float) -> float:
        """Give some number of seconds."""
        return self._chance.uniform(least, most)

    def one_of(self, *choices: object) -> object:
        """Give one of them."""
        return self._chance.choice(choices)


class Hard(Life):
    """A worker's life in that weather: it dies, stands still, and its store does not answer."""

    def __init__(self, weather: Weather) -> None:
        super().__init__()
        self._weather = weather
        self._asleep_until = 0.0

    async def point(self, name: str) -> None:
        """Pass a point, if it lives and is awake."""
        clock = self._weather.clock
        if self._weather.strikes("worker stands still", 0.0015):
            self._asleep_until = clock.monotonic() + self._weather.between(5, 200)
        await clock.sleep(max(0.0, self._asleep_until - clock.monotonic()))
        if self._weather.strikes("worker dies", 0.003):
            self.dead.set()
        await super().point(name)

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside; of the store the question or the answer may be lost."""
        is_store = names[0].startswith(("store.", "save."))
        if is_store and self._weather.strikes("store away", 0.003):
            raise StoreUnavailable
        answer = await super().__call__(names, ask)
        if is_store and self._weather.strikes("store's answer lost", 0.003):
            raise StoreUnavailable
        return answer


__all__ = ["CALM", "Hard", "Weather"]
