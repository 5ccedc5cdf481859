"""Several workers on one real Redis."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from datetime import timedelta

import pytest
import redis.asyncio
from aiohttp.test_utils import TestClient, TestServer

from jobsched import spawn
from jobsched.domain.state import State, reason_of, state_of
from jobsched.errors import WrongStore
from jobsched.web.app import create_app
from jobsched.worker.dispatch import Pace
from jobsched.worker.working import working
from tests.integration.worker.bench import Bench, plugins, until

pytestmark = [pytest.mark.redis, pytest.mark.timeout(60)]

SMALL = Pace(claim=7)


async def test_two_workers_share_two_hundred_jobs(bench: Bench) -> None:
    """Each job is started exactly once, and neither worker does all."""
    api = await bench.parts()
    workers = [await bench.parts(works=True) for _ in range(2)]
    jobs = [await bench.schedule(api) for _ in range(200)]
    async with contextlib.AsyncExitStack() as stack:
        for parts in workers:
            await stack.enter_async_context(working(parts, plugins(), SMALL))
        ended = await bench.ended(api, *jobs, within=40)
    assert Counter(map(state_of, ended)) == {State.FINISHED: 200}
    assert set(bench.world.starts.values()) == {1}
    assert len(bench.world.starts) == 200
    assert {job.worker for job in ended} == {parts.worker for parts in workers}
    assert bench.world.alive() == []
    assert bench.world.overlaps == []


async def test_a_poison_record_is_put_aside_and_the_others_go_on(bench: Bench) -> None:
    """One record that cannot be read among thirty ends in quarantine; the others finish."""
    api, worker = await bench.parts(), await bench.parts(works=True)
    jobs = [await bench.schedule(api) for _ in range(30)]
    poison = jobs.pop(13)
    async with redis.asyncio.Redis.from_url(bench.url) as raw:
        await raw.hset(f"jobsched:job:{poison}", "document", '{"id": 7}')
    async with working(worker, plugins(), SMALL):
        ended = await bench.ended(api, *jobs)
    assert Counter(map(state_of, ended)) == {State.FINISHED: 29}
    assert [one.id for one in await api.store.quarantine()] == [poison]
    assert len(bench.world.starts) == 29


async def test_an_emptied_redis_accepts_launches_and_ends_nothing(bench: Bench) -> None:
    """After FLUSHALL in the middle of the work nothing is taken, begun or ended, and all say so."""
    bench.world.runs = 60
    api, worker = await bench.parts(), await bench.parts(works=True)
    for _ in range(3):
        await bench.schedule(api)
    async with working(worker, plugins(), Pace()):
        await until(lambda: len(bench.world.starts) == 3)
        async with redis.asyncio.Redis.from_url(bench.url) as raw:
            await raw.flushall()
        with pytest.raises(WrongStore):
            await bench.schedule(api)
        app = create_app(api, token=None, host="127.0.0.1", port=8080)
        async with TestClient(TestServer(app)) as client:
            body = {"schedule": api.now.isoformat(), "docker_image": "imagined"}
            refused = await client.post("/schedule", json=body)
            assert (refused.status, (await client.get("/readiness")).status) == (503, 503)
        await until(lambda: bench.heard.told("store.unavailable"))
        await bench.lasts(3)
        async with redis.asyncio.Redis.from_url(bench.url) as raw:
            left = [key async for key in raw.scan_iter("jobsched:job:*")]
    assert left == []
    assert len(bench.world.machines) == len(bench.world.alive()) == 3
    assert len(bench.heard.told("store.unavailable")) == 1
    assert "nobody has made it" in bench.heard.told("store.unavailable")[0]["error"]


async def test_a_worker_that_leaves_hands_over_at_once(bench: Bench) -> None:
    """What one worker leaves in the middle, another goes on with, without waiting for a lease."""
    bench.world.runs = 2
    api = await bench.parts()
    first, second = [await bench.parts(works=True) for _ in range(2)]
    jobs = [await bench.schedule(api) for _ in range(10)]
    async with working(first, plugins(), SMALL):
        await until(lambda: len(bench.world.machines) >= 5)
    assert len(bench.world.starts) < 10, "it left before all were started"
    async with working(second, plugins(), SMALL):
        ended = await bench.ended(api, *jobs, within=15)
    assert {(state_of(job), reason_of(job)) for job in ended} == {(State.FINISHED, "finished")}
    assert sorted(bench.world.starts.values()) == [1] * 10


async def test_a_cancel_always_ends_the_wait_for_changes(bench: Bench) -> None:
    """However a cancel meets a change, whoever waits for changes ends: so a worker always does."""
    api = await bench.parts()

    async def hear() -> None:
        while True:
            changes = await api.store.changes("one", most=100, wait=timedelta(seconds=5))
            await api.store.acknowledge(changes)

    for turn in range(400):
        hearing = asyncio.ensure_future(hear())
        await asyncio.sleep(0.004)
        await bench.schedule(api)
        await asyncio.sleep(turn % 20 / 10_000)
        hearing.cancel()
        ended, _ = await asyncio.wait({hearing}, timeout=1)
        assert ended, f"turn {turn}"


async def test_a_task_that_lost_a_cancel_is_told_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task beside the others that swallows one cancel does not keep the process from its end."""
    monkeypatch.setattr(spawn, "TOLD_AGAIN", 0.05)
    spawner = spawn.Spawner()
    told = []

    async def deaf_once() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            told.append("once")
        await asyncio.Event().wait()

    spawner.task(deaf_once(), name="deaf")
    await asyncio.sleep(0)
    await asyncio.wait_for(spawner.close(), 5)
    assert told == ["once"]
