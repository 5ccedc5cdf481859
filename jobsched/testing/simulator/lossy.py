"""A store that now and then loses its last second, as a Redis with `appendfsync everysec` does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from copy import copy
from typing import Any, Final

from jobsched.contracts.services import Clock
from jobsched.domain.job import JobId
from jobsched.store.world import World
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.promise import Promises
from jobsched.testing.simulator.weather import Weather

#: seconds between two losses, and what is lost at the most
EVERY: Final = (60.0, 180.0)
LAST: Final = 1.0
#: seconds until the store answers again
AWAY: Final = (0.5, 5.0)
LOST: Final = "last second lost"
#: what is no part of what is stored
LIVING: Final = frozenset({"listeners", "changed", "is_down", "logs", "saves"})


class Lossy:
    """Takes the power from a store, until nothing goes wrong any more.

    Args:
        promises: whose store it is.
        weather: says when.
        clock: of the world.
        history: of the world.
        post_again: is told of each job that was accepted and is lost.
    """

    def __init__(
        self,
        promises: Promises,
        weather: Weather,
        clock: Clock,
        history: History,
        post_again: Callable[[JobId], None],
    ) -> None:
        self._promises, self._weather, self._clock = promises, weather, clock
        self._history, self._post_again = history, post_again

    async def run(self) -> None:
        """Lose a second now and then."""
        weather = self._weather
        while True:
            await self._clock.sleep(weather.between(*EVERY))
            world = self._promises.store
            if weather.chance(0.5):
                # just after a save, as most that can be forgotten comes in a row
                await world.changed.wait()
            if self._clock.monotonic() > weather.calm:
                return
            kept, known = copy_of(world), self._promises.kept()
            await self._clock.sleep(weather.between(0.0, LAST))
            if self._clock.monotonic() > weather.calm:
                return
            if world.made < kept["made"]:
                # a backup was put back meanwhile: that is not forgotten
                continue
            self._history.note("store", LOST)
            weather.faults[LOST] += 1
            put_back(world, kept)
            for job in self._promises.forget(known):
                self._history.note("store", f"has lost {job}")
                self._post_again(job)
            await self._away(world)

    async def _away(self, world: World) -> None:
        """Break all connections, and take none for a while."""
        world.is_down = True
        for listener in world.listeners:
            listener.put_nowait(None)
        waited, world.changed = world.changed, asyncio.Event()
        waited.set()
        await self._clock.sleep(self._weather.between(*AWAY))
        world.is_down = False


def copy_of(world: World) -> dict[str, Any]:
    """Copy what is stored: whatever is changed in place there, and no deeper."""
    kept = {name: getattr(world, name) for name in World.__slots__ if name not in LIVING}
    shallow = {name: copy(value) for name, value in kept.items()}
    for name in ("slots", "launches", "waiting", "paced", "suspects"):
        shallow[name] = {key: dict(value) for key, value in kept[name].items()}
    for name in ("records", "given"):
        shallow[name] = {key: copy(value) for key, value in kept[name].items()}
    shallow["heaps"] = {key: list(value) for key, value in kept["heaps"].items()}
    shallow["logs"] = {
        job: {attempt: dict(pieces) for attempt, pieces in attempts.items()}
        for job, attempts in world.logs.items()
    }
    return shallow


def put_back(world: World, kept: dict[str, Any]) -> None:
    """Let a store hold what it held when the copy was taken, which is used up by it."""
    # a connection to the logs holds on to them
    world.logs.clear()
    world.logs.update(kept.pop("logs"))
    for name, value in kept.items():
        setattr(world, name, value)


__all__ = ["LOST", "Lossy", "copy_of", "put_back"]
