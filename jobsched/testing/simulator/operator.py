"""Whoever runs the deployment: deploys, resumes, lets the reaper end, puts a backup back."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from jobsched.engine.force import force
from jobsched.engine.parts import Parts
from jobsched.engine.prune import prune
from jobsched.engine.restore import restore
from jobsched.engine.resume import resume
from jobsched.errors import JobschedError
from jobsched.store.world import World
from jobsched.testing.simulator.process import Died, HardLife, ShortLife

if TYPE_CHECKING:
    from jobsched.testing.simulator.world import ImaginedWorld

T = TypeVar("T")

#: seconds until a command that failed or died is typed again
AGAIN: Final = (1.0, 10.0)
#: seconds between two workers that are deployed
APART: Final = 20.0
#: seconds between two looks at alarms and halted providers
LOOK: Final = 60.0
#: seconds from the backup to the hour at which it is put back
OLD: Final = (60.0, 600.0)
#: seconds between two looks whether every job has been accepted
WAIT: Final = 30.0
#: longer than the retention of ended jobs
LONG_AFTER: Final = 31 * 24 * 3600.0


class Operator:
    """The operator of one world.

    Args:
        world: the one.
    """

    def __init__(self, world: ImaginedWorld) -> None:
        self._world, self._weather = world, world.weather

    async def command(self, what: str, work: Callable[[Parts], Awaitable[T]]) -> T:
        """Type a command until it has come to its end."""
        world = self._world
        while True:
            life = ShortLife("operator", world.around)
            world.history.note("operator", what)
            try:
                return await work(world.simulation.parts(life))
            except (Died, JobschedError) as error:
                world.history.note("operator", f"{what} fails: {error!r}")
            await asyncio.sleep(self._weather.between(*AGAIN))

    async def init(self) -> None:
        """Make the store the deployment's (`jobsched init --store`)."""
        await self.command("init", lambda parts: parts.store.stamp("simulated"))

    async def watch(self) -> None:
        """Look at alarms and halted providers from time to time, and do what they ask for."""
        while True:
            await asyncio.sleep(LOOK)
            store = self._world.simulation.store_world
            for name in sorted(store.halted):
                await self.command(f"resume {name}", _resuming(name))
            for alarm in sorted(store.alarms):
                kind, _, name = alarm.partition(":")
                if kind == "reap":
                    await self.force(name)

    async def force(self, name: str) -> None:
        """Let the reaper end many machines at once (`jobsched reap --force`)."""
        await self.command(f"reap {name} --force", lambda parts: force(parts, name))

    def deploy(self) -> None:
        """Tell each worker to stop, one after the other; another begins in its place."""
        loop = asyncio.get_running_loop()
        for number in range(len(self._world.lives)):
            loop.call_later(number * APART, self._stop, number)

    def stop_one(self) -> None:
        """Tell some worker to stop."""
        self._stop(int(self._weather.between(0, len(self._world.lives))))

    def _stop(self, number: int) -> None:
        life = self._world.lives[number]
        if life is not None:
            self._world.history.note("operator", f"stops worker {number}")
            life.leave()

    async def put_back(self) -> None:
        """Make a backup, put it back later, and restore (`jobsched restore`)."""
        world = self._world
        while len(world.wishes) < world.setting.jobs:
            await asyncio.sleep(WAIT)
        await asyncio.sleep(self._weather.between(0, 300))
        world.history.note("operator", "makes a backup")
        backup = copy_of(world.simulation.store_world)
        await asyncio.sleep(self._weather.between(*OLD))
        world.history.note("operator", "puts the backup back")
        world.close()
        world.coverage.see(world.simulation.store_world.changes)
        store = world.simulation.store_world = world.promises.put_back(backup)
        if ahead := [job for job, one in store.records.items() if one.forget_at is None]:
            world.sky.spoil(store, self._weather.one_of(ahead))
        world.sky.mend_later(store)
        epoch = world.simulation.ids.holder()
        await self.command("restore", lambda parts: _restored(parts, epoch))
        world.open()

    async def forget(self) -> None:
        """Long after the end of it all, have everything forgotten (the chore `prune`)."""
        await asyncio.sleep(LONG_AFTER)
        records = self._world.simulation.store_world.records
        while records:
            await self.command("prune", prune)


def _resuming(name: str) -> Callable[[Parts], Awaitable[int]]:
    return lambda parts: resume(parts, name)


async def _restored(parts: Parts, epoch: str) -> None:
    await parts.store.begin_restore(epoch)
    await restore(parts, lambda _: None)
    await parts.store.end_restore()


def copy_of(world: World) -> World:
    """Copy what is stored; whoever listens is left out, and records that cannot change are shared."""
    kept = {
        name: getattr(world, name) for name in World.__slots__ if name not in {"listeners", "changed"}
    }
    unchanging = [*(one.document for one in world.records.values()), *world.changes]
    return World(**copy.deepcopy(kept, {id(one): one for one in unchanging}))


__all__ = ["Operator", "copy_of"]
