"""The script that refills from a waiting line, raced by 32 threads on a real Redis."""

from contextlib import suppress
from datetime import timedelta

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.errors import StaleWrite
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import HOUR, THREADS, accepted, due, race, until
from tests.integration.store.samples import LEASE
from tests.integration.store.test_race_slots import assert_paced, launched


async def in_line(bed: RedisBed, *, held: int, waiting: int) -> list[Job]:
    """Fill slots and the line behind them; give the jobs in line, which are not due for an hour."""
    jobs, now = await accepted(bed, held + waiting)
    for number, job in enumerate(jobs):
        begun = samples.begun(samples.planned(job, start_at=now + timedelta(seconds=number)))
        answer = await bed.store.save(
            job,
            begun,
            look_again_at=now + HOUR,
            facts=[],
            caps=Caps(alive=held),
            waiting_until=now + HOUR,
        )
        assert answer.waiting == (number >= held)
    assert await due(bed) == []
    return jobs[held:]


async def test_a_refill_wakes_what_fits(redis_bed: RedisBed) -> None:
    """32 threads refill at once: together they wake as many of the line as fit, its first ones."""
    line = await in_line(redis_bed, held=2, waiting=20)

    async def work(number: int, store: RedisStore) -> int:
        return sum([await store.refill("fake", Caps(alive=7)) for _ in range(5)])

    assert sum(await race(redis_bed.url, work)) == 5
    assert await due(redis_bed) == [job.id for job in line[:5]]


async def test_a_refill_keeps_to_the_hour(redis_bed: RedisBed) -> None:
    """32 threads refill under an hourly cap that is half spent: they wake what is left of it."""
    caps = Caps(alive=100, hourly=7)
    spent, now = await accepted(redis_bed, 3, first=1000)
    for job in spent:
        saved = await redis_bed.store.save(
            job, samples.begun(job), look_again_at=now, facts=[], caps=caps
        )
        ended = samples.decided(samples.gone(saved.job))
        await redis_bed.store.save(saved.job, ended, look_again_at=None, facts=[])
    line = await in_line(redis_bed, held=0, waiting=20)

    async def work(number: int, store: RedisStore) -> int:
        return sum([await store.refill("fake", caps) for _ in range(5)])

    assert sum(await race(redis_bed.url, work)) == 4
    assert await due(redis_bed) == [job.id for job in line[:4]]


async def test_a_refill_spends_no_slot_that_others_take(redis_bed: RedisBed) -> None:
    """16 threads refill while 16 others begin launches: caps are kept, and the line its order."""
    line = await in_line(redis_bed, held=2, waiting=20)
    caps = Caps(alive=7)
    others, now = await accepted(redis_bed, THREADS, first=500)

    async def work(number: int, store: RedisStore) -> tuple[int, int]:
        woken, begun = 0, 0
        for _ in range(10):
            if number % 2:
                woken += await store.refill("fake", caps)
                continue
            with suppress(StaleWrite):
                later = samples.planned(others[number], start_at=now + HOUR)
                answer = await store.save(
                    others[number],
                    samples.begun(later),
                    look_again_at=now + HOUR,
                    facts=[],
                    caps=caps,
                    waiting_until=now + HOUR,
                )
                begun += not answer.waiting
            assert len(await store.slots("fake")) <= 7
        return woken, begun

    answers = await race(redis_bed.url, work)
    woken = sum(one for one, _ in answers)
    begun = sum(one for _, one in answers)
    # The line keeps its place until it is saved, so others take what it was woken for; never more.
    assert begun == 5
    assert woken <= 5
    first = [job.id for job in line[:woken]]
    assert [job for job in await due(redis_bed) if int(job) < 500] == first
    assert len(await redis_bed.store.slots("fake")) == 7


async def test_a_refill_wakes_leased_jobs_too(redis_bed: RedisBed) -> None:
    """One thread refills while 31 put jobs of the line off for an hour: all are due at once."""
    line = await in_line(redis_bed, held=0, waiting=THREADS * 10)
    for job in line:
        await redis_bed.store.wake(job.id)
        await redis_bed.store.claim("w", most=1, lease=LEASE)
    later = await redis_bed.store.check() + HOUR

    async def work(number: int, store: RedisStore) -> None:
        if number == 0:
            await store.refill("fake", Caps())
        for job in line[number::THREADS]:
            await store.release("w", job.id, look_again_at=later)

    await race(redis_bed.url, work)
    assert await due(redis_bed) == [job.id for job in line]


async def test_a_refill_and_launches_keep_the_pace(redis_bed: RedisBed) -> None:
    """16 threads refill while 16 claim and begin: nobody in line is lost, and none goes early."""
    caps = Caps(hourly=1000, per_second=30)
    jobs, now = await accepted(redis_bed, 60)
    begun: list[str] = []

    async def work(number: int, store: RedisStore) -> None:
        for _ in until(8, lambda: len(begun) == len(jobs)):
            if number % 2:
                await store.refill("fake", caps)
                continue
            for job in (await store.claim(f"w{number}", most=1, lease=LEASE)).jobs:
                answer = await store.save(
                    job,
                    samples.begun(job),
                    look_again_at=now + HOUR,
                    facts=[],
                    holder=f"w{number}",
                    release=True,
                    caps=caps,
                    # nothing but its turn makes it due
                    waiting_until=now + HOUR,
                )
                if not answer.waiting:
                    begun.append(job.id)

    await race(redis_bed.url, work)
    assert sorted(begun) == [job.id for job in jobs]
    assert_paced(await launched(redis_bed), begun=len(jobs), caps=caps)
    assert await redis_bed.raw.zcard("jobsched:paced:fake") == 0
