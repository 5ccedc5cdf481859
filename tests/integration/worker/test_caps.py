"""Eight workers on one real Redis keep to what a provider may be asked for."""

from __future__ import annotations

import contextlib
from collections import Counter

import pytest
import redis.asyncio

from jobsched.contracts.provider import Caps
from jobsched.domain.state import reason_of, state_of
from jobsched.engine.parts import Parts
from jobsched.errors import ProviderFailed
from jobsched.testing.fakes import FakeProvider
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working
from tests.integration.worker.bench import Bench, plugins, until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(90)]

WORKERS = 8
SMALL = Pace(claim=3)


async def crew(bench: Bench, caps: Caps) -> list[Parts]:
    """Give eight workers whose provider has these caps, each with connections of its own."""
    workers = [await bench.parts(works=True) for _ in range(WORKERS)]
    for parts in workers:
        parts.registry.provider("fake").caps = caps
    return workers


async def waiting(bench: Bench) -> int:
    """Count the jobs that wait for a launch, be it for a cap or for the pace."""
    async with redis.asyncio.Redis.from_url(bench.url) as raw:
        for_caps = await raw.zcard("jobsched:waiting:fake")
        return int(for_caps + await raw.zcard("jobsched:paced:fake"))


async def test_eight_workers_pass_neither_cap_nor_pace(bench: Bench) -> None:
    """Of 50 jobs that are due at once 30 begin, at the pace, with five machines alive at most."""
    caps = Caps(alive=5, hourly=30, per_second=8)
    api, workers = await bench.parts(), await crew(bench, caps)
    jobs = [await bench.schedule(api) for _ in range(50)]

    async def settled() -> bool:
        """Say whether those that may run have ended, and the others wait."""
        if len(bench.world.starts) < 30 or await waiting(bench) < 20:
            return False
        ended = [state_of(await api.store.read(job)).is_terminal for job in jobs]
        return Counter(ended) == {True: 30, False: 20}

    async with contextlib.AsyncExitStack() as stack:
        for parts in workers:
            await stack.enter_async_context(working(parts, plugins(), SMALL))
        await until(settled, within=75)
        await bench.lasts(2)
    assert len(bench.world.machines) == len(bench.world.starts) == 30
    assert bench.world.most_alive <= 5
    async with redis.asyncio.Redis.from_url(bench.url) as raw:
        launches = await raw.zrange("jobsched:launches:fake", 0, -1, withscores=True)
    times = [at / 1_000_000 for _, at in launches]
    assert len(times) == 30
    for first, start in enumerate(times):
        for last, end in enumerate(times[first:], start=first):
            assert last - first + 1 <= 8 * (end - start) + 8 + 1e-3
    assert await waiting(bench) == 20
    ended = [state_of(await api.store.read(job)).is_terminal for job in jobs]
    assert Counter(ended) == {True: 30, False: 20}


async def test_one_job_pays_for_a_wrong_setting_and_a_hundred_wait(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight workers halt the provider once; when it is put right and resumed, all others finish."""
    api, workers = await bench.parts(), await crew(bench, Caps(alive=20))
    provision, is_wrong = FakeProvider.provision, True

    async def broken(self: FakeProvider, request: str) -> object:
        if is_wrong:
            raise ProviderFailed("configuration", "no such image", then="breaker")
        return await provision(self, request)

    monkeypatch.setattr(FakeProvider, "provision", broken)
    jobs = [await bench.schedule(api) for _ in range(101)]

    async def all_wait() -> bool:
        async with redis.asyncio.Redis.from_url(bench.url) as raw:
            return bool(await raw.zcard("jobsched:waiting:fake") == 100)

    async with contextlib.AsyncExitStack() as stack:
        for parts in workers:
            await stack.enter_async_context(working(parts, plugins(), SMALL))
        await until(all_wait, within=60)
        (halted,) = (await api.store.halted()).values()
        (paid,) = await bench.ended(api, halted.job)
        assert reason_of(paid) == "configuration"
        assert bench.world.machines == {}
        assert len(bench.heard.told("provider.halted")) == 1
        is_wrong = False
        assert await api.store.resume("fake", Caps(alive=20)) == 20
        ended = await bench.ended(api, *jobs, within=60)
    assert Counter(map(reason_of, ended)) == {"configuration": 1, "finished": 100}
    assert set(bench.world.starts.values()) == {1}
    assert bench.world.alive() == []
    assert bench.world.most_alive <= 20
