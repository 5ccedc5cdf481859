"""The scripts that keep alarms, raced by 32 threads on a real Redis."""

from jobsched.store.redis import RedisStore
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import race


async def test_an_alarm_is_new_once(redis_bed: RedisBed) -> None:
    """Of 32 threads that raise it one is told that it is new; of as many that clear it, one."""

    async def raises(number: int, store: RedisStore) -> bool:
        return await store.raise_alarm("a", str(number))

    async def clears(number: int, store: RedisStore) -> bool:
        return await store.clear_alarm("a")

    assert sum(await race(redis_bed.url, raises)) == 1
    assert len(await redis_bed.store.alarms()) == 1
    assert sum(await race(redis_bed.url, clears)) == 1
    assert await redis_bed.store.alarms() == {}
