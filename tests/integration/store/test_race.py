"""Scripts that write, save and claim records, raced by 32 threads on a real Redis."""

from dataclasses import replace
from datetime import timedelta
from operator import attrgetter

import pytest

from jobsched.domain.job import Note
from jobsched.errors import IdempotencyConflict, StaleWrite
from jobsched.store.port import Idempotency
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import HOUR, THREADS, accepted, all_of, due, holder, race
from tests.integration.store.samples import LEASE


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
    assert stored.rev > 0
    assert answers[int(stored.notes[0].source)][19]


async def test_each_job_is_claimed_once(redis_bed: RedisBed) -> None:
    """32 threads that claim until nothing is left get each of 640 jobs exactly once (Q2)."""
    jobs, _ = await accepted(redis_bed, 640)

    async def work(number: int, store: RedisStore) -> list[str]:
        async def claim() -> list[str]:
            return [job.id for job in (await store.claim(f"w{number}", most=7, lease=LEASE)).jobs]

        return await all_of(claim)

    claimed = [job for found in await race(redis_bed.url, work) for job in found]
    assert sorted(claimed) == [job.id for job in jobs]


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


async def test_one_id_makes_one_job(redis_bed: RedisBed) -> None:
    """Of 32 threads that accept jobs of one id exactly one makes it, and its record stays."""
    now = await redis_bed.store.check()

    async def work(number: int, store: RedisStore) -> list[bool]:
        made = []
        for turn in range(20):
            job = samples.job(turn, name=f"by {number}")
            made.append((await store.accept(job, look_again_at=now)).created)
        return made

    answers = await race(redis_bed.url, work)
    assert [sum(turn) for turn in zip(*answers, strict=True)] == [1] * 20
    for turn in range(20):
        stored = await redis_bed.store.read(samples.job(turn).id)
        assert answers[int(stored.spec.name.split()[1])][turn]
    # Nothing was indexed, made due or told twice.
    assert await redis_bed.raw.zcard("jobsched:jobs") == 20
    assert await redis_bed.raw.zcard("jobsched:due:1") == 20
    assert await redis_bed.raw.xlen("jobsched:events") == 20


async def test_one_key_takes_one_body(redis_bed: RedisBed) -> None:
    """Of 32 threads that use one key with bodies of their own one is served, the others told."""
    now = await redis_bed.store.check()

    async def work(number: int, store: RedisStore) -> bool:
        key = Idempotency(key="k", digest=f"{number}")
        try:
            await store.accept(samples.job(number), look_again_at=now, idempotency=key)
        except IdempotencyConflict:
            return False
        return True

    assert (await race(redis_bed.url, work)).count(True) == 1
    assert len((await redis_bed.store.list()).jobs) == 1


async def test_a_wanted_job_is_claimed_once(redis_bed: RedisBed) -> None:
    """Of 32 threads that claim the same one job exactly one gets it, and nobody another one."""
    jobs, now = await accepted(redis_bed, 20)
    later = samples.job(100)
    await redis_bed.store.accept(later, look_again_at=now + HOUR)

    async def work(number: int, store: RedisStore) -> list[bool]:
        won = []
        for job in [*jobs[number % 20 :], *jobs[: number % 20], later]:
            found = (await store.claim(f"w{number}", most=9, lease=LEASE, only=job.id)).jobs
            assert {one.id for one in found} <= {job.id}
            won.append((job.id, bool(found)))
        return [mine for _, mine in sorted(won)]

    answers = await race(redis_bed.url, work)
    assert [sum(turn) for turn in zip(*answers, strict=True)] == [1] * 20 + [0]
    for position, job in enumerate(jobs):
        winner = next(number for number in range(THREADS) if answers[number][position])
        assert await holder(redis_bed, job.id) == f"w{winner}"


async def test_what_is_claimed_is_not_overdue(redis_bed: RedisBed) -> None:
    """While 16 threads claim late jobs, 16 others are told of none that was claimed before."""
    jobs, _ = await accepted(redis_bed, 320, late=timedelta(seconds=10))
    claimed: set[str] = set()
    told: set[str] = set()

    async def work(number: int, store: RedisStore) -> None:
        for _ in range(30):
            if number % 2:
                found = (await store.claim(f"w{number}", most=1, lease=LEASE)).jobs
                claimed.update(map(attrgetter("id"), found))
            else:
                before = frozenset(claimed)
                late = await store.overdue(by=timedelta(seconds=5), most=1000)
                assert not before.intersection(late)
                told.update(late)

    await race(redis_bed.url, work)
    assert claimed == {job.id for job in jobs}
    # The race was one: they looked while some were left.
    assert told
    assert await redis_bed.store.overdue(by=timedelta(0), most=1000) == []


async def test_a_job_that_ends_stays_ended(redis_bed: RedisBed) -> None:
    """One of 32 saves ends a job; neither wakes, saves nor claims at the same time revive it."""
    jobs, now = await accepted(redis_bed, 20)

    async def work(number: int, store: RedisStore) -> list[bool]:
        ended = []
        for job in jobs:
            try:
                await store.save(job, samples.decided(job), look_again_at=None, facts=[])
            except StaleWrite:
                ended.append(False)
            else:
                ended.append(True)
            after = replace(samples.decided(job), rev=1)
            with pytest.raises(StaleWrite):
                await store.save(after, after, look_again_at=now, facts=[])
            assert not (await store.claim(f"w{number}", most=1, lease=LEASE, only=job.id)).jobs
            # Last, as a claim would clear away what a wake made due.
            await store.wake(job.id)
        return ended

    answers = await race(redis_bed.url, work)
    assert [sum(turn) for turn in zip(*answers, strict=True)] == [1] * 20
    assert await due(redis_bed) == []
    assert await redis_bed.raw.zcard("jobsched:due:1") == 0
