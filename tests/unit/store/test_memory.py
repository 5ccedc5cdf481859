"""What the store in memory has beyond the port."""

import asyncio
from contextlib import aclosing
from datetime import UTC, datetime, timedelta

import pytest

from jobsched.domain.job import Job, JobId, Spec
from jobsched.errors import StoreUnavailable, UnknownJob, WrongStore
from jobsched.store.memory import MemoryStore

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def job() -> Job:
    """Make a job."""
    spec = Spec(schedule=START, docker_image="i", provider="p", runner="r", planner="d")
    return Job(id=JobId("a"), spec=spec, accepted_at=START)


@pytest.fixture
async def store() -> MemoryStore:
    """A stamped store."""
    made = MemoryStore(lambda: START)
    await made.stamp("f")
    return made


async def test_a_wiped_store_is_nobodys(store: MemoryStore) -> None:
    """After wipe every call raises WrongStore until it is stamped again, and nothing is left."""
    await store.accept(job(), look_again_at=START)
    store.wipe()
    with pytest.raises(WrongStore):
        await store.claim("w", most=1, lease=timedelta(seconds=1))
    await store.stamp("g")
    with pytest.raises(UnknownJob):
        await store.read(job().id)


async def test_a_store_that_is_down_does_nothing(store: MemoryStore) -> None:
    """While it is down calls raise StoreUnavailable and listeners end; later it goes on."""
    async with aclosing(store.wakes()) as wakes:
        await anext(wakes)
        store.go_down()
        with pytest.raises(StoreUnavailable):
            await anext(wakes)
    with pytest.raises(StoreUnavailable):
        await store.accept(job(), look_again_at=START)
    store.is_down = False
    assert (await store.accept(job(), look_again_at=START)).created


async def test_a_caller_can_die_before_and_after_a_call(store: MemoryStore) -> None:
    """Each call yields before it takes effect and after it, so both kinds of death are tried."""
    found = []
    for turns in range(1, 5):
        task = asyncio.ensure_future(store.accept(job(), look_again_at=START))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        [answer] = await asyncio.gather(task, return_exceptions=True)
        found.append((bool(store.world.records), isinstance(answer, asyncio.CancelledError)))
        store.world.records.clear()
    assert (False, True) in found
    assert (True, True) in found
    assert (True, False) in found


async def test_documents_go_through_the_codec() -> None:
    """What cannot be written as JSON fails in memory too."""
    store = MemoryStore(lambda: START)
    await store.stamp("f")
    spec = Spec(
        schedule=START,
        docker_image="i",
        provider="p",
        runner="r",
        planner="d",
        options={"p": {"a": object()}},
    )
    bad = Job(id=JobId("a"), spec=spec, accepted_at=START)
    with pytest.raises(TypeError):
        await store.accept(bad, look_again_at=START)
    assert store.world.records == {}
