"""The scripts that halt and resume a provider, raced by 32 threads on a real Redis."""

from contextlib import suppress

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId
from jobsched.errors import StaleWrite
from jobsched.store.port import Halted
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import HOUR, accepted, due, race, until
from tests.integration.store.samples import LEASE


def why(number: int) -> Halted:
    """Give a reason to halt."""
    return Halted(reason="r", message="", job=JobId(str(number)), at=samples.START)


async def test_a_provider_is_halted_once(redis_bed: RedisBed) -> None:
    """32 threads halt it, each for a job of its own: all are told of the same one, which pays."""

    async def work(number: int, store: RedisStore) -> Halted:
        return await store.halt("fake", why(number))

    [kept] = set(await race(redis_bed.url, work))
    assert await redis_bed.store.halted() == {"fake": kept}


async def test_a_resume_wakes_what_fits(redis_bed: RedisBed) -> None:
    """32 threads resume at once: together they wake as many of the line as fit, its first ones."""
    jobs, now = await accepted(redis_bed, 20)
    await redis_bed.store.halt("fake", why(0))
    for job in jobs:
        assert await redis_bed.store.waits_in_line(job, waiting_until=now + HOUR)
    assert await due(redis_bed) == []

    async def work(number: int, store: RedisStore) -> int:
        return sum([await store.resume("fake", Caps(alive=7)) for _ in range(5)])

    assert sum(await race(redis_bed.url, work)) == 7
    assert await due(redis_bed) == [job.id for job in jobs[:7]]


async def test_nothing_begins_while_it_is_halted(redis_bed: RedisBed) -> None:
    """One thread halts and resumes while 31 begin launches: none while halted, none forgotten."""
    caps = Caps(alive=1000)
    jobs, now = await accepted(redis_bed, 200)
    begun: list[str] = []

    async def halts(store: RedisStore) -> None:
        for _ in range(20):
            await store.halt("fake", why(0))
            before = await store.slots("fake")
            for _ in range(5):
                assert await store.slots("fake") == before
            await store.resume("fake", caps)
            # some begin before the next halt
            for _ in until(1, lambda: len(begun) == len(jobs)):
                if await store.slots("fake") != before:
                    break

    async def begins(number: int, store: RedisStore) -> None:
        mine = f"w{number}"
        for job in (await store.claim(mine, most=2, lease=LEASE)).jobs:
            if job.attempt:
                # it became dirty while it was begun: a worker finds nothing to do
                await store.release(mine, job.id, look_again_at=now + HOUR)
                continue
            if number % 2 and await store.waits_in_line(job, holder=mine, waiting_until=now + HOUR):
                continue
            answer = await store.save(
                job,
                samples.begun(job),
                look_again_at=now + HOUR,
                facts=[],
                holder=mine,
                release=True,
                caps=caps,
                # nothing but a resume makes it due
                waiting_until=now + HOUR,
            )
            if not answer.waiting:
                begun.append(job.id)

    async def work(number: int, store: RedisStore) -> None:
        if number == 0:
            await halts(store)
            return
        for _ in until(9, lambda: len(begun) == len(jobs)):
            with suppress(StaleWrite):
                await begins(number, store)

    await race(redis_bed.url, work)
    assert sorted(begun) == [job.id for job in jobs]
    assert await redis_bed.raw.zcard("jobsched:waiting:fake") == 0
    assert await redis_bed.store.halted() == {}
