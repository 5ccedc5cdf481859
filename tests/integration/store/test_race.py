"""Every script that decides something, raced by 32 threads on a real Redis."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Note
from jobsched.errors import StaleWrite
from jobsched.store.port import Idempotency
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.samples import LEASE

THREADS = 32
T = TypeVar("T")


async def race(url: str, work: Callable[[int, RedisStore], Awaitable[T]]) -> list[T]:
    """Do it in 32 threads at once, each with its own loop and connection; give the answers."""
    start = threading.Barrier(THREADS)

    async def one(number: int) -> T:
        store = await RedisStore.open(url, "d")
        try:
            await store.check()
            # Blocks this thread's own loop, on which nothing else runs.
            start.wait(10)
            return await work(number, store)
        finally:
            await store.close()

    def run(number: int) -> T:
        return asyncio.run(one(number))

    loop = asyncio.get_running_loop()
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(THREADS) as pool:
        return await asyncio.gather(
            *(loop.run_in_executor(pool, run, number) for number in range(THREADS))
        )


async def test_one_of_many_saves_wins(redis_bed: RedisBed) -> None:
    """Of 32 saves on the same revision exactly one is done, twenty times."""
    job = samples.job()
    now = await redis_bed.store.check()
    for turn in range(20):
        job = samples.job(turn)
        await redis_bed.store.accept(job, look_again_at=now)

    async def work(number: int, store: RedisStore) -> list[bool]:
        won = []
        for turn in range(20):
            before = samples.job(turn)
            note = Note(at=samples.START, source=f"{number}", data={})
            try:
                await store.save(
                    before, replace(before, notes=(note,)), look_again_at=now, facts=[]
                )
            except StaleWrite:
                won.append(False)
            else:
                won.append(True)
        return won

    answers = await race(redis_bed.url, work)
    assert [sum(turn) for turn in zip(*answers, strict=True)] == [1] * 20
    stored = await redis_bed.store.read(job.id)
    assert stored.rev == 1
    assert answers[int(stored.notes[0].source)][19]


async def test_each_job_is_claimed_once(redis_bed: RedisBed) -> None:
    """32 threads that claim until nothing is left get each of 640 jobs exactly once."""
    now = await redis_bed.store.check()
    jobs = [samples.job(number) for number in range(640)]
    await asyncio.gather(*(redis_bed.store.accept(job, look_again_at=now) for job in jobs))

    async def work(number: int, store: RedisStore) -> list[str]:
        found: list[str] = []
        while jobs := (await store.claim(f"w{number}", most=7, lease=LEASE)).jobs:
            found += [job.id for job in jobs]
        return found

    claimed = [job for found in await race(redis_bed.url, work) for job in found]
    assert sorted(claimed) == [job.id for job in jobs]


async def test_the_cap_of_machines_is_never_passed(redis_bed: RedisBed) -> None:
    """32 threads that begin launches get exactly as many as the cap allows; the others wait."""
    now = await redis_bed.store.check()
    for number in range(THREADS):
        await redis_bed.store.accept(samples.job(number), look_again_at=now)

    async def work(number: int, store: RedisStore) -> bool:
        job = samples.job(number)
        answer = await store.save(
            job, samples.begun(job), look_again_at=now, facts=[], caps=Caps(alive=5)
        )
        return answer.waiting

    assert (await race(redis_bed.url, work)).count(False) == 5
    assert len(await redis_bed.store.slots("fake")) == 5
    assert await redis_bed.raw.zcard("jobsched:waiting:fake") == THREADS - 5


async def test_the_hourly_cap_is_never_passed(redis_bed: RedisBed) -> None:
    """32 threads that begin and end launches at once begin no more than the hour allows."""
    now = await redis_bed.store.check()
    for number in range(THREADS):
        await redis_bed.store.accept(samples.job(number), look_again_at=now)

    async def work(number: int, store: RedisStore) -> bool:
        job = samples.job(number)
        answer = await store.save(
            job,
            samples.begun(job),
            look_again_at=now,
            facts=[],
            caps=Caps(alive=100, hourly=7),
        )
        if not answer.waiting:
            await store.save(answer.job, samples.gone(answer.job), look_again_at=None, facts=[])
        return answer.waiting

    assert (await race(redis_bed.url, work)).count(False) == 7
    assert await redis_bed.store.slots("fake") == {}


async def test_a_lock_has_one_holder_among_many(redis_bed: RedisBed) -> None:
    """Of 32 threads exactly one gets a lock."""

    async def work(number: int, store: RedisStore) -> bool:
        return await store.lock("l", f"w{number}", lease=LEASE)

    assert (await race(redis_bed.url, work)).count(True) == 1


async def test_one_key_makes_one_job(redis_bed: RedisBed) -> None:
    """32 threads that accept with one idempotency key make one job."""
    now = await redis_bed.store.check()

    async def work(number: int, store: RedisStore) -> tuple[str, bool]:
        key = Idempotency(key="k", digest="d")
        answer = await store.accept(samples.job(number), look_again_at=now, idempotency=key)
        return answer.id, answer.created

    answers = await race(redis_bed.url, work)
    assert [created for _, created in answers].count(True) == 1
    assert len({job for job, _ in answers}) == 1
    assert len((await redis_bed.store.list()).jobs) == 1


async def test_an_expired_lease_goes_to_one(redis_bed: RedisBed) -> None:
    """A lease that ends while its holder renews it and others claim belongs to exactly one."""
    now = await redis_bed.store.check()
    job = samples.job()
    await redis_bed.store.accept(job, look_again_at=now)
    await redis_bed.store.claim("w0", most=1, lease=timedelta(milliseconds=300))

    async def work(number: int, store: RedisStore) -> bool:
        for _ in range(100):
            if number == 0:
                renewal = await store.renew("w0", [job.id], lease=timedelta(milliseconds=1))
                if renewal.lost:
                    return False
            elif (await store.claim(f"w{number}", most=1, lease=LEASE)).jobs:
                return True
            await asyncio.sleep(0.005)
        return number == 0

    assert (await race(redis_bed.url, work)).count(True) == 1


async def test_each_change_goes_to_one_consumer(redis_bed: RedisBed) -> None:
    """32 consumers share the changes: each is given once."""
    now = await redis_bed.store.check()
    for number in range(200):
        await redis_bed.store.accept(samples.job(number), look_again_at=now)

    async def work(number: int, store: RedisStore) -> list[str]:
        told: list[str] = []
        while changes := await store.changes(f"c{number}", most=3, wait=timedelta(0)):
            told += [change.job for change in changes]
        return told

    told = [job for jobs in await race(redis_bed.url, work) for job in jobs]
    assert sorted(told) == [samples.job(number).id for number in range(200)]
