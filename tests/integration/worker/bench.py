"""Workers on a real Redis, with machines and containers of an imagined world."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobsched import bootstrap
from jobsched.builtin import OnTime, RedisLogs, Terminate, Update
from jobsched.config import Config
from jobsched.domain.job import Access, Job, JobId, Limits
from jobsched.domain.state import state_of
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.errors import Unavailable
from jobsched.hooks.load import Plugins, load
from jobsched.hooks.registry import Registry
from jobsched.queue import ArqChores
from jobsched.secrets import ConfiguredSecrets
from jobsched.services import RandomIds, RunningServices, StoreClock
from jobsched.store.redis import RedisStore
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
from tests.unit.worker.crew import Heard


class UnwatchedRunner(FakeRunner):
    """Tells nobody of an end: every watch of the imagined world hears every machine's."""

    def watch(self, access: Access) -> None:
        """Refuse."""


@dataclass(kw_only=True)
class Bench:
    """One world and one Redis, with as many workers as are asked for."""

    url: str
    folder: Path
    stack: contextlib.AsyncExitStack
    world: FakeWorld = field(
        default_factory=lambda: FakeWorld(clock=StoreClock(), boot=0, runs=0.3)
    )
    heard: Heard = field(default_factory=Heard)

    async def parts(self, *, works: bool = False, with_arq: bool = False) -> Parts:
        """Put parts together, for the API or for a worker, with a connection of their own."""
        store = await RedisStore.open(self.url, "bench")
        self.stack.push_async_callback(store.close)
        await store.stamp("fingerprint")
        services = RunningServices(
            deployment="bench",
            data_dir=self.folder,
            ca_dir=self.folder / "ca",
            settings={},
            log=self.heard,
        )
        self.stack.push_async_callback(services.spawn.close)
        registry = Registry(
            providers={"fake": FakeProvider(self.world)},
            runners={"fake": UnwatchedRunner(self.world)},
            planners={"on_time": OnTime()},
            log_stores={"logs": RedisLogs(store.logs())},
            actions={"update": Update(), "terminate": Terminate()},
            defaults={
                "provider": "fake",
                "runner": "fake",
                "planner": "on_time",
                "log_store": "logs",
            },
        )
        parts = Parts(
            store=store,
            registry=registry,
            services=services,
            secrets=ConfiguredSecrets(deployment_secret="of the bench alone"),
            store_url=self.url,
            limits=Limits(inspect_unwatched=timedelta(seconds=0.2)),
            worker=RandomIds().holder() if works else "",
        )
        if with_arq:
            chores = await ArqChores.open(self.url)
            self.stack.push_async_callback(chores.close)
            parts = replace(parts, chores=chores)
        return parts

    def config(self, **more: str) -> Config:
        """Read a configuration with nothing in it but this Redis."""
        named = {"JOBSCHED_REDIS_URL": self.url, "JOBSCHED_DATA_DIR": str(self.folder)}
        return bootstrap.configure(environ={**named, "JOBSCHED_PLUGINS": "local", **more})

    async def schedule(self, parts: Parts, **asked: Any) -> JobId:
        """Schedule a job that is due now."""
        wish = {"schedule": parts.now, "docker_image": "imagined", **asked}
        return (await submit(parts, wish)).id

    async def ended(self, parts: Parts, *jobs: JobId, within: float = 20) -> list[Job]:
        """Give the jobs as soon as all have ended."""
        found: dict[JobId, Job] = {}
        async with asyncio.timeout(within):
            for job in jobs:
                while not state_of(found.setdefault(job, await parts.store.read(job))).is_terminal:
                    await asyncio.sleep(0.05)
                    del found[job]
        return [found[job] for job in jobs]

    async def lasts(self, seconds: float) -> None:
        """Let time pass in which nothing must happen."""
        await asyncio.sleep(seconds)


def plugins() -> Plugins:
    """Give no plugins: nobody is told of changes."""
    return load(())


@contextlib.asynccontextmanager
async def bench(url: str, folder: Path) -> AsyncIterator[Bench]:
    """Open connections as they are asked for, and close them all."""
    async with contextlib.AsyncExitStack() as stack:
        yield Bench(url=url, folder=folder, stack=stack)


async def until(condition: Any, within: float = 10) -> None:
    """Return when a condition holds; fail after that many seconds."""
    async with asyncio.timeout(within):
        while True:
            with contextlib.suppress(Unavailable):
                found = condition()
                if await found if asyncio.iscoroutine(found) else found:
                    return
            await asyncio.sleep(0.02)
