"""The scripts of the reaper, raced by 32 threads on a real Redis."""

from datetime import datetime, timedelta

from jobsched.store.redis import RedisStore
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import race


async def test_suspects_are_found_once_by_all(redis_bed: RedisBed) -> None:
    """32 threads suspect the same machines: all are told of the same times."""

    async def work(number: int, store: RedisStore) -> tuple[datetime, ...]:
        await store.see_reaper("fake")
        found = await store.suspect("fake", ["i-1", "i-2"])
        return found["i-1"], found["i-2"]

    assert len(set(await race(redis_bed.url, work))) == 1
    assert set(await redis_bed.store.reaped()) == {"fake"}


async def test_a_permit_is_used_by_one(redis_bed: RedisBed) -> None:
    """Of 32 threads one has the operator's word; of as many that give it, one word is kept."""

    async def gives(number: int, store: RedisStore) -> None:
        await store.permit("reap:fake", within=timedelta(minutes=10))

    async def uses(number: int, store: RedisStore) -> bool:
        return await store.use_permit("reap:fake")

    await race(redis_bed.url, gives)
    assert sum(await race(redis_bed.url, uses)) == 1
