"""What goes wrong in Redis: each fault is one sentence, and nothing is half done."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import timedelta

import pytest
import redis.asyncio
from structlog.testing import capture_logs

from jobsched.contracts.provider import Caps
from jobsched.errors import ConfigError, StoreUnavailable, WrongStore
from jobsched.store.port import Accepted, Idempotency
from jobsched.store.redis import RedisStore
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.row import RETENTION
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed
from tests.integration.store.samples import LEASE
from tests.services import RedisServer

INDEXES = {
    "accept": ["jobs", "jobs:scheduled", "due:1", "events"],
    "save": [
        *["jobs:scheduled", "jobs:provisioning", "due:1", "events"],
        *["slots:fake", "waiting:fake", "launches:fake", "caps:fake"],
        *["paced:fake", "halted"],
    ],
}


@pytest.fixture
async def own(redis_server: RedisServer) -> AsyncIterator[RedisBed]:
    """A store in a server of this test alone."""
    bed = RedisBed(redis_server.url)
    await bed.start()
    await bed.store.stamp("fingerprint")
    yield bed
    await bed.close()


@pytest.mark.parametrize(
    ("settings", "syncs"),
    [
        ({"appendonly": "yes", "appendfsync": "always"}, True),
        ({"appendonly": "yes", "appendfsync": "everysec"}, False),
        ({"appendonly": "no", "appendfsync": "always"}, False),
    ],
)
async def test_what_a_server_syncs_is_asked(
    own: RedisBed, settings: dict[str, str], *, syncs: bool
) -> None:
    """Only a file that is synced before each answer forgets nothing (P1, P3)."""
    for name, value in settings.items():
        await own.raw.config_set(name, value)
    assert await own.store.syncs_each_write() == syncs


async def test_a_server_that_does_not_tell_may_forget(own: RedisBed) -> None:
    """As managed ones do, and those that allow little to our user."""
    await own.raw.acl_setuser("default", commands=["-config"])
    try:
        assert not await own.store.syncs_each_write()
    finally:
        await own.raw.acl_setuser("default", commands=["+config"])


async def test_forgotten_scripts_are_sent_again(redis_bed: RedisBed) -> None:
    """After SCRIPT FLUSH every call works, also many at once, and each is done once."""
    now = await redis_bed.store.check()
    await redis_bed.raw.script_flush()
    jobs = [samples.job(number) for number in range(100)]
    answers = await asyncio.gather(
        *(redis_bed.store.accept(job, look_again_at=now) for job in jobs)
    )
    assert [answer.created for answer in answers] == [True] * 100
    await redis_bed.raw.script_flush()
    assert len((await redis_bed.store.claim("w", most=200, lease=LEASE)).jobs) == 100


@pytest.mark.parametrize("key", INDEXES["accept"])
async def test_accept_on_a_key_of_a_wrong_type_writes_nothing(
    redis_bed: RedisBed, key: str
) -> None:
    """Where an index is not what it should be, accept fails and leaves all as it was."""
    await redis_bed.raw.delete(f"jobsched:{key}")
    await redis_bed.raw.set(f"jobsched:{key}", "a text")
    before = await redis_bed.snapshot()
    with pytest.raises(StoreUnavailable, match="another type"):
        await redis_bed.store.accept(
            samples.job(),
            look_again_at=samples.START,
            idempotency=Idempotency(key="k", digest="d"),
        )
    assert await redis_bed.snapshot() == before


@pytest.mark.parametrize("key", INDEXES["save"])
async def test_save_on_a_key_of_a_wrong_type_writes_nothing(redis_bed: RedisBed, key: str) -> None:
    """Where an index is not what it should be, save fails and leaves all as it was."""
    job = samples.job()
    await redis_bed.store.accept(job, look_again_at=samples.START)
    await redis_bed.raw.delete(f"jobsched:{key}")
    await redis_bed.raw.set(f"jobsched:{key}", "a text")
    before = await redis_bed.snapshot()
    with pytest.raises(StoreUnavailable, match="another type"):
        await redis_bed.store.save(
            job,
            samples.begun(job),
            look_again_at=samples.START,
            facts=["Begun"],
            caps=Caps(alive=5, hourly=5, per_second=5),
        )
    assert await redis_bed.snapshot() == before


@pytest.mark.parametrize(
    "key", ["ended", "jobs:finished", "slots:fake", "launches:fake", "caps:fake", "halted"]
)
async def test_an_end_on_a_key_of_a_wrong_type_writes_nothing(
    redis_bed: RedisBed, key: str
) -> None:
    """A job that ends and frees a slot is saved whole or not at all."""
    job = samples.job()
    await redis_bed.store.accept(job, look_again_at=samples.START)
    saved = await redis_bed.store.save(
        job, samples.begun(job), look_again_at=None, facts=[], caps=Caps(alive=1, hourly=5)
    )
    await redis_bed.raw.delete(f"jobsched:{key}")
    await redis_bed.raw.set(f"jobsched:{key}", "a text")
    before = await redis_bed.snapshot()
    after = samples.gone(samples.decided(saved.job))
    with pytest.raises(StoreUnavailable, match="another type"):
        await redis_bed.store.save(saved.job, after, look_again_at=None, facts=["Gone"])
    assert await redis_bed.snapshot() == before


async def test_a_job_that_is_forgotten_leaves_no_key(redis_bed: RedisBed) -> None:
    """After a job's whole life only the stamp, the caps and the changes are left of it."""
    store = await redis_bed.another(retention=timedelta(0))
    job = samples.job()
    await store.accept(job, look_again_at=await store.check())
    await store.claim("w", most=1, lease=LEASE)
    job = (
        await store.save(
            job, samples.begun(job), look_again_at=None, facts=[], holder="w", caps=Caps(alive=1)
        )
    ).job
    after = samples.gone(samples.decided(job))
    await store.save(job, after, look_again_at=None, facts=[], holder="w")
    assert list(await store.prune([job.id])) == [job.id]
    assert sorted(await redis_bed.raw.keys()) == [
        *["jobsched:caps:fake", "jobsched:checked", "jobsched:deployment"],
        *["jobsched:events", "jobsched:fingerprint"],
    ]


