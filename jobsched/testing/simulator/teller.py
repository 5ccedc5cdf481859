"""A process that tells a plugin of each change, and dies in the middle."""

from __future__ import annotations

import asyncio
from typing import Final

from pluggy import PluginManager

from jobsched import hookimpl
from jobsched.contracts.change import Change
from jobsched.hooks import specs
from jobsched.hooks.load import Plugins
from jobsched.hooks.notify import notify_forever
from jobsched.hooks.report import LoadReport
from jobsched.testing.simulator.process import Died, ShortLife, Surroundings
from jobsched.testing.simulator.simulation import Simulation

#: seconds until one that died is started again
AGAIN: Final = (1.0, 30.0)


class Reader:
    """A plugin that hears of changes.

    Args:
        told: the ids of changes that it was told of.
    """

    def __init__(self, told: set[str]) -> None:
        self._told = told

    @hookimpl
    async def jobsched_job_changed(self, change: Change) -> None:
        """Keep its id."""
        self._told.add(change.id)


async def tell_forever(simulation: Simulation, around: Surroundings, told: set[str]) -> None:
    """Tell a plugin of changes, in one process after another."""
    manager = PluginManager("jobsched")
    manager.add_hookspecs(specs)
    manager.register(Reader(told), "reader")
    plugins = Plugins(manager=manager, report=LoadReport())
    while True:
        parts = simulation.parts(ShortLife("teller", around))
        try:
            await notify_forever(parts, plugins, "teller")
        except Died:
            await asyncio.sleep(around.weather.between(*AGAIN))


__all__ = ["Reader", "tell_forever"]
