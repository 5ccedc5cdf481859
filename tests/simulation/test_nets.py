"""Two nets below the engine, each alone: the reaper, and the machine's own dead-man timer.

Machines are on that no worker will ever end: of a job whose record was lost, or is broken, and of
a request that came late. With both nets off they stay on: so it is the net that ends them.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import JobId
from jobsched.domain.state import State, state_of
from jobsched.engine.cancel import cancel
from jobsched.testing.fakes import FakeProvider, FakeWorld
from jobsched.testing.simulator import Life, Simulation
from jobsched.testing.virtual_time import VirtualClock, run
from tests.simulation.walk import Story, tell

MINUTE = 60.0
#: no orphan lives longer than this (P5)
LONGEST = 15 * MINUTE


@dataclass(frozen=True, kw_only=True)
class Nets:
    """Which of them are on."""

    reaper: bool
    dead_man: bool


async def begun(nets: Nets, **settings: Any) -> Simulation:
    """Make a world with these nets."""
    world = FakeWorld(clock=VirtualClock(), has_dead_man=nets.dead_man)
    reap_every = MINUTE if nets.reaper else 0.0
    return await Simulation.begin(world=world, reap_every=reap_every, **settings)


async def a_job_forgotten(simulation: Simulation) -> None:
    """Lose the record of a job whose machine is on: the store lost its last second."""
    job = await simulation.schedule(after=0, timeout=timedelta(minutes=30))
    await simulation.clock.sleep(10)
    del simulation.store_world.records[job]
    simulation.store_world.slots["fake"].clear()


async def a_record_broken(simulation: Simulation) -> None:
    """Break the record of a job whose machine is on: nobody knows whether it is in use."""
    job = await simulation.schedule(after=0, timeout=timedelta(minutes=30))
    await simulation.clock.sleep(10)
    simulation.store_world.records[job].document = b"{"


Trouble = Callable[[Simulation], Awaitable[None]]


def longest_life(nets: Nets, trouble: Trouble) -> float:
    """Let it happen, and give how many seconds its machine was on after it, up to three hours."""

    async def story() -> float:
        simulation = await begun(nets, through_codec=True)
        simulation.world.runs = 3 * 3600
        async with simulation.worker():
            await trouble(simulation)
            assert len(simulation.world.alive()) == 1
            since = simulation.clock.monotonic()
            while simulation.world.alive() and simulation.clock.monotonic() < since + 3 * 3600:
                await simulation.clock.sleep(1)
            return simulation.clock.monotonic() - since

    return run(story())


def test_without_nets_it_stays_on() -> None:
    """What these tests are about is no worker's to end."""
    nets = Nets(reaper=False, dead_man=False)
    assert longest_life(nets, a_job_forgotten) >= 3 * 3600
    assert longest_life(nets, a_record_broken) >= 3 * 3600


def test_the_reaper_alone_ends_a_machine_without_a_record() -> None:
    """Within five minutes, with the machine's own timer broken (R5, P5)."""
    assert longest_life(Nets(reaper=True, dead_man=False), a_job_forgotten) <= 5 * MINUTE


def test_the_reaper_alone_ends_a_machine_past_its_time() -> None:
    """Its timer is broken and its record cannot be read: it ends soon after `dies_at` (B5)."""
    dead_man = longest_life(Nets(reaper=False, dead_man=True), a_record_broken)
    reaper = longest_life(Nets(reaper=True, dead_man=False), a_record_broken)
    assert dead_man + 5 * MINUTE <= reaper <= dead_man + 8 * MINUTE


@pytest.mark.parametrize("trouble", [a_job_forgotten, a_record_broken])
def test_the_dead_man_alone_ends_a_machine_at_its_time(trouble: Trouble) -> None:
    """With no reaper a machine is on until its `dies_at`, and no longer (R5)."""
    nets = Nets(reaper=False, dead_man=True)
    assert 30 * MINUTE < longest_life(nets, trouble) < 90 * MINUTE


class Zombie(FakeProvider):
    """The first request takes effect long after its worker died."""

    def __init__(self, world: FakeWorld, late: float) -> None:
        super().__init__(world)
        self.late = late
        self.sent = asyncio.Event()

    async def provision(self, request: str) -> InstanceStatus:
        """Let it come late; the others are as usual."""
        if self.sent.is_set():
            return await super().provision(request)
        self.sent.set()
        loop = asyncio.get_running_loop()
        loop.call_later(self.late, self._arrives, json.loads(request))
        await asyncio.Event().wait()
        raise AssertionError

    def _arrives(self, order: dict[str, Any]) -> None:
        self.world.launched(order["token"]).order = order


async def _cancelled(simulation: Simulation, job: JobId) -> State:
    await cancel(simulation.parts(), job)
    [ended] = await simulation.ended(job)
    return state_of(ended)


@pytest.mark.parametrize("late", [5.0, 90.0, 1800.0])
@pytest.mark.parametrize("reaper", [True, False])
def test_a_launch_of_a_dead_worker_is_ended(late: float, *, reaper: bool) -> None:
    """It died between call and record, and the job was cancelled before its machine came (L14, P5).

    The reaper ends it within fifteen minutes, whenever it comes; without it the late ones stay on.
    """

    async def story() -> None:
        simulation = await begun(Nets(reaper=reaper, dead_man=False))
        provider = simulation.provider = Zombie(simulation.world, late)
        first = Life()
        dying = asyncio.ensure_future(simulation.work(first))
        job = await simulation.schedule(after=0)
        await provider.sent.wait()
        first.dead.set()
        await simulation.clock.sleep(1)
        async with simulation.worker():
            assert await _cancelled(simulation, job) is State.CANCELLED
            begin = simulation.clock.now()
            await simulation.clock.sleep(late + LONGEST)
            came = list(simulation.world.machines.values())
            assert len(came) == 1
            assert bool(simulation.world.alive()) == (not reaper and _is_late(came, begin))
        dying.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await dying

    run(story())


def _is_late(machines: list[Any], cancelled_at: datetime) -> bool:
    return any(one.launched_at > cancelled_at for one in machines)


def _long(simulation: Simulation) -> None:
    simulation.world.runs = 200


def test_the_reaper_ends_nothing_that_is_in_use() -> None:
    """It looks on while a job runs, and dies at any await of a pass: no machine is missed (R1)."""
    story = Story(prepare=_long, settings={"reap_every": MINUTE})
    whole = tell(story)
    assert (state_of(whole.job), whole.violations, whole.machines) == (State.FINISHED, [], 1)
    of_a_pass = [
        number
        for number, point in enumerate(whole.points[: whole.until_end], 1)
        if point.endswith(("check", "owned", "suspect", "use_permit", "see_reaper", "clear_alarm"))
    ]
    assert len(of_a_pass) > 20
    for point in of_a_pass:
        told = tell(story, dies_at=point)
        at = f"died at {point}: {told.points[point - 1]}"
        assert told.violations == [], at
        assert state_of(told.job) is State.FINISHED, at
        assert told.machines == 1, at