async def test_a_due_index_that_is_wrong_is_mended(redis_bed: RedisBed) -> None:
    """A claim passes over jobs that have ended, are gone or need a newer version, and mends."""
    now = await redis_bed.store.check()
    ended, newer = samples.job(1), samples.job(2)
    await redis_bed.store.accept(ended, look_again_at=now)
    await redis_bed.store.save(ended, samples.decided(ended), look_again_at=None, facts=[])
    await redis_bed.store.accept(newer, look_again_at=now)
    await redis_bed.raw.hset(f"jobsched:job:{newer.id}", "schema", "2")
    await redis_bed.raw.zadd("jobsched:due:1", {ended.id: 5, "nobody": 6})
    found = await redis_bed.store.claim("w", most=5, lease=LEASE)
    assert (found.jobs, found.next_in) == ((), None)
    assert await redis_bed.raw.zrange("jobsched:due:2", 0, -1) == [newer.id]


async def test_a_record_that_is_no_hash_holds_nobody(redis_bed: RedisBed) -> None:
    """A due record of a wrong type is put aside, and the others are claimed."""
    now = await redis_bed.store.check()
    for number in range(3):
        await redis_bed.store.accept(samples.job(number), look_again_at=now)
    key = f"jobsched:job:{samples.job(1).id}"
    await redis_bed.raw.delete(key)
    await redis_bed.raw.set(key, "a text")
    assert len((await redis_bed.store.claim("w", most=5, lease=LEASE)).jobs) == 2
    [aside] = await redis_bed.store.quarantine()
    assert aside.id == samples.job(1).id


@pytest.mark.parametrize("shebang", [True, False])
async def test_a_full_memory_takes_nothing_half(own: RedisBed, *, shebang: bool) -> None:
    """With memory full, writes raise StoreUnavailable and leave no trace; reads go on.

    Without ``#!lua`` the scripts run as on a server before 7.0.
    """
    client = redis.asyncio.Redis.from_url(own.url)
    store = RedisStore(client, "d", shebang=shebang, retention=RETENTION)
    job, other = samples.job(1), samples.job(2)
    now = await store.check()
    await store.accept(job, look_again_at=now)
    await store.claim("w", most=1, lease=LEASE)
    await own.raw.config_set("maxmemory", "1mb")
    before = await own.snapshot()
    writes = [
        store.accept(other, look_again_at=now, idempotency=Idempotency(key="k", digest="d")),
        store.save(job, samples.begun(job), look_again_at=now, facts=[], caps=Caps(alive=1)),
        store.save(job, samples.begun(job), look_again_at=now, facts=[], caps=Caps(alive=0)),
        store.save(job, samples.decided(job), look_again_at=now, facts=[]),
        store.check(),
        store.wake(job.id),
        store.lock("l", "w", lease=LEASE),
        store.see_worker("w", lease=LEASE),
        store.refill("fake", Caps(alive=1)),
    ]
    for write in writes:
        with pytest.raises(StoreUnavailable, match="out of memory"):
            await write
    assert await own.snapshot() == before
    assert await store.read(job.id) == job
    assert len((await store.list()).jobs) == 1
    if shebang:
        # What makes room, or keeps what is held, goes on.
        assert (await store.renew("w", [job.id], lease=LEASE)).lost == frozenset()
        assert await store.prune([job.id]) == []
    await own.raw.config_set("maxmemory", "0")
    await store.accept(other, look_again_at=now)
    await store.close()


async def test_a_replica_takes_nothing(redis_bed: RedisBed, own: RedisBed) -> None:
    """A replica that is read-only refuses every write with one sentence."""
    await own.raw.replicaof("127.0.0.1", "1")
    with pytest.raises(StoreUnavailable, match="replica"):
        await own.store.check()
    with pytest.raises(StoreUnavailable, match="replica"):
        await own.store.accept(samples.job(), look_again_at=samples.START)
    with pytest.raises(StoreUnavailable, match="replica"):
        await own.store.claim("w", most=1, lease=LEASE)
    assert (await own.store.list()).jobs == ()


