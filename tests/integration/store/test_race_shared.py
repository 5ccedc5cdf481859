"""Scripts of what all workers share (owner, locks, names, lists), raced by 32 threads."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest

from jobsched.domain.job import JobId
from jobsched.errors import StaleWrite, UnknownJob, UnreadableRecord, WrongStore
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.races import THREADS, Room, accepted, due, race, until
from tests.integration.store.samples import LEASE


async def test_an_empty_store_gets_one_owner(redis_bed: RedisBed) -> None:
    """Two deployments, of two secrets each, race for an empty store: exactly one has it then."""
    await redis_bed.empty()

    def identity(number: int) -> tuple[str, str]:
        return ("one", "other")[number % 2], ("secret", "another secret")[number // 2 % 2]

    async def work(number: int, store: RedisStore) -> bool:
        try:
            await store.stamp(identity(number)[1])
        except WrongStore:
            with pytest.raises(WrongStore):
                await store.check()
            return False
        await store.check()
        return True

    answers = await race(redis_bed.url, work, identity=identity)
    owners = {identity(number) for number in range(THREADS) if answers[number]}
    assert len(owners) == 1
    # All of that deployment are told so.
    assert answers.count(True) == THREADS / 4
    kept = await redis_bed.raw.mget("jobsched:deployment", "jobsched:fingerprint")
    assert tuple(kept) in owners


async def test_of_many_restores_one_comes_to_its_end(redis_bed: RedisBed) -> None:
    """Of 32 threads that begin a restore at once exactly one goes on, and ends it (R9)."""

    async def work(number: int, store: RedisStore) -> bool:
        try:
            await store.begin_restore(f"epoch{number}")
            await asyncio.sleep(0.2)
            await store.end_restore()
        except WrongStore:
            return False
        await store.check()
        return True

    answers = await race(redis_bed.url, work)
    assert answers.count(True) == 1
    kept = await redis_bed.raw.get("jobsched:deployment")
    assert kept == f"d/epoch{answers.index(True)}"
    await (await redis_bed.another()).check()


async def test_a_lock_has_one_holder_among_many(redis_bed: RedisBed) -> None:
    """Of 32 threads exactly one gets a lock."""

    async def work(number: int, store: RedisStore) -> bool:
        return await store.lock("l", f"w{number}", lease=LEASE)

    assert (await race(redis_bed.url, work)).count(True) == 1


async def test_a_lock_has_one_holder_at_a_time(redis_bed: RedisBed) -> None:
    """32 threads lock and unlock, also what they do not hold: one holds it at any time."""
    room = Room()

    async def work(number: int, store: RedisStore) -> None:
        mine = f"w{number}"
        for _ in until(5, lambda: room.entries >= 50):
            # It is not held: nothing is done.
            await store.unlock("l", mine)
            if await store.lock("l", mine, lease=LEASE):
                with room.entered():
                    await asyncio.sleep(0.001)
                    assert await store.lock("l", mine, lease=LEASE)
                await store.unlock("l", mine)

    await race(redis_bed.url, work)
    assert room.most == 1
    assert room.entries >= 50
    assert await redis_bed.store.lock("l", "next", lease=LEASE)


async def test_a_name_is_bound_once(redis_bed: RedisBed) -> None:
    """32 threads bind names to values of their own: all are given one value of each name."""

    async def work(number: int, store: RedisStore) -> list[str]:
        return [await store.bind(f"name-{turn}", f"{number}") for turn in range(20)]

    answers = await race(redis_bed.url, work)
    assert all(len(set(values)) == 1 for values in zip(*answers, strict=True))
    assert [await redis_bed.store.bind(f"name-{turn}", "late") for turn in range(20)] == answers[0]


async def test_who_is_held_back_goes_to_nobody(redis_bed: RedisBed) -> None:
    """32 threads hold back, wake, read and claim; each sees the job as one that is held back."""
    [job] = (await accepted(redis_bed, 1))[0]
    await redis_bed.store.hold_back(job.id)
    [since] = (await redis_bed.store.held_back()).values()

    async def work(number: int, store: RedisStore) -> list[str]:
        await store.hold_back(job.id)
        await store.wake(job.id)
        with suppress(UnreadableRecord):
            return [(await store.read(job.id)).id]
        return [one.id for one in (await store.claim(f"w{number}", most=3, lease=LEASE)).jobs]

    assert not any(await race(redis_bed.url, work))
    assert await redis_bed.store.held_back() == {job.id: since}

    async def frees(number: int, store: RedisStore) -> list[str]:
        await store.let_go(job.id)
        await store.wake(job.id)
        return [one.id for one in (await store.claim(f"w{number}", most=3, lease=LEASE)).jobs]

    assert [one for one in await race(redis_bed.url, frees) if one] == [[job.id]]


async def test_a_broken_record_is_set_aside_by_many(redis_bed: RedisBed) -> None:
    """32 threads claim and read broken records among good ones: those go to one, these to none."""
    jobs, _ = await accepted(redis_bed, 330)
    broken = {job.id for job in jobs[::11]}
    for number, job in enumerate(sorted(broken)):
        if number % 2:
            await redis_bed.spoil(job)
        else:
            await redis_bed.raw.delete(f"jobsched:job:{job}")
            await redis_bed.raw.set(f"jobsched:job:{job}", "not even a hash")
    unreadable = sorted(broken)[1::2]

    async def work(number: int, store: RedisStore) -> list[str]:
        found: list[str] = []
        for turn in range(40):
            with suppress(UnreadableRecord):
                await store.read(unreadable[(turn + number) % len(unreadable)])
            found += [one.id for one in (await store.claim(f"w{number}", most=3, lease=LEASE)).jobs]
        return found

    answers = await race(redis_bed.url, work)
    good = [job.id for job in jobs if job.id not in broken]
    assert sorted(job for found in answers for job in found) == good
    assert {one.id for one in await redis_bed.store.quarantine()} == broken
    # Nobody looks at them again, nor holds them.
    assert set(await redis_bed.raw.zrange("jobsched:due:1", 0, -1)) == set(good)
    for job in unreadable:
        assert await redis_bed.raw.hget(f"jobsched:job:{job}", "holder") == ""


async def test_an_ended_job_is_pruned_once(redis_bed: RedisBed) -> None:
    """32 threads prune, wake and save: each ended job is given to one, and leaves no trace."""
    retention = timedelta(milliseconds=1)
    store = await redis_bed.another(retention=retention)
    jobs, now = await accepted(redis_bed, 300)
    [kept], _ = await accepted(redis_bed, 1, first=1000)
    ended = [
        (await store.save(job, samples.decided(job), look_again_at=None, facts=[])).job
        for job in jobs
    ]
    await redis_bed.pass_by(retention)

    async def work(number: int, store: RedisStore) -> list[JobId]:
        found: list[JobId] = []
        for turn in range(20):
            if number % 2:
                job = ended[(turn * 16 + number) % len(ended)]
                await store.wake(job.id)
                with pytest.raises(StaleWrite):
                    await store.save(job, job, look_again_at=now, facts=[])
            found += await store.prune(await store.past_retention(most=3))
        return found

    answers = await race(redis_bed.url, work)
    assert sorted(job for found in answers for job in found) == [job.id for job in jobs]
    assert sum(1 for found in answers if found) > 1
    assert [line.id for line in (await redis_bed.store.list()).jobs] == [kept.id]
    assert await due(redis_bed) == [kept.id]
    assert await redis_bed.raw.keys("jobsched:job:*") == [f"jobsched:job:{kept.id}"]
    assert await redis_bed.raw.zcard("jobsched:jobs") == 1
    assert not await redis_bed.raw.exists("jobsched:jobs:finished", "jobsched:ended")
    with pytest.raises(UnknownJob):
        await redis_bed.store.read(jobs[0].id)


async def test_the_living_workers_are_known(redis_bed: RedisBed) -> None:
    """32 workers tell that they live, half of them for a moment only: the others stay known."""

    async def work(number: int, store: RedisStore) -> None:
        mine = f"w{number:02d}"
        dies = number % 2 == 1
        for _ in range(10):
            await store.see_worker(mine, lease=timedelta(milliseconds=1) if dies else LEASE)
            if not dies:
                assert mine in await store.workers()
        if dies:
            await asyncio.sleep(0.005)
            assert mine not in await store.workers()

    await race(redis_bed.url, work)
    living = [f"w{number:02d}" for number in range(0, THREADS, 2)]
    assert await redis_bed.store.workers() == living
    await redis_bed.store.see_worker(living[0], lease=LEASE)
    # The dead are forgotten, not just left out.
    assert sorted(await redis_bed.raw.zrange("jobsched:workers", 0, -1)) == living
