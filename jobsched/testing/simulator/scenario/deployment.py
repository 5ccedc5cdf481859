"""A deployment for a scenario: nothing befalls its workers, and its lines are watched."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from jobsched.domain.job import Limits
from jobsched.services import FixedHistory
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator import Cast, Life, Simulation
from jobsched.testing.simulator.machines import Machines
from jobsched.testing.simulator.said import Interrupt
from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.provider import CloudProvider
from jobsched.testing.simulator.scenario.reclaim import Reclaims
from jobsched.testing.simulator.scenario.runner import CloudRunner
from jobsched.testing.simulator.scenario.waiting import Book, WatchedStore

#: seconds between two passes of the reaper, as in a worker
REAP_EVERY = 60.0


class Deployment(Simulation):
    """Workers, API and chores of the production code; made by `of`."""

    def __init__(self, *, book: Book, **settings: Any) -> None:
        super().__init__(**settings)
        self._book = book

    @classmethod
    async def of(
        cls, book: Book, provider: CloudProvider, runner: CloudRunner, limits: Limits
    ) -> Deployment:
        """Begin one that launches with this provider and runner."""
        found = await cls.begin(
            book=book,
            world=provider.world,
            limits=limits,
            reap_every=REAP_EVERY,
            # never: nothing is lost here that would have to be found again
            reconcile_every=0.0,
            answers_at_once=True,
        )
        history = FixedHistory()
        history.know([provider])
        found.cast = Cast(provider=provider, runner=runner, history=history, actions=(Interrupt(),))
        return found

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

    def boot(self, provider: CloudProvider, reclaims_per_hour: float, chance: Chance) -> None:
        """Let machines boot in their time, speak as the simulator's do, and be taken back."""
        machines = Machines(self)
        reclaims = Reclaims(provider, reclaims_per_hour, chance, machines.notice)

        def launched(machine: FakeMachine, order: dict[str, Any]) -> None:
            machine.ready_at += provider.boot_time(order)
            machines.boot(machine, order)
            reclaims.may_take(machine)

        provider.on_launch = launched

    @contextlib.asynccontextmanager
    async def at_work(self, workers: int) -> AsyncIterator[None]:
        """Have workers for the length of the block."""
        async with contextlib.AsyncExitStack() as stack:
            for _ in range(workers):
                task = asyncio.ensure_future(self.work(_Unharmed()))
                stack.push_async_callback(_ended, task)
            yield


class _Unharmed(Life):
    """The life of a worker whom nothing befalls."""

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask, and give the answer."""
        del names
        return await ask()


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


__all__ = ["Deployment"]
