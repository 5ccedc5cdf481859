"""Scripts of what flows (changes, logs), raced by 32 threads on a real Redis."""

import asyncio
from collections import Counter
from datetime import timedelta

from jobsched.contracts.change import Change
from jobsched.contracts.log_store import LogPart
from jobsched.store.logs import HEAD, TAIL
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import THREADS, accepted, all_of, race, until

NO_WAIT = timedelta(0)
JOB = samples.job().id
CHUNK = 64 * 1024
CHUNKS = (HEAD + TAIL) // CHUNK + 4
# The tail begins within a chunk.
SIZE = CHUNKS * CHUNK - 1000


async def test_each_change_goes_to_one_consumer(redis_bed: RedisBed) -> None:
    """32 consumers share the changes: each is given once."""
    now = await redis_bed.store.check()
    for number in range(200):
        await redis_bed.store.accept(samples.job(number), look_again_at=now)

    async def work(number: int, store: RedisStore) -> list[str]:
        given = await all_of(lambda: store.changes(f"c{number}", most=3, wait=NO_WAIT))
        return [change.job for change in given]

    told = [job for jobs in await race(redis_bed.url, work) for job in jobs]
    assert sorted(told) == [samples.job(number).id for number in range(200)]


async def test_each_change_is_acknowledged_once(redis_bed: RedisBed) -> None:
    """32 threads accept jobs, are given changes and acknowledge them: each is told once."""
    total = THREADS * 10
    acknowledged: list[str] = []

    async def work(number: int, store: RedisStore) -> None:
        now = await store.check()
        for turn in range(10):
            await store.accept(samples.job(number * 10 + turn), look_again_at=now)
        for _ in until(5, lambda: len(acknowledged) >= total):
            changes = await store.changes(f"c{number}", most=3, wait=NO_WAIT)
            if changes:
                await store.acknowledge(changes)
                acknowledged.extend(change.job for change in changes)
            else:
                await asyncio.sleep(0.001)

    await race(redis_bed.url, work)
    assert sorted(acknowledged) == [samples.job(number).id for number in range(total)]
    pending = await redis_bed.raw.xpending("jobsched:events", "plugins")
    assert pending["pending"] == 0
    await redis_bed.changes_lie()
    assert await redis_bed.store.changes("late", most=100, wait=NO_WAIT) == []


async def test_changes_of_the_dead_go_to_one(redis_bed: RedisBed) -> None:
    """Each change that lies with a dead consumer goes to one of 32 others; told ones do not."""
    await accepted(redis_bed, 70)
    given = await redis_bed.store.changes("dead", most=70, wait=NO_WAIT)
    await redis_bed.store.acknowledge(given[:20])
    await redis_bed.changes_lie()

    async def work(number: int, store: RedisStore) -> list[Change]:
        # XAUTOCLAIM looks at ten times as many as it gives: here at all that lie with anybody.
        told = await all_of(lambda: store.changes(f"c{number}", most=5, wait=NO_WAIT))
        # As late as may be: others look meanwhile.
        await store.acknowledge(told)
        return told

    told = [one for changes in await race(redis_bed.url, work) for one in changes]
    assert Counter(one.id for one in told) == Counter(one.id for one in given[20:])
    assert (await redis_bed.raw.xpending("jobsched:events", "plugins"))["pending"] == 0


def intact(parts: list[LogPart], content: bytes) -> bool:
    """Say whether every byte that is kept is the one that was written there."""
    return all(content[part.offset :].startswith(part.data) for part in parts)


async def test_logs_of_many_writers_are_intact(redis_bed: RedisBed) -> None:
    """32 threads write the same output, in any order and in long and short pieces: it is whole."""
    content = b"".join(position.to_bytes(4, "big") for position in range(SIZE // 4))

    async def work(number: int, store: RedisStore) -> None:
        logs = store.logs()
        # Strides that share no factor with the number of chunks meet each of them.
        stride = (1, 3, 7, 9, 11, 13, 17, 19)[number % 8]
        # Some pieces were cut short by a crash.
        length = CHUNK if number % 5 else CHUNK // 3
        for turn in range(CHUNKS):
            offset = (turn * stride + number) % CHUNKS * CHUNK
            await logs.write(JOB, 1, offset, content[offset : offset + length])
        assert intact(await logs.read(JOB, 1), content)

    await race(redis_bed.url, work)
    assert isinstance(redis_bed.store, RedisStore)
    parts = await redis_bed.store.logs().read(JOB, 1)
    assert [(part.offset, len(part.data)) for part in parts] == [(0, HEAD), (SIZE - TAIL, TAIL)]
    assert intact(parts, content)


async def test_deleted_logs_leave_nothing(redis_bed: RedisBed) -> None:
    """31 threads write logs of attempts while one deletes them: what is left can be deleted."""

    async def work(number: int, store: RedisStore) -> None:
        logs = store.logs()
        for turn in range(50):
            if number == 0:
                await logs.delete(JOB)
            else:
                await logs.write(JOB, number, turn, b"x")

    await race(redis_bed.url, work)
    index = f"jobsched:logs:{JOB}"
    attempts = await redis_bed.raw.smembers(index)
    kept = {f"jobsched:log:{JOB}:{attempt}" for attempt in attempts}
    assert set(await redis_bed.raw.keys(f"jobsched:log:{JOB}:*")) == kept
    assert isinstance(redis_bed.store, RedisStore)
    await redis_bed.store.logs().delete(JOB)
    assert await redis_bed.raw.keys(f"jobsched:log*:{JOB}*") == []
