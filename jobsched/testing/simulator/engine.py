"""A Docker Engine in bad weather, within what the runner's contract allows."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Final

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus, MachineWarning
from jobsched.domain.job import Access, Container, Instance, JobId
from jobsched.errors import RunnerFailed
from jobsched.testing.fakes import FakeMachine, FakeRunner, FakeWorld
from jobsched.testing.simulator.books import IS_LATE
from jobsched.testing.simulator.weather import Weather

#: seconds for which a machine is cut off
CUT_OFF: Final = (20.0, 600.0)
#: seconds by which a start is carried out late, and after which its caller gives up
LATE, GIVEN_UP = (1.0, 200.0), (1.0, 30.0)
#: what a runner says of a pull that failed
AFTER_A_PULL: Final = ("later", "later", "replace")
#: seconds by which a hint comes late
HINT_LATE: Final = (1.0, 120.0)


class StormyRunner(FakeRunner):
    """Loses questions and answers, carries starts out late, and cannot reach machines."""

    def __init__(self, world: FakeWorld, weather: Weather) -> None:
        super().__init__(world)
        self._weather = weather
        self._cut_off_until: dict[str, float] = {}
        self._under_way: list[asyncio.Task[None]] = []
        #: machines that nobody ever reaches
        self.barred: set[str] = set()
        #: told of each job whose container is prepared, or started
        self.on_prepared: Callable[[JobId], None] = lambda _: None
        self.on_started: Callable[[JobId], None] = lambda _: None
        #: takes a machine away in the moment of a call; None: machines stay
        self.take: Callable[[FakeMachine, JobId], None] | None = None

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Get the image and create the container."""
        if self._weather.strikes("image not found"):
            raise RunnerFailed("image_not_found", "imagined", then="fail")
        if self._weather.strikes("pull fails"):
            raise RunnerFailed("pull_failed", "imagined", then=self._weather.one_of(AFTER_A_PULL))
        async with self._lossy("prepare"):
            container = await super().prepare(instance, order)
            self.on_prepared(order.job)
            return container

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it, or do so when nobody waits for it any more."""
        if self._weather.strikes("start carried out late"):
            late = self._late(instance, container, self._weather.between(*LATE))
            self._under_way.append(asyncio.ensure_future(late))
            await self.world.clock.sleep(self._weather.between(*GIVEN_UP))
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        self._perhaps_taken("machine lost at its start", instance, container)
        async with self._lossy("start"):
            await super().start(instance, container)
            self.on_started(job_of(container.name))
            if self._weather.strikes("container vanishes"):
                self._lose(instance, container)
                raise RunnerFailed("time_out", "imagined", effect="unknown")

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look at it."""
        async with self._lossy("inspect"):
            if self._weather.strikes("container vanishes"):
                self._lose(instance, container)
            return await super().inspect(instance, container)

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Take its name away."""
        async with self._lossy("withdraw"):
            return await super().withdraw(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Stop it."""
        self._perhaps_taken("machine lost at its stop", instance, container)
        async with self._lossy("stop"):
            await super().stop(instance, container, grace)

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Tell it what becomes of its machine."""
        if self._weather.strikes("warning lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        await super().warn(instance, container, warning)

    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove it."""
        if self._weather.strikes("removal lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        await super().remove(instance, container)

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Name ended containers; a name may be lost, come late, or twice."""
        return self._hints(access)

    async def _hints(self, access: Access) -> AsyncIterator[str]:
        weather = self._weather
        async for name in super()._names(access):
            if weather.strikes("hint lost"):
                continue
            if weather.strikes("hint late"):
                await self.world.clock.sleep(weather.between(*HINT_LATE))
            yield name
            if weather.strikes("hint doubled"):
                yield name

    async def _late(self, instance: Instance, container: Container, seconds: float) -> None:
        await self.world.clock.sleep(seconds)
        IS_LATE.set(True)
        with contextlib.suppress(RunnerFailed):
            await super().start(instance, container)
            self.on_started(job_of(container.name))

    def _perhaps_taken(self, fault: str, instance: Instance, container: Container) -> None:
        machine = self.world.by_id(instance.id)
        if machine and self.take and self._weather.strikes(fault):
            self.take(machine, job_of(container.name))

    def _lose(self, instance: Instance, container: Container) -> None:
        """Let somebody remove it by force."""
        machine = self.world.by_id(instance.id)
        one = machine.containers.pop(container.name, None) if machine else None
        if one is not None:
            one.phase = "gone"

    def _reach(self, machine_id: str) -> FakeMachine:
        now = self.world.clock.monotonic()
        if self._weather.strikes("machine cut off"):
            self._cut_off_until[machine_id] = now + self._weather.between(*CUT_OFF)
        if now < self._cut_off_until.get(machine_id, 0) or machine_id in self.barred:
            raise RunnerFailed("machine_unreachable", "imagined", effect="unknown")
        return super()._reach(machine_id)

    @contextlib.asynccontextmanager
    async def _lossy(self, what: str) -> AsyncIterator[None]:
        if self._weather.strikes(f"{what}'s question lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")
        yield
        if self._weather.strikes(f"{what}'s answer lost"):
            raise RunnerFailed("time_out", "imagined", effect="unknown")


def job_of(name: str) -> JobId:
    """Give the job of a container by its name."""
    return JobId(name.split("-")[1])


__all__ = ["StormyRunner"]
