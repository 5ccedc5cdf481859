"""The services of a running process."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from structlog.testing import capture_logs

from jobsched.contracts.services import Services
from jobsched.errors import Unavailable
from jobsched.services import FixedHistory, RandomIds, RunningServices, StoreClock
from jobsched.spawn import Spawner

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
async def spawner() -> AsyncIterator[Spawner]:
    """A spawner, closed at the end."""
    made = Spawner()
    yield made
    await made.close()


def test_the_clock_carries_the_stores_time_on() -> None:
    """It goes on by the monotonic clock, whatever the wall clock does, to the next look (Q17)."""
    ticks = [100.0]
    clock = StoreClock(lambda: ticks[0])
    clock.sync(NOON)
    ticks[0] += 2.5
    assert clock.now() == NOON + timedelta(seconds=2.5)
    clock.sync(NOON + timedelta(hours=1))
    assert clock.now() == NOON + timedelta(hours=1)
    assert clock.now().tzinfo is UTC


def test_ids_are_32_letters_and_digits() -> None:
    """As the seed document shows them, and none twice."""
    ids = {RandomIds().job() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(re.fullmatch(r"[A-Za-z0-9]{32}", one) for one in ids)


def test_holders_differ_within_one_process() -> None:
    """Two workers in one process are two holders of leases."""
    assert RandomIds().holder() != RandomIds().holder()


def test_services_keep_the_contract(tmp_path: Path) -> None:
    """What plugins are typed against is what they get, and its repr shows no settings."""
    services: Services = RunningServices(
        deployment="d",
        data_dir=tmp_path,
        ca_dir=tmp_path / "ca",
        settings={"secrets": {"a": "hunter2"}},
    )
    assert "hunter2" not in repr(services)


def test_the_history_knows_each_providers_lead() -> None:
    """A provider that is not loaded has none."""
    history = FixedHistory()
    provider: Any = SimpleNamespace(name="ec2", lead=timedelta(minutes=3))
    history.know([provider])
    assert history.lead("ec2") == timedelta(minutes=3)
    assert history.lead("other") == timedelta(0)
    assert list(history.boot_times("ec2")) == []


async def test_a_failing_task_is_logged(spawner: Spawner) -> None:
    """Nobody waits for it, so nobody else would tell."""

    async def fail() -> None:
        raise ValueError("broken")

    with capture_logs() as logs:
        task = spawner.task(fail(), name="acme.prices")
        await asyncio.wait([task])
        await asyncio.sleep(0)
    assert [(one["event"], one["task"]) for one in logs] == [("task.failed", "acme.prices")]


async def test_close_waits_for_the_ends_of_tasks() -> None:
    """What a task does when it is cancelled is done before the store is closed."""
    spawner, ended = Spawner(), []

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("first")
            spawner.task(more(), name="more")

    async def more() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("second")

    spawner.task(work(), name="work")
    await asyncio.sleep(0)
    with capture_logs() as logs:
        await spawner.close()
        await spawner.close()
    assert "first" in ended
    assert logs == []
    assert len(asyncio.all_tasks()) == 1


async def test_a_pool_gives_results_and_errors(spawner: Spawner) -> None:
    """A call in a thread looks like a call, with the context of its caller."""
    pool, bound = spawner.pool("p", 2), ContextVar("bound", default="")
    bound.set("here")
    assert await pool.run(max, 1, 2) == 2
    assert await pool.run(sorted, [1, 2], reverse=True) == [2, 1]
    assert await pool.run(bound.get) == "here"
    with pytest.raises(ZeroDivisionError):
        await pool.run(divmod, 1, 0)


async def test_a_pool_has_no_more_threads_than_it_may(spawner: Spawner) -> None:
    """Three calls are made at one time, never four; further ones wait."""
    pool, running, most = spawner.pool("p", 3), set[str](), [0]
    lock = threading.Lock()
    # each call waits for two others, so fewer threads than three would not come to an end
    three = threading.Barrier(3)

    def work() -> str:
        name = threading.current_thread().name
        with lock:
            running.add(name)
            most[0] = max(most[0], len(running))
        three.wait(5)
        with lock:
            running.discard(name)
        return name

    names = await asyncio.gather(*(pool.run(work) for _ in range(12)))
    assert most[0] == 3
    assert {"p-0", "p-1", "p-2"} == set(names)


async def test_a_cancelled_call_that_waits_is_never_made(spawner: Spawner) -> None:
    """One that has begun keeps its thread until it returns."""
    pool, go_on = spawner.pool("p", 1), threading.Event()
    made: list[int] = []
    first = asyncio.create_task(pool.run(go_on.wait, 5))
    second = asyncio.create_task(pool.run(made.append, 1))
    await asyncio.sleep(0.02)
    second.cancel()
    first.cancel()
    await asyncio.wait([first, second])
    go_on.set()
    assert await pool.run(len, "abc") == 3
    assert made == []


async def test_a_closed_pool_takes_no_calls(spawner: Spawner) -> None:
    """Calls that wait are given up; new ones are refused."""
    pool, go_on = spawner.pool("p", 1), threading.Event()
    first = asyncio.create_task(pool.run(go_on.wait, 5))
    waiting = asyncio.create_task(pool.run(len, "abc"))
    await asyncio.sleep(0.02)
    pool.close()
    await asyncio.wait([waiting])
    assert waiting.cancelled()
    with pytest.raises(Unavailable):
        await pool.run(len, "abc")
    go_on.set()
    assert await first


def test_a_hanging_thread_does_not_hold_up_the_end_of_the_process() -> None:
    """An image pull that never returns must not keep a worker alive after SIGTERM."""
    code = """
import asyncio, time
from jobsched.spawn import Spawner

async def main():
    spawner = Spawner()
    async def hang():
        await spawner.pool("p", 1).run(time.sleep, 60)
    spawner.task(hang(), name="hang")
    await asyncio.sleep(0.1)
    await spawner.close()

asyncio.run(main())
"""
    ended = subprocess.run(
        [sys.executable, "-c", code], timeout=8, check=False, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")
