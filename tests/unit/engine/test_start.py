"""A start whose answer is lost, or whose worker wakes up late, is made once."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Container, Instance, Limits
from jobsched.domain.state import State, reason_of, state_of
from jobsched.errors import RunnerFailed
from jobsched.testing.simulator import Cast, Life, Simulation, violations
from jobsched.testing.virtual_time import run


class Asleep(Life):
    """A worker's life that stands still once, for 50 seconds, where a request is to be sent."""

    def __init__(self, simulation: Simulation, before: str) -> None:
        super().__init__()
        self._clock = simulation.clock
        self._before = f"before {before}"
        self._until = 0.0
        self.asleep = asyncio.Event()

    async def point(self, name: str) -> None:
        """Pass the point, or fall asleep; nothing of a worker that sleeps goes on."""
        if name == self._before and not self._until:
            self._until = self._clock.monotonic() + 50
            self.asleep.set()
        await self._clock.sleep(max(0.0, self._until - self._clock.monotonic()))
        await super().point(name)


async def a_world(runs: float) -> Simulation:
    """Begin a world with one runner, that a test may change."""
    simulation = await Simulation.begin()
    simulation.world.runs = runs
    simulation.cast = Cast(provider=simulation.provider, runner=simulation.runner)
    return simulation


@pytest.mark.parametrize("late", [0.0, 40.0, 90.0])
def test_a_start_without_an_answer_is_made_once(late: float) -> None:
    """It took effect at once, or is carried out when nobody waits for it any more (D2)."""

    async def story() -> None:
        simulation = await a_world(runs=120.0)
        start = simulation.runner.start
        sent: list[asyncio.Task[None]] = []

        async def under_way(*asked: Any) -> None:
            await simulation.clock.sleep(late)
            with contextlib.suppress(RunnerFailed):
                await start(*asked)

        async def unanswered(*asked: Any) -> None:
            if sent:
                await start(*asked)
                return
            sent.append(asyncio.ensure_future(under_way(*asked)))
            await simulation.clock.sleep(30)
            raise RunnerFailed("time_out", "no answer to a start", effect="unknown")

        simulation.runner.start = unanswered  # type: ignore[method-assign, assignment]
        async with simulation.worker():
            (ended,) = await simulation.ended(await simulation.schedule())
            await simulation.clock.sleep(300)

        assert state_of(ended) is State.FINISHED
        assert sum(simulation.world.starts.values()) == 1
        assert violations(simulation, [ended]) == []

    run(story())


@pytest.mark.parametrize("before", ["runner.inspect", "runner.start"])
def test_a_worker_that_wakes_up_late_starts_nothing(before: str) -> None:
    """Another one has taken its job over: what it was about to send finds nothing (D2, D3)."""

    async def story() -> None:
        simulation = await a_world(runs=300.0)
        job = await simulation.schedule()
        life = Asleep(simulation, before)
        first = asyncio.ensure_future(simulation.work(life))
        await life.asleep.wait()
        async with simulation.worker():
            (ended,) = await simulation.ended(job)
            await simulation.clock.sleep(300)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first

        assert state_of(ended) is State.FINISHED
        assert sum(simulation.world.starts.values()) == 1
        assert violations(simulation, [ended]) == []

    run(story())


def test_a_worker_that_wakes_up_late_concludes_nothing() -> None:
    """What it finds gone was started meanwhile by one that has died, and was removed (D3)."""

    async def story() -> None:
        simulation = await a_world(runs=300.0)
        start, second = simulation.runner.start, Life()

        async def last_deed(instance: Instance, container: Container) -> None:
            await start(instance, container)
            if not second.dead.is_set():
                second.dead.set()
                for machine in simulation.world.alive():
                    machine.containers.clear()
                raise RunnerFailed("time_out", "no answer to a start", effect="unknown")

        simulation.runner.start = last_deed  # type: ignore[method-assign]
        job = await simulation.schedule()
        life = Asleep(simulation, "runner.inspect")
        first = asyncio.ensure_future(simulation.work(life))
        await life.asleep.wait()
        await simulation.work(second)
        (ended,) = await simulation.ended(job)
        first.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await first

        assert sum(simulation.world.starts.values()) == 1
        assert reason_of(ended) == "outcome_unknown"

    run(story())


@pytest.mark.parametrize(
    ("evidence", "ends"),
    [
        (timedelta(0), (State.FINISHED, "finished", 1)),
        (timedelta(seconds=3), (State.FAILED, "outcome_unknown", 0)),
    ],
    ids=["a store that keeps all", "a store that may forget"],
)
def test_a_container_that_is_gone_before_its_grant(
    evidence: timedelta, ends: tuple[State, str, int]
) -> None:
    """It was never granted its start, unless the store may have forgotten that (P3)."""

    async def story() -> tuple[State, str, int]:
        simulation = await Simulation.begin(limits=Limits(evidence=evidence))
        simulation.cast = Cast(provider=simulation.provider, runner=simulation.runner)
        prepare = simulation.runner.prepare
        lost: list[str] = []

        async def prepared(instance: Instance, order: ContainerOrder) -> Container:
            container = await prepare(instance, order)
            if not lost:
                lost.append(container.name)
                (machine,) = simulation.world.alive()
                machine.containers.clear()
            return container

        simulation.runner.prepare = prepared  # type: ignore[method-assign]
        job = await simulation.schedule()
        async with simulation.worker():
            (ended,) = await simulation.ended(job)
        return state_of(ended), reason_of(ended), sum(simulation.world.starts.values())

    assert run(story()) == ends
