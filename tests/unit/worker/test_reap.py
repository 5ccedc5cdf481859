"""The chore that reaps: every provider, one worker at a time, disks too."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from jobsched.contracts.provider import OwnedMachine, Provider
from jobsched.engine.parts import Parts
from jobsched.errors import StoreUnavailable
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
        await asyncio.gather(*(tasks.reap(at_work(there, littering, worker=one)) for one in "ab"))
        assert len(there.said("leftover.removed")) == 1

    run(story())


@pytest.mark.parametrize("fails", [True, False])
def test_each_pass_may_be_another_workers(monkeypatch: pytest.MonkeyPatch, *, fails: bool) -> None:
    """One that begins a little earlier in its minute is no less a pass: no lock is left behind."""

    async def story() -> None:
        there = await Fleet.begin()
        passes: list[str] = []

        async def reaped(parts: Parts, *_: object) -> int:
            passes.append(parts.worker)
            if fails:
                raise StoreUnavailable
            return 0

        monkeypatch.setattr(tasks, "reap_provider", reaped)
        littering = Littering(there.simulation.world)
        for one in "abc":
            await tasks.reap(at_work(there, littering, worker=one))
            await there.simulation.clock.sleep(59.5)
        assert passes == ["a", "b", "c"]

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
