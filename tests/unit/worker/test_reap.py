"""The chore that reaps: every provider, one worker at a time, disks too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

from jobsched.contracts.provider import OwnedMachine, Provider
from jobsched.engine.parts import Parts
from jobsched.testing.fakes import FakeProvider
from jobsched.testing.virtual_time import run
from jobsched.worker import tasks
from jobsched.worker.dispatch import Pace
from tests.unit.engine.fleet import Fleet


class Littering(FakeProvider):
    """Machines leave disks behind."""

    name: ClassVar[str] = "littering"

    async def remove_leftovers(self) -> Sequence[str]:
        """Remove one each time."""
        return ["disk-1"]


class Hanging(FakeProvider):
    """It gives no list, ever."""

    name: ClassVar[str] = "hanging"

    async def owned(self) -> Sequence[OwnedMachine]:
        """Wait."""
        await asyncio.Event().wait()
        raise AssertionError


def at_work(there: Fleet, *providers: Provider, worker: str = "w") -> dict[str, Any]:
    """Give arq's context of a worker with these providers."""
    parts: Parts = there.parts(worker)
    loaded = {one.name: one for one in providers}
    parts = replace(parts, registry=replace(parts.registry, providers=loaded))
    return {tasks.WORKING: SimpleNamespace(parts=parts, pace=Pace())}


def test_a_silent_provider_keeps_no_other_from_its_reaper() -> None:
    """Machines and disks of the others are removed within the same minute (T8)."""

    async def story() -> None:
        there = await Fleet.begin()
        world = there.simulation.world
        context = at_work(there, Hanging(world), Littering(world))
        there.machine()
        for _ in range(2):
            begin = there.simulation.clock.monotonic()
            await tasks.reap(context)
            assert there.simulation.clock.monotonic() - begin < 60
            await there.simulation.clock.sleep(60)
        assert there.on() == []
        assert [one["leftover"] for one in there.said("leftover.removed")] == ["disk-1"] * 2
        assert {one["provider"] for one in there.said("reap.failed")} == {"hanging"}

    run(story())


def test_one_worker_reaps_at_a_time() -> None:
    """The other one finds the lock taken, and does nothing."""

    async def story() -> None:
        there = await Fleet.begin()
        littering = Littering(there.simulation.world)
        await tasks.reap(at_work(there, littering, worker="a"))
        await tasks.reap(at_work(there, littering, worker="b"))
        assert len(there.said("leftover.removed")) == 1
        await there.simulation.clock.sleep(60)
        await tasks.reap(at_work(there, littering, worker="b"))
        assert len(there.said("leftover.removed")) == 2

    run(story())


def test_a_store_that_was_emptied_ends_the_chore_and_not_the_worker() -> None:
    """It is said, and nothing is ended or removed (Q8)."""

    async def story() -> None:
        there = await Fleet.begin()
        context = at_work(there, Littering(there.simulation.world))
        there.machine()
        await tasks.reap(context)
        there.simulation.store_world.wipe()
        for _ in range(5):
            await there.simulation.clock.sleep(60)
            await tasks.reap(context)
        assert len(there.on()) == 1
        assert len(there.said("leftover.removed")) == 1
        skipped = there.said("reap.skipped")
        assert len(skipped) == 5
        assert "nobody has made it the store" in skipped[0]["error"]

    run(story())
