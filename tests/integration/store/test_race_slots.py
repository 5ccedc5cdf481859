"""Scripts that take, free and hand on slots, raced by 32 threads on a real Redis."""

import asyncio

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import HOUR, THREADS, Room, accepted, race, until
from tests.integration.store.samples import LEASE

WAITING = "jobsched:waiting:fake"


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
    assert await redis_bed.raw.zcard(WAITING) == THREADS - 5


async def test_the_hourly_cap_is_never_passed(redis_bed: RedisBed) -> None:
    """32 threads that begin and end launches at once begin no more than the hour allows (L16)."""
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


async def test_the_pace_is_never_passed(redis_bed: RedisBed) -> None:
    """32 threads that begin launches for a second begin as many as the pace has (Q13)."""
    caps = Caps(hourly=1000, per_second=20)
    jobs, now = await accepted(redis_bed, THREADS * 4)

    async def work(number: int, store: RedisStore) -> int:
        mine, begun = list(jobs[number::THREADS]), 0
        for _ in until(1, lambda: not mine):
            answer = await store.save(
                mine[0], samples.begun(mine[0]), look_again_at=now + HOUR, facts=[], caps=caps
            )
            if not answer.waiting:
                mine.pop(0)
                begun += 1
        return begun

    begun = sum(await race(redis_bed.url, work))
    assert_paced(await launched(redis_bed), begun=begun, caps=caps)
    # what was there for the taking was taken
    assert begun >= 20


async def launched(bed: RedisBed) -> list[float]:
    """Give when launches began by the server's clock, in seconds."""
    found = await bed.raw.zrange("jobsched:launches:fake", 0, -1, withscores=True)
    return [at / 1_000_000 for _, at in found]


def assert_paced(times: list[float], *, begun: int, caps: Caps) -> None:
    """See that in no span there were more launches than it has, and those of one second."""
    assert caps.per_second is not None
    assert len(times) == begun
    burst = max(1.0, caps.per_second)
    for first, start in enumerate(times):
        for last, end in enumerate(times[first:], start=first):
            assert last - first + 1 <= caps.per_second * (end - start) + burst + 1e-3


async def test_a_capped_save_takes_no_lease(redis_bed: RedisBed) -> None:
    """32 threads begin a launch that a cap forbids of a job they do not hold: its holder stays."""
    [job], now = await accepted(redis_bed, 1)
    await redis_bed.store.claim("holder", most=1, lease=LEASE)

    async def work(number: int, store: RedisStore) -> None:
        for _ in range(10):
            answer = await store.save(
                job,
                samples.begun(job),
                look_again_at=now,
                facts=[],
                caps=Caps(alive=0),
                waiting_until=now,
            )
            assert answer.waiting
            assert not (await store.claim(f"w{number}", most=1, lease=LEASE)).jobs

    await race(redis_bed.url, work)
    assert await redis_bed.raw.zcard(WAITING) == 1
    assert not (await redis_bed.store.renew("holder", [job.id], lease=LEASE)).lost


@pytest.mark.parametrize("caps", [Caps(alive=4), Caps(alive=4, hourly=70)])
async def test_slots_are_handed_on(redis_bed: RedisBed, caps: Caps) -> None:
    """32 threads begin and end launches under a cap: it is never passed, and every job gets one."""
    jobs, now = await accepted(redis_bed, 64)
    machines, ended = Room(), Room()

    async def attempt(store: RedisStore, mine: str, job: Job) -> None:
        answer = await store.save(
            job,
            samples.begun(job),
            look_again_at=now + HOUR,
            facts=[],
            holder=mine,
            caps=caps,
            # Nothing but a slot that becomes free makes it due.
            waiting_until=now + HOUR,
        )
        if answer.waiting:
            return
        with machines.entered():
            held = await store.slots("fake")
            assert len(held) <= 4
            assert job.id in held.values()
        done = samples.decided(samples.gone(answer.job))
        await store.save(answer.job, done, look_again_at=None, facts=[], holder=mine)
        with ended.entered():
            pass

    async def work(number: int, store: RedisStore) -> None:
        for _ in until(6, lambda: ended.entries == len(jobs)):
            claimed = await store.claim(f"w{number}", most=1, lease=LEASE)
            for job in claimed.jobs:
                await attempt(store, f"w{number}", job)
            assert len(await store.slots("fake")) <= 4
            if not claimed.jobs:
                await asyncio.sleep(0.001)

    await race(redis_bed.url, work)
    assert ended.entries == machines.entries == len(jobs)
    assert machines.most <= 4
    assert await redis_bed.store.slots("fake") == {}
    assert await redis_bed.raw.zcard(WAITING) == 0


async def test_a_slot_that_is_passed_on_is_one(redis_bed: RedisBed) -> None:
    """A launch that replaces one that is gone takes its slot in one save, while others want it."""
    jobs, now = await accepted(redis_bed, THREADS)
    held = [
        (
            await redis_bed.store.save(
                job, samples.begun(job), look_again_at=now + HOUR, facts=[], caps=Caps(alive=4)
            )
        ).job
        for job in jobs[:4]
    ]

    async def work(number: int, store: RedisStore) -> list[bool]:
        job = held[number] if number < 4 else jobs[number]
        got = []
        for _ in range(10):
            after = samples.begun(samples.gone(job) if number < 4 else job)
            answer = await store.save(
                job, after, look_again_at=now + HOUR, facts=[], caps=Caps(alive=4)
            )
            job = answer.job
            got.append(not answer.waiting)
            assert len(await store.slots("fake")) == 4
        return got

    answers = await race(redis_bed.url, work)
    assert [sum(got) for got in answers] == [10] * 4 + [0] * (THREADS - 4)
    assert set((await redis_bed.store.slots("fake")).values()) == {job.id for job in jobs[:4]}
