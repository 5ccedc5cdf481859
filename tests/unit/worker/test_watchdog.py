"""The watchdog, with a clock that jumps as that of a blocked event loop seems to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, cast

from jobsched.domain.state import State, state_of
from jobsched.engine.parts import Parts
from jobsched.testing.virtual_time import VirtualClock, run
from jobsched.worker.watchdog import LOOK, MOST_LAG, TRUSTED_AFTER
from tests.unit.worker.crew import Heard, Watched, a_world, at_work, parts_of


class Jumping(VirtualClock):
    """A clock on which a block of the loop can be played."""

    def __init__(self) -> None:
        self._blocked = 0.0

    def monotonic(self) -> float:
        """Give seconds, those of blocks among them."""
        return super().monotonic() + self._blocked

    def block(self, seconds: float) -> None:
        """Let so much time pass in which nothing ran."""
        self._blocked += seconds


def with_clock(parts: Parts, clock: Jumping) -> Parts:
    """Give a worker the clock."""
    return replace(parts, services=replace(cast("Any", parts.services), clock=clock))


def test_a_blocked_worker_takes_no_new_work() -> None:
    """Blocked for more than five seconds it claims nothing until it kept its time for ten (Q5)."""

    async def story() -> None:
        heard, clock = Heard(), Jumping()
        simulation = await a_world(log=heard)
        async with at_work(with_clock(parts_of(simulation), clock)):
            await simulation.clock.sleep(1)
            clock.block(LOOK + MOST_LAG + 0.5)
            job = await simulation.schedule()
            await simulation.clock.sleep(LOOK + TRUSTED_AFTER - 1.5)
            found = (await simulation.job(job)).attempt
            assert found is None or found.launches == ()
            (ended,) = await simulation.ended(job, within=20)
        assert state_of(ended) is State.FINISHED
        (line,) = heard.told("loop.blocked")
        assert line["seconds"] > MOST_LAG

    run(story())


def test_what_it_has_in_hand_goes_on() -> None:
    """A block that is shorter than the lease costs no job its worker."""

    async def story() -> None:
        heard, clock = Heard(), Jumping()
        simulation = await a_world(log=heard)
        Watched(simulation.runner, "prepare", lasts=3)
        async with at_work(with_clock(parts_of(simulation), clock)):
            job = await simulation.schedule()
            await simulation.clock.sleep(1)
            clock.block(10)
            (ended,) = await simulation.ended(job, within=20)
        assert state_of(ended) is State.FINISHED
        assert heard.told("loop.blocked")
        assert heard.told("lease.over") == []

    run(story())


def test_a_short_block_is_nothing() -> None:
    """Up to five seconds are no reason to say anything, nor to take less."""

    async def story() -> None:
        heard, clock = Heard(), Jumping()
        simulation = await a_world(log=heard)
        async with at_work(with_clock(parts_of(simulation), clock)):
            await simulation.clock.sleep(1)
            clock.block(MOST_LAG - 0.5)
            job = await simulation.schedule()
            await simulation.ended(job, within=20)
        assert heard.told("loop.blocked") == []

    run(story())
