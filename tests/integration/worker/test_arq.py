"""arq on a real Redis: it alone brings a job to its end, and runs nobody else's code."""

from __future__ import annotations

import asyncio
import pickle
import time
from pathlib import Path
from typing import Any

import pytest
import redis.asyncio
from arq import Worker
from structlog.testing import capture_logs

from jobsched.domain.job import Limits
from jobsched.domain.state import State, state_of
from jobsched.engine.reconcile import reconcile
from jobsched.queue import QUEUE
from jobsched.testing.fakes import FakeRunner
from jobsched.worker import run
from tests.integration.worker.bench import Bench, plugins, until

pytestmark = [
    pytest.mark.redis,
    pytest.mark.timeout(60),
    # arq's own call of its own redis client
    pytest.mark.filterwarnings("ignore:Call to deprecated close:DeprecationWarning"),
]


async def test_arq_alone_brings_a_job_to_its_end(bench: Bench) -> None:
    """With the dispatch loop switched off jobs end all the same, and say which task did it."""
    api = await bench.parts(with_arq=True)
    worker = await bench.parts(works=True, with_arq=True)
    async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
        now = await bench.schedule(api)
        later = await bench.schedule(api)
        ended = await bench.ended(api, now, later, within=30)
    assert [state_of(job) for job in ended] == [State.FINISHED] * 2
    assert all(len(job.arq_job) == 32 for job in ended)
    assert all(job.worker == worker.worker for job in ended)
    assert set(bench.world.starts.values()) == {1}
    assert bench.world.alive() == []


async def test_without_arq_nobody_takes_those_jobs(bench: Bench) -> None:
    """The loop really is switched off: with no task in the queue nothing happens."""
    api = await bench.parts()
    worker = await bench.parts(works=True, with_arq=True)
    async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
        job = await bench.schedule(api)
        await bench.lasts(2)
        assert state_of(await api.store.read(job)) is State.SCHEDULED
        assert bench.world.machines == {}


async def test_a_lost_task_is_asked_for_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An overdue job, whose task arq has lost, is handed to arq anew by reconcile."""
    from jobsched.engine import reconcile as module

    api = await bench.parts()
    worker = await bench.parts(works=True, with_arq=True)
    async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
        job = await bench.schedule(api)
        monkeypatch.setattr(module, "OVERDUE_BY", Limits().backoff * 0)
        assert await reconcile(worker) == 1
        ended = await bench.ended(api, job, within=30)
    assert state_of(ended[0]) is State.FINISHED


async def test_a_job_that_fell_out_of_the_index_is_asked_for_again(bench: Bench) -> None:
    """Its due time was deleted from Redis: reconcile finds it, and hands it to arq (A7)."""
    api = await bench.parts()
    worker = await bench.parts(works=True, with_arq=True)
    async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
        job = await bench.schedule(api)
        async with redis.asyncio.Redis.from_url(bench.url) as raw:
            assert await raw.zrem("jobsched:due:1", job) == 1
        assert await reconcile(worker) == 1
        ended = await bench.ended(api, job, within=30)
    assert state_of(ended[0]) is State.FINISHED


async def test_leaving_lets_the_steps_of_tasks_end(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With dispatch by arq, too, a step in hand is let end, and its answer is recorded."""
    began, cut = asyncio.Event(), []
    prepare = FakeRunner.prepare

    async def slow(self: FakeRunner, instance: Any, order: Any) -> Any:
        began.set()
        try:
            await asyncio.sleep(2)
        except asyncio.CancelledError:
            cut.append(order.name)
            raise
        return await prepare(self, instance, order)

    monkeypatch.setattr(FakeRunner, "prepare", slow)
    api = await bench.parts(with_arq=True)
    worker = await bench.parts(works=True, with_arq=True)
    async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
        job = await bench.schedule(api)
        await asyncio.wait_for(began.wait(), 10)
    assert cut == []
    found = await api.store.read(job)
    assert state_of(found) is State.READY


class Bomb:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


async def test_a_pickle_bomb_is_not_executed(bench: Bench, tmp_path: Path) -> None:
    """A task written to the queue as a pickle is thrown away unread, and the next one runs."""
    fuse = tmp_path / "executed"
    task = {"t": 0, "f": "advance", "a": (Bomb(fuse),), "k": {}, "et": 0}
    bomb = pickle.dumps(task)
    pickle.loads(bomb)  # noqa: S301 - to see that it is one
    assert fuse.exists()
    fuse.unlink()

    api = await bench.parts(with_arq=True)
    worker = await bench.parts(works=True, with_arq=True)
    async with redis.asyncio.Redis.from_url(bench.url) as raw:
        await raw.set("arq:job:bomb", bomb)
        await raw.zadd(QUEUE, {"bomb": int(time.time() * 1000)})

        async def is_away() -> bool:
            return await raw.zscore(QUEUE, "bomb") is None

        async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
            await until(is_away)
            job = await bench.schedule(api)
            ended = await bench.ended(api, job)
    assert state_of(ended[0]) is State.FINISHED
    assert not fuse.exists()


async def test_a_bug_in_arq_does_not_end_the_chores(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever arq's worker dies of, it is logged, and the next one is built."""
    whole = Worker.async_run
    runs = []

    async def dies_at_first(self: Any) -> None:
        runs.append(self)
        if len(runs) == 1:
            raise KeyError("a bug of arq")
        await whole(self)

    monkeypatch.setattr(Worker, "async_run", dies_at_first)
    monkeypatch.setattr(run, "AGAIN", 0.05)
    api = await bench.parts(with_arq=True)
    worker = await bench.parts(works=True, with_arq=True)
    with capture_logs() as lines:
        async with run.worker_running(worker, plugins(), bench.config(JOBSCHED_DISPATCH="arq")):
            job = await bench.schedule(api)
            await bench.ended(api, job)
    assert [line["event"] for line in lines].count("queue.failed") == 1
    assert len(runs) == 2
