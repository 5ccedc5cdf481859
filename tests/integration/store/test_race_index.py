"""Looking at indexes and repairing them, raced by 32 threads on a real Redis."""

from operator import attrgetter

import redis.asyncio

from jobsched.contracts.provider import Caps
from jobsched.errors import StaleWrite
from jobsched.store.redis import RedisStore
from tests.integration.store import damage, samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import THREADS, Room, accepted, due, race
from tests.integration.store.samples import LEASE


async def test_a_repair_hands_no_job_to_two(redis_bed: RedisBed) -> None:
    """Due times vanish and are repaired while 16 threads claim: each job has one holder, always."""
    jobs, _ = await accepted(redis_bed, 20)
    rooms = {job.id: Room() for job in jobs}

    async def work(number: int, store: RedisStore) -> None:
        raw = redis.asyncio.Redis.from_url(redis_bed.url, decode_responses=True)
        for turn in range(40):
            job = jobs[(number + turn) % 20].id
            if number % 2:
                await damage.in_redis(raw, "due", job)
                await store.repair(job)
                continue
            claim = await store.claim(f"w{number}", most=1, lease=LEASE, only=job)
            if claim.jobs:
                with rooms[job].entered():
                    await store.repair(job)
                await store.release(f"w{number}", job, look_again_at=claim.now)
        await raw.aclose()

    await race(redis_bed.url, work)
    assert {room.most for room in rooms.values()} == {1}
    assert sum(room.entries for room in rooms.values()) > THREADS
    for job in jobs:
        await redis_bed.store.repair(job.id)
    assert await due(redis_bed) == sorted(map(attrgetter("id"), jobs))


async def test_a_repair_takes_no_slot_that_is_taken_meanwhile(redis_bed: RedisBed) -> None:
    """Slots are taken, freed and repaired at the same time: in the end the records have them."""
    jobs, now = await accepted(redis_bed, 16)

    async def work(number: int, store: RedisStore) -> None:
        job = jobs[number // 2]
        for _ in range(20):
            if number % 2:
                await store.repair(job.id)
                continue
            before = await store.read(job.id)
            is_on = before.attempt and not before.attempt.launches[-1].gone_at
            after = samples.gone(before) if is_on else samples.begun(before)
            try:
                await store.save(
                    before, after, look_again_at=now, facts=[], caps=Caps(alive=16, hourly=1000)
                )
            except StaleWrite:
                continue

    await race(redis_bed.url, work)
    held = set()
    for job in jobs:
        stored = await redis_bed.store.read(job.id)
        assert stored.attempt
        held |= {one.token for one in stored.attempt.launches if not one.gone_at}
    assert (await redis_bed.store.slots("fake")).keys() == held
    assert await redis_bed.store.faults([job.id for job in jobs]) == ()


async def test_many_that_look_leave_no_entry_out(redis_bed: RedisBed) -> None:
    """32 threads share one walk through 640 jobs: what is wrong is found by one of them."""
    jobs, _ = await accepted(redis_bed, 640)
    await redis_bed.raw.delete("jobsched:due:1")

    async def work(number: int, store: RedisStore) -> list[str]:
        del number
        page = await store.examine(["fake"], most=20)
        return [one.job for one in page.faults]

    found = [job for page in await race(redis_bed.url, work) for job in page]
    assert sorted(found) == [job.id for job in jobs]
