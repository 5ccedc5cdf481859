"""Whoever runs the deployment: deploys, resumes, lets the reaper end, puts a backup back."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, TypeVar

from jobsched.domain.job import Job
from jobsched.domain.retry import asks_for_another
from jobsched.engine.force import force
from jobsched.engine.parts import Parts
from jobsched.engine.prune import prune
from jobsched.engine.restore import restore
from jobsched.engine.resume import resume
from jobsched.errors import JobschedError
from jobsched.store.owner import RESTORING
from jobsched.store.world import Record
from jobsched.testing.simulator.crash import DEATH, PAUSE
from jobsched.testing.simulator.lossy import copy_of, put_back
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
#: where a restoration, and what follows it, is to die, and to stand still, once
RESTORATION: Final = tuple(
    (point, side)
    for point in (
        "store.begin_restore",
        "store.hold_back",
        "save.Restored",
        "store.let_go",
        "store.end_restore",
    )
    for side in ("before", "after")
)
#: where a process that forgets jobs is to die, or to stand still
PRUNING: Final = tuple(
    (point, side) for point in ("store.prune", "logs.delete") for side in ("before", "after")
)
#: seconds from the backup to the hour at which it is put back
OLD: Final = (30.0, 300.0)
#: seconds for which a backup waits for a job of which another attempt may follow
ENDING: Final = 120.0
#: seconds between two looks whether every job has been accepted
WAIT: Final = 30.0
#: seconds within which somebody forces the reaper without need
FORCES: Final = (100.0, 900.0)
#: longer than the retention of ended jobs
LONG_AFTER: Final = 31 * 24 * 3600.0


class Operator:
    """The operator of one world.

    Args:
        world: the one.
    """

    def __init__(self, world: ImaginedWorld) -> None:
        self._world, self._weather = world, world.weather
        self._has_restored = False

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
            if self._has_restored and store.owner.endswith(RESTORING):
                # the store has lost the end of the restoration, and refuses everybody
                self._world.close()
                await self._restore()
            for name in sorted(store.halted):
                await self.command(f"resume {name}", _resuming(name))
            for alarm in sorted(store.alarms):
                kind, _, name = alarm.partition(":")
                if kind == "reap":
                    await self.force(name)

    async def force(self, name: str) -> None:
        """Let the reaper end many machines at once (`jobsched reap --force`)."""
        await self.command(f"reap {name} --force", lambda parts: force(parts, name))

    async def force_all(self) -> None:
        """Let it at some time, as operators do who have read of it."""
        await asyncio.sleep(self._weather.between(*FORCES))
        for name in sorted({one.provider for one in self._world.promises.store.records.values()}):
            await self.force(name)

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
        while len(world.users) < world.setting.jobs:
            await asyncio.sleep(WAIT)
        await asyncio.sleep(self._weather.between(0, 200))
        await self._some_job_ends()
        world.history.note("operator", "makes a backup")
        store = world.promises.store
        backup, known = copy_of(store), world.promises.kept()
        await asyncio.sleep(self._weather.between(*OLD))
        world.history.note("operator", "puts the backup back")
        world.close()
        for what in (DEATH, PAUSE):
            world.traps.lay(what, RESTORATION)
        # whoever is stopped has gone by then
        await asyncio.sleep(1)
        world.coverage.see(store.changes)
        put_back(store, backup)
        world.promises.forget(known, for_good=True)
        if ahead := [job for job, one in store.records.items() if one.forget_at is None]:
            world.sky.spoil(store, self._weather.one_of(ahead))
        world.sky.mend_later(store)
        await self._restore()

    async def _some_job_ends(self) -> None:
        """Wait, not for long, until a job is between two attempts: few backups have one that is."""
        store = self._world.promises.store
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ENDING):
                while not any(_is_between(record) for record in store.records.values()):
                    await store.changed.wait()

    async def _restore(self) -> None:
        """Type the command that puts right what was put back, and let everybody begin again."""
        epoch = self._world.simulation.ids.holder()
        await self.command("restore", lambda parts: _restored(parts, epoch))
        self._world.open()
        self._has_restored = True

    async def forget(self) -> None:
        """Long after the end of it all, have everything forgotten (the chore `prune`)."""
        await asyncio.sleep(LONG_AFTER)
        # one of them: who dies here has others forget what is left
        if self._world.has_places:
            number, half = divmod(self._world.seed, 2)
            place = PRUNING[number % len(PRUNING)]
            self._world.traps.lay((DEATH, PAUSE)[half], [place])
        records = self._world.simulation.store_world.records
        while records:
            life = HardLife("pruner", self._world.around)
            pruning = asyncio.ensure_future(prune(self._world.simulation.parts(life)))
            dead = asyncio.ensure_future(life.dead.wait())
            await asyncio.wait({pruning, dead}, return_when=asyncio.FIRST_COMPLETED)
            life.is_buried = True
            pruning.cancel()
            dead.cancel()
            await asyncio.gather(pruning, dead, return_exceptions=True)


def _is_between(record: Record) -> bool:
    job = record.document
    if record.state != "finishing" or not isinstance(job, Job):
        return False
    return asks_for_another(job) and job.cancel_at is None


def _resuming(name: str) -> Callable[[Parts], Awaitable[int]]:
    return lambda parts: resume(parts, name)


async def _restored(parts: Parts, epoch: str) -> None:
    await parts.store.begin_restore(epoch)
    await restore(parts, lambda _: None)
    await parts.store.end_restore()


__all__ = ["Operator"]
