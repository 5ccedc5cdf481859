"""Let a scenario happen: the production code on a store in memory, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobsched.domain.job import Job
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.services import FixedHistory
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator import Cast, Life, Simulation
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.cloud import CloudWorld
from jobsched.testing.simulator.scenario.provider import CloudProvider
from jobsched.testing.simulator.scenario.reclaim import Reclaims
from jobsched.testing.simulator.scenario.runner import CloudRunner
from jobsched.testing.simulator.scenario.scenario import Scenario
from jobsched.testing.simulator.scenario.waiting import Book, Wait, WatchedStore
from jobsched.testing.simulator.scenario.wish import Wish, wishes
from jobsched.testing.virtual_time import EPOCH, run

#: seconds between two passes of the reaper, as in a worker
REAP_EVERY = 60.0
#: longer than anything that a job may wait for beside its own limits
SPARE = timedelta(days=1)

#: told of each job that has ended, with the number 1
Told = Callable[[int], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """What happened."""

    scenario: Scenario
    seed: int
    #: when the scenario's own time begins
    zero: datetime
    #: by number, as are the jobs
    wishes: tuple[Wish, ...]
    #: as they ended
    jobs: tuple[Job, ...]
    waits: tuple[Wait, ...]
    #: machines that were taken back
    reclaimed: int


def play(scenario: Scenario, *, seed: int = 1, told: Told = lambda _: None) -> Played:
    """Run it to its end. The same scenario and seed give the same answer.

    Args:
        scenario: the question.
        seed: of everything that is left to chance.
        told: called for each job as it ends, with 1: so many more have.
    """
    return run(_play(scenario, seed, told))


class _Deployment(Simulation):
    """A deployment whose lines are watched."""

    def __init__(self, *, book: Book, **settings: Any) -> None:
        super().__init__(**settings)
        self._book = book

    def store(self) -> MemoryStore:
        """Give a connection to the store."""
        return WatchedStore(
            self.clock.now,
            deployment="simulated",
            world=self.store_world,
            through_codec=self.through_codec,
            answers_at_once=self.answers_at_once,
            book=self._book,
        )


class _Unharmed(Life):
    """The life of a worker whom nothing befalls."""

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask, and give the answer."""
        del names
        return await ask()


async def _play(scenario: Scenario, seed: int, told: Told) -> Played:
    chance, book = Chance(seed), Book()
    asked = wishes(scenario, chance, EPOCH)
    world, reclaims = CloudWorld(), scenario.machines.reclaims_per_hour
    simulation = await _Deployment.begin(
        book=book,
        world=world,
        limits=scenario.limits,
        reap_every=REAP_EVERY,
        # never: nothing is lost here that would have to be found again
        reconcile_every=0.0,
        answers_at_once=True,
    )
    provider = CloudProvider(world, scenario.machines, chance)
    history = FixedHistory()
    history.know([provider])
    runner = CloudRunner(world, asked, chance)
    simulation.cast = Cast(provider=provider, runner=runner, history=history)
    _boot(simulation, provider, Reclaims(simulation, provider, reclaims, chance))
    over = _counted(book, len(asked), told)
    async with _at_work(simulation, scenario.workers), asyncio.timeout(_longest(asked)):
        await _post(simulation.api, asked)
        await over.wait()
    return Played(
        scenario=scenario,
        seed=seed,
        zero=EPOCH + scenario.machines.lead,
        wishes=asked,
        jobs=await _jobs(simulation),
        waits=tuple(book.waits),
        reclaimed=len(provider.taken),
    )


def _boot(simulation: Simulation, provider: CloudProvider, reclaims: Reclaims) -> None:
    """Let machines boot in their time, speak as the simulator's do, and be taken back."""
    agents = simulation.provider.on_launch

    def launched(machine: FakeMachine, order: dict[str, Any]) -> None:
        machine.ready_at += provider.boot_time(order)
        if agents:
            agents(machine, order)
        reclaims.may_take(machine)

    provider.on_launch = launched


def _counted(book: Book, jobs: int, told: Told) -> asyncio.Event:
    """Count ends; give the event that all have ended."""
    over, ended = asyncio.Event(), 0

    def count() -> None:
        nonlocal ended
        ended += 1
        told(1)
        if ended == jobs:
            over.set()

    book.on_end = count
    return over


@contextlib.asynccontextmanager
async def _at_work(simulation: Simulation, workers: int) -> Any:
    """Have workers for the length of the block."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(workers):
            task = asyncio.ensure_future(simulation.work(_Unharmed()))
            stack.push_async_callback(_ended, task)
        yield


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def _post(parts: Parts, asked: Sequence[Wish]) -> None:
    for wish in sorted(asked, key=lambda one: (one.posted_at, one.number)):
        if wish.posted_at > parts.now:
            await asyncio.sleep((wish.posted_at - parts.now).total_seconds())
        await submit(parts, wish.body())


async def _jobs(simulation: Simulation) -> tuple[Job, ...]:
    store = simulation.store()
    found = [await store.read(job) for job in simulation.store_world.records]
    return tuple(sorted(found, key=lambda job: int(job.spec.cmd[0])))


def _longest(asked: Sequence[Wish]) -> float:
    """Give seconds after which every job must have ended, by its own limits."""
    latest = max(wish.start_at for wish in asked) - EPOCH
    return (latest + max(_limit(wish) for wish in asked)).total_seconds()


def _limit(wish: Wish) -> timedelta:
    asked = wish.group.asked
    attempts: int = asked.get("retry", {}).get("max_attempts", 3)
    limit: timedelta = asked["late_limit"] + asked["timeout"] + SPARE
    return limit * attempts


__all__ = ["Played", "Told", "play"]
