"""Scripts that renew, release and wake what is leased, raced by 32 threads on a real Redis."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId, Note
from jobsched.errors import StaleWrite
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import (
    HOUR,
    THREADS,
    Room,
    accepted,
    due,
    holder,
    race,
    until,
)
from tests.integration.store.samples import LEASE

PAIRS = THREADS // 2


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


def noted(job: Job, source: str) -> Job:
    """Add a note, which stands for any fact."""
    return replace(job, notes=(*job.notes, Note(at=samples.START, source=source, data={})))


async def test_no_fact_is_missed_by_the_holder(redis_bed: RedisBed) -> None:
    """The holder renews while 31 threads save facts: it is told until it has read every one."""
    [job], _ = await accepted(redis_bed, 1)
    await redis_bed.store.claim("w0", most=1, lease=LEASE)

    seen: list[int] = [0]

    async def work(number: int, store: RedisStore) -> None:
        for _ in until(5, lambda: seen[-1] == THREADS - 1):
            if number == 0:
                renewal = await store.renew("w0", [job.id], lease=LEASE)
                assert not renewal.lost
                if renewal.dirty:
                    # A worker that is told nothing does not look.
                    seen.append(len((await store.read(job.id)).notes))
                continue
            before = await store.read(job.id)
            with suppress(StaleWrite):
                after = noted(before, f"{number}")
                await store.save(before, after, look_again_at=None, facts=[])
                break

    await race(redis_bed.url, work)
    assert seen[-1] == THREADS - 1
    assert await holder(redis_bed, job.id) == "w0"


async def leased_by_pairs(bed: RedisBed) -> tuple[list[list[Job]], datetime]:
    """Give each pair of threads jobs that are leased to the pair's number."""
    jobs, now = await accepted(bed, PAIRS * 20)
    shares = [jobs[pair * 20 : pair * 20 + 20] for pair in range(PAIRS)]
    for pair, share in enumerate(shares):
        for job in share:
            await bed.store.claim(f"w{pair}", most=1, lease=LEASE, only=job.id)
    return shares, now


@pytest.mark.parametrize("outsider", ["saves", "wakes"])
async def test_a_release_loses_nothing(redis_bed: RedisBed, outsider: str) -> None:
    """A job is due at once if somebody saved or woke it while its holder put it off for an hour."""
    shares, now = await leased_by_pairs(redis_bed)

    async def work(number: int, store: RedisStore) -> None:
        pair, disturbs = divmod(number, 2)
        for job in shares[pair]:
            if not disturbs:
                await store.release(f"w{pair}", job.id, look_again_at=now + HOUR)
            elif outsider == "wakes":
                await store.wake(job.id)
            else:
                await store.save(job, noted(job, "x"), look_again_at=now, facts=[])

    await race(redis_bed.url, work)
    assert await due(redis_bed) == [job.id for share in shares for job in share]


@pytest.mark.parametrize("cap", [None, 0])
async def test_a_releasing_save_loses_nothing(redis_bed: RedisBed, cap: int | None) -> None:
    """A job is due at once if it was woken while a save, done or capped, put it off for an hour."""
    shares, now = await leased_by_pairs(redis_bed)

    async def work(number: int, store: RedisStore) -> None:
        pair, disturbs = divmod(number, 2)
        for job in shares[pair]:
            if disturbs:
                await store.wake(job.id)
                continue
            answer = await store.save(
                job,
                samples.begun(job),
                look_again_at=now + HOUR,
                facts=[],
                holder=f"w{pair}",
                release=True,
                caps=Caps(alive=cap),
                waiting_until=now + HOUR,
            )
            assert answer.waiting == (cap == 0)

    await race(redis_bed.url, work)
    assert await due(redis_bed) == [job.id for share in shares for job in share]


async def test_a_released_job_has_one_holder(redis_bed: RedisBed) -> None:
    """32 threads claim and release one job, also when they do not hold it: one holds it a time."""
    [job], now = await accepted(redis_bed, 1)
    room = Room()

    async def work(number: int, store: RedisStore) -> None:
        mine = f"w{number}"
        for _ in until(5, lambda: room.entries >= 50):
            # It is not held: nothing is done.
            await store.release(mine, job.id, look_again_at=now)
            if (await store.claim(mine, most=1, lease=LEASE)).jobs:
                with room.entered():
                    await asyncio.sleep(0.001)
                await store.release(mine, job.id, look_again_at=now)

    await race(redis_bed.url, work)
    assert room.most == 1
    assert room.entries >= 50


async def test_a_lease_that_is_over_is_nobodys(redis_bed: RedisBed) -> None:
    """Who releases, renews and saves when its lease is over does nothing, whoever claims."""
    jobs, now = await accepted(redis_bed, 50)
    for _ in jobs:
        await redis_bed.store.claim("old", most=1, lease=timedelta(microseconds=1))

    async def work(number: int, store: RedisStore) -> list[str]:
        found: list[str] = []
        # Those whose lease is over begin where nobody has claimed yet.
        for job in reversed(jobs):
            if number % 2:
                claimed = await store.claim(f"w{number}", most=1, lease=LEASE)
                found += [one.id for one in claimed.jobs]
                continue
            await store.release("old", job.id, look_again_at=now + HOUR)
            assert (await store.renew("old", [job.id], lease=LEASE)).lost == {job.id}
            with pytest.raises(StaleWrite):
                await store.save(job, noted(job, "x"), look_again_at=None, facts=[], holder="old")
        return found

    answers = await race(redis_bed.url, work)
    assert sorted(job for found in answers for job in found) == [job.id for job in jobs]
    for number, found in enumerate(answers):
        assert {await holder(redis_bed, JobId(job)) for job in found} <= {f"w{number}"}


async def test_a_woken_job_is_claimed_once(redis_bed: RedisBed) -> None:
    """32 threads wake a job that waits, and claim: it is due once, and one of them holds it."""
    now = await redis_bed.store.check()
    jobs = [samples.job(turn) for turn in range(20)]
    for job in jobs:
        await redis_bed.store.accept(job, look_again_at=now + HOUR)

    async def work(number: int, store: RedisStore) -> list[bool]:
        won = []
        for job in jobs:
            await store.wake(job.id)
            won.append(bool((await store.claim(f"w{number}", most=1, lease=LEASE)).jobs))
        return won

    answers = await race(redis_bed.url, work)
    # Whoever claims takes the job that is due the longest: in all, each of them once.
    assert sum(map(sum, answers)) == len(jobs)
    assert await redis_bed.raw.zcard("jobsched:due:1") == len(jobs)
    assert await due(redis_bed) == []
    for job in jobs:
        winner = int((await holder(redis_bed, job.id)).removeprefix("w"))
        assert any(answers[winner])


async def test_a_wake_takes_no_lease(redis_bed: RedisBed) -> None:
    """32 threads wake a leased job and claim: its holder keeps it, and is told once."""
    [job], _ = await accepted(redis_bed, 1)
    await redis_bed.store.claim("holder", most=1, lease=LEASE)

    async def work(number: int, store: RedisStore) -> int:
        for _ in range(10):
            await store.wake(job.id)
            assert not (await store.claim(f"w{number}", most=1, lease=LEASE)).jobs
        return number

    await race(redis_bed.url, work)
    assert await redis_bed.raw.zcard("jobsched:due:1") == 1
    assert await holder(redis_bed, job.id) == "holder"
    told = [(await redis_bed.store.renew("holder", [job.id], lease=LEASE)).dirty for _ in range(2)]
    assert told == [{job.id}, set()]
