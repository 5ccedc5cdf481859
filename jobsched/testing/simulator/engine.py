"""A Docker Engine in bad weather, within what the runner's contract allows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Container, Instance
from jobsched.errors import RunnerFailed
from jobsched.testing.fakes import FakeMachine, FakeRunner, FakeWorld
from jobsched.testing.simulator.weather import Weather


class StormyRunner(FakeRunner):
    """Loses questions and answers, carries starts out late, and cannot reach machines."""

    def __init__(self, world: FakeWorld, weather: Weather) -> None:
        super().__init__(world)
        self._weather = weather
        self._cut_off_until: dict[str, float] = {}
        self._under_way: list[asyncio.Task[None]] = []

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Create the container."""
        async with self._lossy("prepare"):
            return await super().prepare(instance, order)

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it, or do so when nobody waits for it any more."""
        if self._weather.strikes("start carried out late"):
            late = self._late(instance, container, self._weather.between(1, 200))
            self._under_way.append(asyncio.ensure_future(late))
            await self.world.clock.sleep(self._weather.between(1, 30))
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        async with self._lossy("start"):
            await super().start(instance, container)

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look at it."""
        async with self._lossy("inspect"):
            return await super().inspect(instance, container)

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Take its name away."""
        async with self._lossy("withdraw"):
            return await super().withdraw(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Stop it."""
        async with self._lossy("stop"):
            await super().stop(instance, container, grace)

    async def _late(self, instance: Instance, container: Container, seconds: float) -> None:
        await self.world.clock.sleep(seconds)
        with contextlib.suppress(RunnerFailed):
            await super().start(instance, container)

    def _reach(self, machine_id: str) -> FakeMachine:
        now = self.world.clock.monotonic()
        if self._weather.strikes("cut off"):
            self._cut_off_until[machine_id] = now + self._weather.between(20, 900)
        if now < self._cut_off_until.get(machine_id, 0):
            raise RunnerFailed("machine_unreachable", "imagined", effect="unknown")
        return super()._reach(machine_id)

    @contextlib.asynccontextmanager
    async def _lossy(self, what: str) -> AsyncIterator[None]:
        if self._weather.strikes(f"{what}'s question lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        yield
        if self._weather.strikes(f"{what}'s answer lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")


__all__ = ["StormyRunner"]
