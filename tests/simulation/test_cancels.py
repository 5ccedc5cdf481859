"""A user cancels at every await of the worker in turn: the job ends soon, and leaves nothing."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from jobsched.domain.job import Job
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.errors import AlreadyEnded
from jobsched.testing.life import Life
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import run
from tests.simulation.walk import AFTERWARDS

pytestmark = pytest.mark.timeout(120)

#: seconds from a cancel to the end: a stop, the logs, a machine that is seen to be gone
SOON = 60.0


class Disturbed(Life):
    """A worker's life in which, after the n-th await, something else happens first."""

    def __init__(self, after: int, happens: Callable[[], Awaitable[None]]) -> None:
        super().__init__()
        self._after = after
        self._happens = happens

    async def point(self, name: str) -> None:
        """Pass a point."""
        await super().point(name)
        if len(self.points) == self._after:
            await self._happens()


@dataclass(kw_only=True)
class Told:
    """How it ended."""

    job: Job
    points: list[str]
    violations: list[str]
    starts: int
    #: seconds from the cancel to the end; nothing where it came too late
    took: list[float] = field(default_factory=list)


async def _tell(prepare: Callable[[Simulation], None], after: int) -> Told:
    simulation = await Simulation.begin()
    prepare(simulation)
    cancelled: list[float] = []

    async def cancels() -> None:
        with contextlib.suppress(AlreadyEnded):
            await cancel(simulation.parts(), job)
            cancelled.append(simulation.clock.monotonic())

    life = Disturbed(after, cancels)
    job = await simulation.schedule(after=3.0)
    worker = asyncio.ensure_future(simulation.work(life))
    try:
        ended = await simulation.ended(job)
        took = [simulation.clock.monotonic() - at for at in cancelled]
        points = list(life.points)
        await simulation.clock.sleep(AFTERWARDS)
    finally:
        worker.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await worker
    return Told(
        job=ended[0],
        points=points,
        violations=violations(simulation, ended),
        starts=sum(simulation.world.starts.values()),
        took=took,
    )


def _usual(simulation: Simulation) -> None:
    del simulation


def _lives_on(simulation: Simulation) -> None:
    simulation.provider.destroys_machine = False  # type: ignore[misc]  # this world's machines outlive their job


def _speaks(simulation: Simulation) -> None:
    simulation.world.says_ready = True


@pytest.mark.parametrize("prepare", [_usual, _lives_on, _speaks])
def test_a_job_may_be_cancelled_at_every_await(prepare: Callable[[Simulation], None]) -> None:
    """In the middle of a launch, between grant and start, anywhere: it ends so (A9, L15)."""
    whole = run(_tell(prepare, 0))
    assert (state_of(whole.job), whole.took) == (State.FINISHED, [])
    ends = set()
    for point in range(1, len(whole.points) + 1):
        told = run(_tell(prepare, point))
        at = f"cancelled at {point}: {told.points[min(point, len(told.points)) - 1]}"
        assert told.violations == [], at
        assert told.starts <= 1, at
        assert state_of(told.job) in {State.CANCELLED, State.FINISHED}, f"{at}: {told.job}"
        assert all(seconds <= SOON for seconds in told.took), f"{at}: {told.took}"
        ends.add((state_of(told.job), reason_of(told.job), told.starts))
    # before its start, after it, and too late
    assert {(State.CANCELLED, "cancelled", 0), (State.CANCELLED, "cancelled", 1)} <= ends
