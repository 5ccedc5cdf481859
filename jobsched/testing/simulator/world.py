"""One seed, one world: jobs, workers and machines in bad weather, until all has come to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.provider import Caps, Provider
from jobsched.domain.job import JobId
from jobsched.engine.cancel import cancel
from jobsched.errors import JobschedError
from jobsched.testing.fakes import FakeProgram
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.books import Books
from jobsched.testing.simulator.engine import StormyRunner
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.hosts import StormyProvider
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.process import HardLife
from jobsched.testing.simulator.promise import Broken, Promises, Witnessed
from jobsched.testing.simulator.simulation import Cast, Simulation
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run

#: jobs and workers of one world
JOBS, WORKERS = 100, 4
#: seconds within which the jobs' times lie
SPREAD = 900.0
#: seconds after the last fault within which everything must have ended
LONGEST = 24 * 3600.0
#: seconds after all jobs have ended in which whatever is under way comes to light, as of a worker
#: that stands still, and within which the last machine must be gone
STILL_UNDER_WAY, AFTERWARDS = 300.0, 900.0
#: faults that come of a machine of a cloud alone
OF_CLOUD = ("spot", "never boots", "ends slowly")
#: how many machines there may be, in one world or another
CAPS = (Caps(), Caps(), Caps(alive=30, per_second=0.5), Caps(alive=40, hourly=90))
RETRIES = ((), ("before_start",), ("before_start", "error", "interruption", "timeout"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a world is made of, besides its seed."""

    jobs: int = JOBS
    #: how often things go wrong; 1 is already far more often than in life
    heat: float = 1.0
    #: the two nets below the engine: the reaper, and the machines' own timers
    reaper: bool = True
    dead_man: bool = True
    #: what it is made for, if not for everything at once
    aim: Aim | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What one job is, and asks for."""

    program: FakeProgram
    retried: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Told:
    """How it went."""

    seed: int
    jobs: int
    faults: Counter[str]
    #: promises that were not kept
    broken: list[Broken]
    money: Money
    history: History
    #: virtual seconds
    seconds: float

    @property
    def violations(self) -> list[str]:
        """Broken promises, each in a line that begins with its name."""
        return [str(one) for one in self.broken]

    def explained(self) -> str:
        """Give each broken promise with the history of its job before it, for people."""
        lines = (self.history.before(one.line, one.job) for one in self.broken)
        return "\n\n".join(map(Broken.explained, self.broken, lines))


class ImaginedWorld:
    """One world.

    Args:
        seed: everything in it follows from this and the setting.
        setting: what it is made of.
    """

    def __init__(self, seed: int, setting: Setting) -> None:
        self.seed, self.setting = seed, setting
        aim = setting.aim
        self.clock = VirtualClock()
        self.history = History(self.clock.monotonic)
        self.weather = Weather(
            seed,
            self.clock.monotonic,
            heat=setting.heat,
            note=lambda fault: self.history.note("weather", fault),
            often=aim.faults if aim else None,
        )
        #: machines outlive their jobs, and say nothing by themselves
        self.lives_on = aim.lives_on if aim else self.weather.chance(0.25)
        if self.lives_on:
            self.weather.without(*OF_CLOUD)
        self.caps = aim.caps if aim else self.weather.one_of(CAPS)
        self.wishes: dict[JobId, Wish] = {}
        self.books = Books(
            clock=self.clock, says_ready=not self.lives_on, has_dead_man=setting.dead_man
        )
        self.promises = Promises(
            self.books,
            self.history,
            jobs=setting.jobs,
            calm=lambda: self.weather.calm,
            caps_of=lambda _: self.caps,
        )

    async def tell(self) -> Told:
        """Let it happen."""
        simulation = await self._begin()
        crews = [asyncio.ensure_future(self._crew(simulation, n)) for n in range(WORKERS)]
        users = [asyncio.ensure_future(self._user(simulation)) for _ in range(self.setting.jobs)]
        await asyncio.gather(*users)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONGEST):
                await self.promises.all_ended.wait()
        await self._calm(simulation)
        for task in crews:
            task.cancel()
        await asyncio.gather(*crews, return_exceptions=True)
        await self.promises.check_end(simulation)
        return Told(
            seed=self.seed,
            jobs=self.setting.jobs,
            faults=self.weather.faults,
            broken=self.promises.broken,
            money=self.promises.money,
            history=self.history,
            seconds=self.clock.monotonic(),
        )

    async def _calm(self, simulation: Simulation) -> None:
        """Let nothing go wrong any more, until nothing is on."""
        self.weather.calm = since = self.clock.monotonic()
        await self.clock.sleep(STILL_UNDER_WAY)
        while simulation.world.alive() and self.clock.monotonic() < since + AFTERWARDS:
            await self.clock.sleep(10)

    async def _begin(self) -> Simulation:
        aim = self.setting.aim
        books = self.books
        simulation = await Simulation.begin(
            world=books,
            store_world=self.promises.store,
            answers_at_once=True,
            wakes=lambda: self._times("wake"),
            hints=lambda: self._times("hint"),
            callbacks=lambda: self._times("callback"),
            reap_every=60.0 if self.setting.reaper else 0.0,
            reconcile_every=30.0 if not aim or aim.reconcile else 0.0,
        )
        simulation.log = cast("Any", self.promises)
        provider = StormyProvider(books, self.weather)
        provider.caps = self.caps
        provider.destroys_machine = not self.lives_on  # type: ignore[misc]  # of this one alone
        provider.on_launch = simulation.provider.on_launch
        simulation.provider, simulation.runner = provider, StormyRunner(books, self.weather)
        simulation.runner.reports_ends = not self.lives_on  # type: ignore[misc]  # likewise
        witnessed = cast("Provider", Witnessed(provider, books))
        simulation.cast = Cast(provider=witnessed, runner=simulation.runner)
        books.imagine = self._program
        return simulation

    def _times(self, signal: str) -> int:
        if self.weather.strikes(f"{signal} lost"):
            return 0
        return 1 + self.weather.strikes(f"{signal} doubled")

    def _program(self, order: ContainerOrder) -> FakeProgram:
        return self.wishes[order.job].program

    async def _crew(self, simulation: Simulation, number: int) -> None:
        """Have a worker, and another one when it has died."""
        while True:
            life = HardLife(f"worker {number}", self.weather, self.clock, self.history)
            await simulation.work(life)
            await self.clock.sleep(self.weather.between(1, 30))

    async def _user(self, simulation: Simulation) -> None:
        weather = self.weather
        retried = weather.one_of(RETRIES)
        after = weather.between(0, SPREAD)
        runs, code = weather.one_of((0.1, 5.0, 60.0, 600.0)), weather.one_of((0, 0, 3))
        job = await simulation.schedule(
            after=after,
            retry={"max_attempts": weather.one_of((1, 3)), "on": retried},
            timeout=timedelta(seconds=weather.one_of((30, 300, 1800))),
        )
        asked = 0 if weather.strikes("ends well when told to") else 143
        program = FakeProgram(runs=runs, code=code, asked=asked)
        self.wishes[job] = Wish(program=program, retried=retried)
        self.history.note("user", f"schedules {job} in {after:.3f} s")
        if weather.strikes("cancelled"):
            await self.clock.sleep(after + weather.between(-5, 60))
            self.history.note("user", f"cancels {job}")
            with contextlib.suppress(JobschedError):
                await cancel(simulation.api, job)


def tell(seed: int, setting: Setting | None = None) -> Told:
    """Let a world happen, from its beginning to its end."""

    async def work() -> Told:
        return await ImaginedWorld(seed, setting or Setting()).tell()

    return run(work())


__all__ = ["AFTERWARDS", "JOBS", "WORKERS", "ImaginedWorld", "Setting", "Told", "Wish", "tell"]
