"""The chore that sweeps: every provider, whatever is wrong with another one."""

from __future__ import annotations

import asyncio

import pytest

from jobsched.contracts.provider import Provider
from jobsched.engine.parts import Parts
from jobsched.errors import StoreUnavailable
from jobsched.testing.virtual_time import run
from jobsched.worker import tasks
from tests.unit.engine.fleet import Fleet
from tests.unit.worker.test_reap import Hanging, Littering, at_work


@pytest.mark.parametrize("is_silent", [True, False])
def test_a_provider_in_trouble_keeps_no_other_from_its_sweep(
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_silent: bool,
) -> None:
    """The first one gives no answer, or its records cannot be had: the second is looked at."""

    async def story() -> None:
        there = await Fleet.begin()
        swept: list[str] = []

        async def looked(_: Parts, provider: Provider) -> int:
            if isinstance(provider, Hanging):
                if not is_silent:
                    raise StoreUnavailable
                await asyncio.Event().wait()
            await there.simulation.clock.sleep(1)
            swept.append(provider.name)
            return 0

        monkeypatch.setattr(tasks, "sweep_provider", looked)
        world = there.simulation.world
        chore = asyncio.ensure_future(tasks.sweep(at_work(there, Hanging(world), Littering(world))))
        await asyncio.wait({chore}, timeout=30)
        assert swept == ["littering"]
        chore.cancel()
        await asyncio.wait({chore})

    run(story())


def test_the_next_sweep_may_be_another_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that has swept keeps nobody from it: 20 s later another one is asked by arq."""

    async def story() -> None:
        there = await Fleet.begin()
        swept: list[str] = []

        async def looked(parts: Parts, _: Provider) -> int:
            swept.append(parts.worker)
            return 0

        monkeypatch.setattr(tasks, "sweep_provider", looked)
        provider = Littering(there.simulation.world)
        for worker in ("one", "other"):
            await tasks.sweep(at_work(there, provider, worker=worker))
            await there.simulation.clock.sleep(20)
        assert swept == ["one", "other"]

    run(story())