async def test_a_server_that_is_gone_is_unavailable_and_comes_back(
    redis_server: RedisServer, own: RedisBed
) -> None:
    """With the server killed every call raises StoreUnavailable at once; later all works again."""
    now = await own.store.check()
    await own.store.accept(samples.job(), look_again_at=now)
    redis_server.kill()
    started = time.monotonic()
    for _ in range(3):
        with pytest.raises(StoreUnavailable):
            await own.store.check()
    assert time.monotonic() - started < 2
    redis_server.start()
    assert await own.store.read(samples.job().id) == samples.job()
    assert len((await own.store.claim("w", most=1, lease=LEASE)).jobs) == 1


async def test_a_server_that_hangs_is_unavailable(
    redis_server: RedisServer, own: RedisBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server that does not answer in time raises StoreUnavailable for all callers."""
    monkeypatch.setattr("jobsched.store.redis.ANSWER_WITHIN", timedelta(milliseconds=200))
    store = await RedisStore.open(own.url, "d")
    await store.check()
    redis_server.pause()
    answers = await asyncio.gather(*(store.check() for _ in range(5)), return_exceptions=True)
    redis_server.resume()
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 5
    assert len({id(answer) for answer in answers}) == 5
    await store.check()
    await store.close()


async def test_hearing_ends_when_the_server_goes(redis_server: RedisServer, own: RedisBed) -> None:
    """Who listens for wakes gets StoreUnavailable when the server is gone."""
    async with aclosing(own.store.wakes()) as wakes:
        await anext(wakes)
        redis_server.kill()
        with pytest.raises(StoreUnavailable):
            await anext(wakes)


async def test_hearing_ends_when_the_server_falls_silent(
    redis_server: RedisServer, own: RedisBed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who listens for wakes gets StoreUnavailable when the server hangs, not when it is idle."""
    monkeypatch.setattr("jobsched.store.redis_events.SILENCE", timedelta(milliseconds=100))
    async with aclosing(own.store.wakes()) as wakes:
        await anext(wakes)
        following = asyncio.ensure_future(anext(wakes))
        await asyncio.sleep(0.5)
        assert not following.done()
        redis_server.pause()
        with pytest.raises(StoreUnavailable):
            await asyncio.wait_for(following, 5)
        redis_server.resume()


async def test_a_call_that_is_cancelled_disturbs_no_other(redis_bed: RedisBed) -> None:
    """Of the callers of one pipeline some are cancelled; the others get their own answer."""
    now = await redis_bed.store.check()
    jobs = [samples.job(number) for number in range(50)]
    tasks = [asyncio.create_task(redis_bed.store.accept(job, look_again_at=now)) for job in jobs]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    answers = await asyncio.gather(*tasks, return_exceptions=True)
    wanted = [Accepted(id=job.id, created=True) for job in jobs[1::2]]
    assert answers[1::2] == wanted
    assert all(isinstance(answer, asyncio.CancelledError) for answer in answers[::2])
    await redis_bed.store.check()


async def test_a_server_that_evicts_is_refused(own: RedisBed) -> None:
    """A server that may throw records away is refused, with the setting's name (Q10)."""
    await own.raw.config_set("maxmemory-policy", "allkeys-lru")
    with pytest.raises(ConfigError, match="maxmemory-policy"):
        await RedisStore.open(own.url, "d")


async def test_a_server_that_forgets_is_told(redis_url: str) -> None:
    """Without an append-only file there is a warning."""
    with capture_logs() as logs:
        store = await RedisStore.open(redis_url, "d")
    await store.close()
    assert [entry["event"] for entry in logs] == ["store.not_durable"]


async def test_another_secret_is_refused_by_check(redis_bed: RedisBed) -> None:
    """A store that was made with another secret is refused."""
    store = await RedisStore.open(redis_bed.url, "d", fingerprint="another")
    with pytest.raises(WrongStore, match="secret"):
        await store.check()
    await store.close()
    store = await RedisStore.open(redis_bed.url, "d", fingerprint="fingerprint")
    await store.check()
    await store.close()


async def test_an_acknowledged_job_survives_a_kill(
    redis_server: RedisServer, own: RedisBed
) -> None:
    """What was accepted before a kill -9 is there after it."""
    now = await own.store.check()
    jobs = [samples.job(number) for number in range(50)]
    await asyncio.gather(*(own.store.accept(job, look_again_at=now) for job in jobs))
    redis_server.kill()
    redis_server.start()
    assert len((await own.store.list(limit=100)).jobs) == 50
    assert len((await own.store.claim("w", most=100, lease=LEASE)).jobs) == 50


async def test_a_call_that_the_server_does_not_know_is_one_sentence(redis_bed: RedisBed) -> None:
    """An error of Redis that nobody foresaw is StoreUnavailable too."""
    store = redis_bed.store
    assert isinstance(store, RedisCalls)
    with pytest.raises(StoreUnavailable, match="refused"):
        await store.call("claim", "w", "many", "x", 1)
