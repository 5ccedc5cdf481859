"""Whole worlds in bad weather: whatever goes wrong beside whatever else, the promises hold.

`JOBSCHED_STORM_WORLDS=1000` tries so many worlds in the place of a few, and says how they went.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, cast

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.errors import JobschedError
from jobsched.testing.fakes import FakeProgram
from jobsched.testing.simulator import Cast, Simulation, violations
from jobsched.testing.virtual_time import run
from tests.simulation.stormy import StormyProvider, StormyRunner
from tests.simulation.weather import Hard, Weather

WORLDS = int(os.environ.get("JOBSCHED_STORM_WORLDS", "10"))
#: worlds of one test, which has a time limit
AT_ONCE = 5
JOBS = 12
WORKERS = 3
#: machines that outlive their job are not taken away by anybody, and never gone by themselves
OF_DESTROYED = frozenset({"spot", "never boots", "ends slowly"})
RETRIES = ((), ("before_start",), ("before_start", "error", "interruption", "timeout"))


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What one job is, and asks for."""

    program: FakeProgram
    retried: tuple[str, ...]


@dataclass(kw_only=True)
class Storm:
    """One world."""

    seed: int
    heat: float
    lives_on: bool
    weather: Weather = field(init=False)
    wishes: dict[JobId, Wish] = field(default_factory=dict)
    #: exceptions that nobody should have raised
    bugs: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Make its weather."""
        self.weather = Weather(self.seed, self.heat, OF_DESTROYED if self.lives_on else frozenset())

    async def tell(self) -> list[Job]:
        """Let jobs run in it; give them when all have ended, long after the last fault."""
        simulation = await self._begin()
        tasks = [asyncio.ensure_future(self._crew(simulation)) for _ in range(WORKERS)]
        for _ in range(JOBS):
            tasks += await self._schedule(simulation)
        ended = await simulation.ended(*self.wishes, within=12 * 3600)
        await simulation.clock.sleep(1200)
        for task in tasks:
            task.cancel()
        self.bugs += violations(simulation, [])
        self.bugs += [broken for job in ended for broken in self._of_job(simulation, job)]
        return ended

    async def _begin(self) -> Simulation:
        simulation = await Simulation.begin()
        simulation.log = cast("Any", self)
        simulation.provider = StormyProvider(simulation.world, self.weather)
        simulation.provider.destroys_machine = not self.lives_on  # type: ignore[misc]  # of this one alone
        simulation.runner = StormyRunner(simulation.world, self.weather)
        simulation.cast = Cast(provider=simulation.provider, runner=simulation.runner)
        simulation.world.imagine = self._program
        return simulation

    def _program(self, order: ContainerOrder) -> FakeProgram:
        return self.wishes[order.job].program

    async def _crew(self, simulation: Simulation) -> None:
        """Have a worker, and another one when it has died."""
        while True:
            await simulation.work(Hard(self.weather))
            await simulation.clock.sleep(self.weather.between(1, 30))

    async def _schedule(self, simulation: Simulation) -> list[asyncio.Task[None]]:
        weather = self.weather
        retried = cast("tuple[str, ...]", weather.one_of(*RETRIES))
        after = weather.between(0, 600)
        job = await simulation.schedule(
            after=after,
            retry={"max_attempts": weather.one_of(1, 3), "on": retried},
            timeout=timedelta(seconds=cast("int", weather.one_of(30, 300, 1800))),
        )
        runs, code = weather.one_of(0.1, 5, 60, 600), weather.one_of(0, 0, 3)
        program = FakeProgram(runs=cast("float", runs), code=cast("int", code))
        self.wishes[job] = Wish(program=program, retried=retried)
        if not weather.strikes("cancel", 0.1):
            return []
        return [asyncio.ensure_future(_cancelled(simulation, job, after + weather.between(0, 60)))]

    def _of_job(self, simulation: Simulation, job: Job) -> list[str]:
        """Say what was promised to a job and not kept, by the world's own books."""
        wish, starts = self.wishes[job.id], simulation.world.starts
        total = sum(times for name, times in starts.items() if job.id in name)
        broken = []
        for attempt in (*job.past, *([job.attempt] if job.attempt else [])):
            prefix = f"jobsched-{job.id}-{attempt.no}-"
            times = sum(n for name, n in starts.items() if name.startswith(prefix))
            if times > 1:
                broken.append(f"attempt {attempt.no} of {job.id} was started {times} times")
        if total > 1 and not set(wish.retried) - {"before_start"}:
            broken.append(f"{job.id} was started {total} times, and asked for no retry")
        if state_of(job) is State.FINISHED and (wish.program.code or not total):
            broken.append(f"{job.id} is called finished and is not")
        return broken

    def debug(self, event: str, **fields: Any) -> None:
        """Be a log that tells of bugs alone."""

    info = warning = error = debug

    def exception(self, event: str, **fields: Any) -> None:
        """Keep a bug."""
        self.bugs.append(f"{event}: {fields}")


async def _cancelled(simulation: Simulation, job: JobId, after: float) -> None:
    await simulation.clock.sleep(after)
    with contextlib.suppress(JobschedError):
        await cancel(simulation.parts(), job)


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize("first", range(0, WORLDS, AT_ONCE))
def test_the_promises_hold_in_any_weather(first: int) -> None:
    """P2 to P6: every job ends, starts once an attempt, alone, as told, and leaves nothing on."""
    faults: Counter[str] = Counter()
    ends: Counter[str] = Counter()
    for seed in range(first, min(first + AT_ONCE, WORLDS)):
        storm = Storm(seed=seed, heat=1.0 + seed % 3, lives_on=seed % 4 == 3)
        ends.update(reason_of(job) for job in run(storm.tell()))
        faults += storm.weather.faults
        assert storm.bugs == [], f"seed {seed}"
    print(f"{faults.total()} faults of {len(faults)} kinds; ends: {dict(ends)}")  # noqa: T201 - the figures of a long run
    assert faults.total() > 50 * AT_ONCE
