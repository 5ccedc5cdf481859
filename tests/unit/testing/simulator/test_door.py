"""The API of a world: it is away, it dies, and it answers nothing once it is closed."""

from __future__ import annotations

import asyncio

import pytest

from jobsched.contracts.provider import Caps
from jobsched.engine.parts import Parts
from jobsched.errors import Unavailable
from jobsched.testing.simulator.crash import Place, Traps
from jobsched.testing.simulator.door import Door
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.process import Surroundings
from jobsched.testing.simulator.simulation import Simulation
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run


async def a_door(deaths: tuple[Place, ...] = (), pauses: tuple[Place, ...] = ()) -> Door:
    """Give the API of a world in which nothing goes wrong but what is aimed at."""
    clock = VirtualClock()
    around = Surroundings(
        weather=Weather(1, clock.monotonic, heat=0.0),
        history=History(clock.monotonic),
        traps=Traps(deaths, pauses),
        clock=clock,
    )
    return Door(await Simulation.begin(), around)


async def halted(parts: Parts) -> int:
    """Ask the store something."""
    return await parts.store.resume("a", Caps())


def test_whoever_asks_one_that_dies_asks_again() -> None:
    """Another process serves soon."""

    async def story() -> None:
        door = await a_door(deaths=(("store.resume", "before"),))
        with pytest.raises(Unavailable):
            await door(halted)
        await asyncio.sleep(10)
        assert await door(halted) == 0

    run(story())


def test_one_that_is_closed_while_it_stands_still_answers_nobody() -> None:
    """What it had done may be undone by then: a backup is put back."""

    async def story() -> None:
        door = await a_door(pauses=(("store.resume", "after"),))
        asked = asyncio.ensure_future(door(halted))
        await asyncio.sleep(1)
        door.close()
        with pytest.raises(Unavailable):
            await asked
        door.open()
        assert await door(halted) == 0

    run(story())
