"""What the fixtures for authors do outside of a job: clocks, threads, imagined parts."""

from __future__ import annotations

import asyncio
import dataclasses
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from jobsched import testing
from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId, Offer
from jobsched.errors import Unavailable
from jobsched.testing.clock import FakeClock, LentClock
from jobsched.testing.fakes import FakeProvider, FakeRunner
from jobsched.testing.services import LentServices
from jobsched.testing.virtual_time import EPOCH, VirtualLoop, run

JOB = JobId("a" * 32)
HEAVY = ("aiohttp", "arq", "boto3", "botocore", "docker", "marshmallow", "redis", "structlog")


def test_the_fake_clock_stands_until_it_is_moved(fake_clock: FakeClock) -> None:
    """It begins at a fixed time, so that a test is the same every day."""
    assert (fake_clock.now(), fake_clock.monotonic()) == (EPOCH, 0)
    fake_clock.advance(90)
    fake_clock.advance(timedelta(minutes=1))
    assert (fake_clock.now(), fake_clock.monotonic()) == (EPOCH + timedelta(seconds=150), 150)


def test_the_fake_clock_can_be_set_back(fake_clock: FakeClock) -> None:
    """As a wall clock can; what has passed for time-outs stays."""
    fake_clock.advance(10)
    fake_clock.set(datetime(2025, 6, 1, 12, tzinfo=timezone(timedelta(hours=2))))
    assert (fake_clock.now(), fake_clock.monotonic()) == (datetime(2025, 6, 1, 10, tzinfo=UTC), 10)


def test_a_time_without_a_zone_is_refused(fake_clock: FakeClock) -> None:
    """Every time in the contracts has one."""
    with pytest.raises(ValueError, match="has no zone"):
        fake_clock.set(datetime(2025, 6, 1))  # noqa: DTZ001 - this is the mistake


def test_whoever_sleeps_moves_the_fake_clock(fake_clock: FakeClock) -> None:
    """A day passes at once, and nobody has to advance it meanwhile."""
    asyncio.run(fake_clock.sleep(86_400))
    assert fake_clock.now() == EPOCH + timedelta(days=1)


def test_in_virtual_time_the_fake_clock_goes_with_the_loop(fake_clock: FakeClock) -> None:
    """It cannot be moved there, as time passes by itself."""

    async def story() -> tuple[datetime, float]:
        await fake_clock.sleep(30)
        with pytest.raises(RuntimeError, match="inside of run_job time passes by itself"):
            fake_clock.advance(1)
        return fake_clock.now(), fake_clock.monotonic()

    fake_clock.advance(100)
    begin = datetime(2030, 1, 1, tzinfo=UTC)
    assert run(story(), begin=begin) == (begin + timedelta(seconds=30), 130)


def test_the_clock_of_services_is_real_and_virtual_in_a_job() -> None:
    """A plugin that was made before the job sees the job's time."""
    clock = LentClock()

    async def story() -> tuple[datetime, float]:
        await clock.sleep(30)
        return clock.now(), clock.monotonic()

    assert run(story()) == (EPOCH + timedelta(seconds=30), 30)
    assert abs(clock.now() - datetime.now(UTC)) < timedelta(minutes=1)
    assert abs(clock.monotonic() - time.monotonic()) < 60


def test_services_lend_threads(services: LentServices) -> None:
    """A blocking call is made beside the loop."""
    pool = services.spawn.pool("acme", 1)
    assert asyncio.run(pool.run(threading.get_ident)) != threading.get_ident()


def test_in_virtual_time_threads_are_inline(services: LentServices) -> None:
    """A thread's time is not virtual."""
    pool = services.spawn.pool("acme", 1)
    assert run(pool.run(threading.get_ident)) == threading.get_ident()


def test_in_virtual_time_what_asyncio_sends_to_a_thread_is_inline() -> None:
    """So is what it raises."""

    def broken() -> None:
        raise ValueError("boom")

    assert run(asyncio.to_thread(threading.get_ident)) == threading.get_ident()
    with pytest.raises(ValueError, match="boom"):
        run(asyncio.to_thread(broken))


def test_threads_end_with_the_services(services: LentServices) -> None:
    """Nothing is left behind by a test."""
    pool = services.spawn.pool("acme", 1)
    services.spawn.end()
    with pytest.raises(Unavailable):
        asyncio.run(pool.run(threading.get_ident))


def test_services_have_an_empty_folder(services: LentServices) -> None:
    """The plugin's files are the test's own."""
    assert list(services.data_dir.iterdir()) == []


def test_one_of_the_services_can_be_exchanged(
    services: LentServices, fake_clock: FakeClock
) -> None:
    """A plugin can be given the clock that stands."""
    changed = dataclasses.replace(services, clock=fake_clock)
    assert changed.clock.now() == EPOCH


def test_the_imagined_parts_share_a_world(
    fake_provider: FakeProvider, fake_runner: FakeRunner, fake_clock: FakeClock
) -> None:
    """A machine of the one is there for the other, as soon as the clock says that it has booted."""
    order = MachineOrder(
        deployment="d", job=JOB, attempt=1, launch=1, token="a" * 64, boot_script=""
    )

    async def story() -> list[bool]:
        request = await fake_provider.freeze(order, Offer(label="imagined"))
        status = await fake_provider.provision(request)
        fake_clock.advance(fake_provider.world.boot)
        later = await fake_provider.find(order.token)
        assert later is not None
        return [status.ready, later.ready]

    assert asyncio.run(story()) == [False, True]
    assert fake_runner.world is fake_provider.world


def test_the_pytest_plugin_is_light() -> None:
    """Pytest loads it in every project: it brings nothing in that is slow to import."""
    code = f"import sys, jobsched.testing.pytest_plugin; print(set(sys.modules) & set({HEAVY}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_a_virtual_loop_begins_when_it_is_told() -> None:
    """Without a word, at the beginning of every simulated world."""
    loop = VirtualLoop()
    try:
        assert (loop.time(), loop.now()) == (0, EPOCH)
    finally:
        loop.close()


@pytest.mark.parametrize("name", testing.__all__)
def test_the_kit_gives_all_that_it_names(name: str) -> None:
    """Authors import from one place, and get what it says."""
    assert getattr(testing, name).__name__ == name


def test_the_kit_gives_nothing_else() -> None:
    """A misspelt name is told as any module tells it."""
    with pytest.raises(AttributeError, match="has no attribute 'ProviderConformence'"):
        testing.ProviderConformence  # noqa: B018 - asking is the test
