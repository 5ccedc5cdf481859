"""Workers of an imagined world, and what they said and did."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from jobsched.domain.job import Job, JobId, Limits
from jobsched.domain.state import State, state_of
from jobsched.engine.parts import Parts
from jobsched.engine.sweep import sweep
from jobsched.errors import Unavailable
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeWorld
from jobsched.testing.simulator import SimulatedSpawn, Simulation
from jobsched.testing.virtual_time import VirtualClock
from jobsched.worker.dispatch import Dispatch, Pace
from jobsched.worker.watch import Watches


class Heard:
    """A log that a test reads."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, Any]]] = []

    def debug(self, event: str, **fields: Any) -> None:
        """Keep the line."""
        self.lines.append((event, fields))

    info = warning = error = exception = debug

    def told(self, event: str) -> list[dict[str, Any]]:
        """Give what was said with each event of that name."""
        return [fields for name, fields in self.lines if name == event]


class Watched:
    """Calls of one method of a fake: when they began, how many at once, which were cut off."""

    def __init__(self, fake: Any, method: str, *, lasts: float = 0.0, hangs: int = 0) -> None:
        self.began: list[float] = []
        self.cancelled: list[float] = []
        self.at_once = 0
        self.most_at_once = 0
        self._work = getattr(fake, method)
        self._lasts = lasts
        self._hangs = hangs
        setattr(fake, method, self._call)

    async def _call(self, *args: Any, **kwargs: Any) -> Any:
        clock = VirtualClock()
        self.began.append(clock.monotonic())
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            if len(self.began) <= self._hangs:
                await asyncio.Event().wait()
            await clock.sleep(self._lasts)
            return await self._work(*args, **kwargs)
        except asyncio.CancelledError:
            self.cancelled.append(clock.monotonic())
            raise
        finally:
            self.at_once -= 1


async def a_world(**settings: Any) -> Simulation:
    """Begin a world whose machines are ready as soon as they are there; its store keeps all."""
    settings.setdefault("limits", Limits(evidence=timedelta(0)))
    known = {"boot": settings.pop("boot", 0.0), "runs": settings.pop("runs", 1.0)}
    world = FakeWorld(clock=VirtualClock(), **known, code=settings.pop("code", 0))
    log = settings.pop("log", None) or Heard()
    simulation = await Simulation.begin(world=world, **settings)
    simulation.log = log
    return simulation


def parts_of(simulation: Simulation) -> Parts:
    """Put together a worker's parts, with a name of its own and the simulation's one runner."""
    parts = simulation.parts(worker=simulation.ids.holder())
    return replace(parts, registry=replace(parts.registry, runners={"fake": simulation.runner}))


def store_of(parts: Parts) -> MemoryStore:
    """Give the worker's own connection to the store, which a test may cut."""
    return cast("MemoryStore", cast("Any", parts.store)._store)


@contextlib.asynccontextmanager
async def at_work(parts: Parts, pace: Pace | None = None) -> AsyncIterator[Dispatch]:
    """Let one dispatch loop work, without sweeps; it leaves in order."""
    dispatch = Dispatch(parts, pace)
    loop = asyncio.ensure_future(dispatch.run())
    try:
        yield dispatch
    finally:
        dispatch.stop()
        await loop
        await put_away(parts)


@contextlib.asynccontextmanager
async def crew(simulation: Simulation, workers: int = 1) -> AsyncIterator[list[Parts]]:
    """Let whole workers work: dispatch, watches, and every 20 seconds a sweep."""
    async with contextlib.AsyncExitStack() as stack:
        all_parts = []
        for _ in range(workers):
            parts = parts_of(simulation)
            parts = replace(parts, watch=Watches(parts).ensure)
            await stack.enter_async_context(at_work(parts))
            parts.services.spawn.task(_sweep(parts, simulation), name="sweep")
            all_parts.append(parts)
        yield all_parts


async def _sweep(parts: Parts, simulation: Simulation) -> None:
    while True:
        await simulation.clock.sleep(simulation.sweep_every)
        with contextlib.suppress(Unavailable):
            if await parts.store.lock("sweep", parts.worker, lease=Pace().lease):
                await sweep(parts, simulation.provider)


async def put_away(parts: Parts) -> None:
    """End what a worker has left running, as the end of its process does."""
    tasks = list(cast("SimulatedSpawn", parts.services.spawn).tasks)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def seen_in(simulation: Simulation, job: JobId, state: State, within: float = 3600) -> Job:
    """Give the job as soon as it is in that state."""
    async with asyncio.timeout(within):
        while state_of(found := await simulation.job(job)) is not state:
            await simulation.clock.sleep(0.05)
    return found
