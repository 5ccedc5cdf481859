"""Whoever schedules a job: asks again until it is accepted, and may change their mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, TypeVar

from jobsched.domain.job import Job, JobId
from jobsched.engine.cancel import cancel
from jobsched.engine.parts import Parts
from jobsched.engine.submit import submit
from jobsched.errors import InvalidInput, JobschedError, Unavailable
from jobsched.store.port import Accepted, Idempotency
from jobsched.testing.fakes import FakeProgram

if TYPE_CHECKING:
    from jobsched.testing.simulator.world import ImaginedWorld

T = TypeVar("T")

#: seconds within which users come, and within which their jobs are due
COME, SPREAD = 60.0, 420.0
#: the full hour of a world: many jobs are due then, and workers are deployed
HOUR: Final = 240.0
AT_THE_HOUR: Final = 0.4
#: seconds until a user who was not heard asks again
AGAIN: Final = (1.0, 10.0)
RETRIES: Final = ((), ("before_start",), ("before_start", "error", "interruption", "timeout"))
#: seconds that programs run, and their exit codes; many end before a start has been answered
RUNS: Final = (0.1, 0.1, 5.0, 60.0, 330.0)
CODES: Final = (0, 0, 0, 3)
TIMEOUTS: Final = (30, 300, 600)
#: how late a job may begin, and how many are in so much of a hurry
LATE, IN_A_HURRY = timedelta(minutes=3), 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one job is, and asks for."""

    program: FakeProgram
    retried: tuple[str, ...]


class User:
    """One user with one job.

    Args:
        world: in which they live.
        number: theirs.
    """

    def __init__(self, world: ImaginedWorld, number: int) -> None:
        self._world, self._weather = world, world.weather
        self._number = number
        #: what tells the program of the job, whatever its id
        self.image = f"wish-{number}"
        self.wish = self._wished()

    async def __call__(self) -> None:
        """Schedule the job; cancel it, perhaps."""
        world, weather = self._world, self._weather
        await world.clock.sleep(weather.between(0, COME))
        now = world.clock.monotonic()
        due = HOUR if weather.chance(AT_THE_HOUR) else weather.between(now, SPREAD)
        await self._change_mind(await self._schedule(due), due)

    async def post_again(self) -> None:
        """Schedule the job anew, now, as it was accepted and is lost."""
        await self._schedule(self._now())

    async def _schedule(self, due: float) -> JobId:
        weather = self._weather
        asked: dict[str, Any] = {
            "schedule": self._world.clock.now() + timedelta(seconds=due - self._now()),
            "docker_image": self.image,
            "retry": {"max_attempts": weather.one_of((1, 3)), "on": self.wish.retried},
            "timeout": timedelta(seconds=weather.one_of(TIMEOUTS)),
        }
        if weather.chance(IN_A_HURRY):
            asked["late_limit"] = LATE
        once = Idempotency(key=self.image, digest=self.image)

        async def work(parts: Parts) -> Accepted:
            try:
                return await submit(parts, asked, once)
            except InvalidInput:
                # nobody has heard for so long that its time is over: now, then
                asked["schedule"] = self._world.clock.now()
                return await submit(parts, asked, once)

        job = (await self._heard(work)).id
        self._world.accepted(job, self)
        self._world.history.note("user", f"scheduled {job} for {due:.3f}")
        return job

    async def _change_mind(self, job: JobId, due: float) -> None:
        weather = self._weather
        if weather.strikes("cancelled before the start"):
            await self._cancel(job, weather.between(0, max(due - self._now(), 1.0)))
        elif weather.strikes("cancelled around the start"):
            if weather.chance(0.5):
                self._world.on_prepared[job] = lambda: self._later(job, weather.between(0, 3))
            else:
                await self._cancel(job, max(due - self._now(), 0.0) + weather.between(-5, 60))
        elif weather.strikes("cancelled around the end"):
            runs = self.wish.program.runs
            after = max(runs + weather.between(-2, 6), 0.0)
            self._world.on_started[job] = lambda: self._later(job, after)

    def lose(self, job: JobId) -> None:
        """See the machine of the job go; cancel, perhaps."""
        if self._weather.chance(0.5):
            self._later(job, self._weather.between(0, 20))

    def _later(self, job: JobId, after: float) -> None:
        self._world.do(self._cancel(job, after))

    async def _cancel(self, job: JobId, after: float) -> None:
        await self._world.clock.sleep(max(after, 0.0))
        self._world.history.note("user", f"cancels {job}")

        async def work(parts: Parts) -> Job:
            return await cancel(parts, job)

        try:
            await self._heard(work)
            self._world.promises.cancelled(job)
        except JobschedError as error:
            self._world.history.note("user", f"hears: {error.message}")

    async def _heard(self, work: Callable[[Parts], Awaitable[T]]) -> T:
        """Ask until the API answers."""
        while True:
            try:
                return await self._world.simulation.ask(work)
            except Unavailable:
                await asyncio.sleep(self._weather.between(*AGAIN))

    def _wished(self) -> Wish:
        weather = self._weather
        program = FakeProgram(runs=weather.one_of(RUNS), code=weather.one_of(CODES))
        if weather.strikes("out of memory"):
            program = replace(program, oom=True, code=137)
        if weather.strikes("deaf to SIGTERM"):
            program = replace(program, asked=None)
        if weather.strikes("ends well when told to"):
            program = replace(program, asked=0)
        if weather.strikes("no such program"):
            program = replace(program, exists=False, code=127)
        return Wish(program=program, retried=weather.one_of(RETRIES))

    def _now(self) -> float:
        return self._world.clock.monotonic()


__all__ = ["COME", "HOUR", "SPREAD", "User", "Wish"]
