"""A deployment in virtual time: workers, API, sweep, reconcile and reap of the production code.

Nothing of the logic is copied: workers run `jobsched.worker.dispatch` on the store in memory, with
a provider and runner that keep the books (`jobsched.testing.fakes`). A worker can be killed at
every await between it and the outside; the dead worker's calls never return. Wakes and hints can
be dropped or doubled (`signals`).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from jobsched.builtin import OnTime, RedisLogs, Terminate, Update
from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import History, Planner
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Log
from jobsched.domain.job import Job, JobId, Limits
from jobsched.domain.state import state_of
from jobsched.engine.outside import Outside, plugins_outside
from jobsched.engine.parts import Chores, Parts
from jobsched.engine.submit import submit
from jobsched.hooks.registry import Registry
from jobsched.secrets import ConfiguredSecrets
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Store
from jobsched.store.world import World
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
from jobsched.testing.life import Life
from jobsched.testing.simulated import (
    NoHistory,
    Silence,
    SimulatedIds,
    SimulatedServices,
    SimulatedSpawn,
)
from jobsched.testing.simulator.machines import Machines
from jobsched.testing.simulator.signals import Hinting, Waking
from jobsched.testing.virtual_time import VirtualClock
from jobsched.worker import tasks
from jobsched.worker.dispatch import Dispatch, Pace
from jobsched.worker.watch import Watches
from jobsched.worker.working import Working

if TYPE_CHECKING:
    from jobsched.testing.simulator.door import Door
    from jobsched.testing.simulator.queue import Queue

T = TypeVar("T")

#: seconds between two looks for an end
LOOK = 0.5

Chore = Callable[[dict[str, Any]], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cast:
    """The parts that a simulated deployment is made of, where they are not the imagined ones."""

    provider: Provider
    runner: Runner
    planner: Planner = field(default_factory=OnTime)
    #: None: logs lie beside the records
    log_store: LogStore | None = None
    #: besides ``update`` and ``terminate``, or in their place
    actions: tuple[CallbackAction, ...] = ()
    history: History = field(default_factory=NoHistory)


@dataclass(slots=True, kw_only=True)
class Simulation:
    """One imagined world with its store; workers come and go."""

    world: FakeWorld
    provider: FakeProvider
    runner: FakeRunner
    log: Log
    #: the parts under test; None: the imagined ones
    cast: Cast | None = None
    #: makes them for each process
    casting: Callable[[], Cast] | None = None
    #: whatever is asked of the API goes through it
    door: Door | None = None
    #: set where dispatch is done by arq alone
    queue: Queue | None = None
    #: keep documents as bytes, as a real store does
    through_codec: bool = False
    #: the store makes no pause after a call; its answers are lost by who stands in between
    answers_at_once: bool = False
    store_world: World = field(default_factory=World)
    #: what becomes of a wake: dropped (0), told once (1) or twice (2)
    wakes: Callable[[], int] = lambda: 1
    #: what becomes of a hint that a container ended, likewise
    hints: Callable[[], int] = lambda: 1
    #: what becomes of a callback of a machine, likewise
    callbacks: Callable[[], int] = lambda: 1
    #: seconds by which a callback comes late, when its machine has given up waiting; 0: at once
    lateness: Callable[[], float] = lambda: 0.0
    sweep_every: float = 20.0
    reconcile_every: float = 30.0
    #: seconds; 0: never, so that what the engine leaves on comes to light
    reap_every: float = 0.0
    #: that new jobs get
    limits: Limits = field(default_factory=Limits)
    clock: VirtualClock = field(default_factory=VirtualClock)
    ids: SimulatedIds = field(default_factory=SimulatedIds)
    secrets: ConfiguredSecrets = field(
        default_factory=lambda: ConfiguredSecrets(deployment_secret="simulated")  # noqa: S106 - nothing is secret here
    )
    #: chore → the last of its times that a worker took
    _turns: dict[str, float] = field(default_factory=dict)
    _api: tuple[World, Parts] | None = None

    @classmethod
    async def begin(cls, **settings: Any) -> Self:
        """Make a world and stamp its store."""
        clock = VirtualClock()
        world = settings.pop("world", None) or FakeWorld(clock=clock)
        simulation = cls(
            world=world,
            provider=FakeProvider(world),
            runner=FakeRunner(world),
            log=Silence(),
            **settings,
        )
        await simulation.store().stamp("simulated")
        simulation.provider.on_launch = Machines(simulation).boot
        return simulation

    def store(self) -> MemoryStore:
        """Give a connection to the store."""
        return MemoryStore(
            self.clock.now,
            deployment="simulated",
            world=self.store_world,
            through_codec=self.through_codec,
            answers_at_once=self.answers_at_once,
        )

    @property
    def api(self) -> Parts:
        """Give the parts of the API, which has no life to lose."""
        if self._api is None or self._api[0] is not self.store_world:
            self._api = self.store_world, self.parts()
        return self._api[1]

    def parts(self, life: Life | None = None, *, worker: str = "") -> Parts:
        """Put parts together as bootstrap does, for a worker with a life to lose."""
        store, given = self.store(), self._given()
        registry = _registry(given, given.log_store or RedisLogs(store.logs()))
        waking = Waking(store, self.wakes)
        services = SimulatedServices(
            clock=getattr(life, "clock", self.clock),
            ids=self.ids,
            spawn=SimulatedSpawn(self.log),
            log=self.log,
            history=given.history,
        )
        return Parts(
            store=cast("Store", _outside(waking, "store", life)),
            registry=plugins_outside(registry, life) if life else registry,
            services=services,
            secrets=self.secrets,
            chores=self.queue and cast("Chores", _outside(self.queue, "chores", life)),
            limits=self.limits,
            worker=worker,
        )

    def _given(self) -> Cast:
        if self.casting:
            return self.casting()
        return self.cast or Cast(provider=self.provider, runner=Hinting(self.world, self.hints))

    async def ask(self, work: Callable[[Parts], Awaitable[T]]) -> T:
        """Have the API do something."""
        return await (self.door(work) if self.door else work(self.api))

    async def schedule(self, *, after: float = 0.0, **asked: Any) -> JobId:
        """Schedule a job that many seconds from now; ``asked`` as in ``POST /schedule``."""
        schedule = self.clock.now() + timedelta(seconds=after)
        wish = {"schedule": schedule, "docker_image": "imagined", **asked}
        return (await submit(self.api, wish)).id

    async def work(self, life: Life) -> None:
        """Be a worker until its life ends, or this is cancelled."""
        parts = self.parts(life, worker=self.ids.holder())
        parts = replace(parts, watch=Watches(parts).ensure)
        spawn = cast("SimulatedSpawn", parts.services.spawn)
        pace = Pace()
        dispatch = Dispatch(parts, pace)
        loop = spawn.task(dispatch.run(claiming=self.queue is None), name="dispatch")
        # a worker that is told to stop, or whose loop died, ends
        loop.add_done_callback(lambda _: life.dead.set())
        at_work = Working(parts=parts, dispatch=dispatch, pace=pace, loop=loop)
        life.worker, life.leave = parts.worker, dispatch.stop
        if self.queue:
            self.queue.workers.append((life, at_work))
        for chore, every in self._chores():
            spawn.task(self._chore(chore, every, at_work), name=chore.__name__)
        try:
            await life.dead.wait()
        finally:
            # a dead process has no tasks: they hang at their points and are put away here
            life.is_buried = True
            if self.queue:
                self.queue.workers.remove((life, at_work))
            await spawn.end()

    @contextlib.asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Have a worker for the length of the block; it dies with it, without a word."""
        task = asyncio.ensure_future(self.work(Life()))
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    def _chores(self) -> tuple[tuple[Chore, float], ...]:
        return (
            (tasks.sweep, self.sweep_every),
            (tasks.reconcile, self.reconcile_every),
            (tasks.reap, self.reap_every),
        )

    async def _chore(self, chore: Chore, every: float, at_work: Working) -> None:
        """Do it each time that this worker is the first; arq hands a chore to one worker alone."""
        while every:
            turn = self.clock.monotonic() // every + 1
            await self.clock.sleep(turn * every - self.clock.monotonic())
            if self._turns.get(chore.__name__, 0.0) < turn:
                self._turns[chore.__name__] = turn
                await chore({tasks.WORKING: at_work})

    async def job(self, job: JobId) -> Job:
        """Read a job."""
        return await self.store().read(job)

    async def ended(self, *jobs: JobId, within: float = 7200.0) -> list[Job]:
        """Give the jobs when all have ended; it is looked at every half second.

        Raises:
            TimeoutError: they had not after that many seconds.
        """
        begun = self.clock.monotonic()
        async with asyncio.timeout(within):
            while True:
                changed = self.store_world.changed
                found = [await self.job(job) for job in jobs]
                if all(state_of(job).is_terminal for job in found):
                    return found
                # half seconds in which nothing was written are passed over, as they show nothing
                await changed.wait()
                await self.clock.sleep(LOOK - (self.clock.monotonic() - begun) % LOOK)


def _registry(given: Cast, logs: LogStore) -> Registry:
    names = {
        "provider": given.provider.name,
        "runner": given.runner.name,
        "planner": given.planner.name,
        "log_store": logs.name,
    }
    return Registry(
        providers={names["provider"]: given.provider},
        runners={names["runner"]: given.runner},
        planners={names["planner"]: given.planner},
        log_stores={names["log_store"]: logs},
        actions={one.name: one for one in (Update(), Terminate(), *given.actions)},
        defaults=names,
    )


def _outside(part: object, kind: str, life: Life | None) -> object:
    """Have a life between a process and a part, if it has one to lose."""
    return Outside(part, kind, life) if life else part


__all__ = [
    "Cast",
    "Life",
    "NoHistory",
    "SimulatedSpawn",
    "Simulation",
]
