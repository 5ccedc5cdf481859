"""The API on each kind of store: what it answers is what is kept."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from jobsched.domain.job import JobId
from jobsched.store.redis import RedisStore
from jobsched.web.app import create_app
from tests.integration.store.beds import Bed, MemoryBed, RedisBed
from tests.services import RedisServer
from tests.unit.web import kit

Api = TestClient[Any, Any]


@pytest.fixture(params=["memory", "redis"])
async def bed(request: pytest.FixtureRequest) -> AsyncIterator[Bed]:
    """A store of each kind."""
    if request.param == "memory":
        memory = MemoryBed()
        await memory.store.stamp("fingerprint")
        yield memory
        return
    real = RedisBed(request.getfixturevalue("redis_url"))
    await real.start()
    await real.store.stamp("fingerprint")
    yield real
    await real.close()


@pytest.fixture
async def api(bed: Bed, aiohttp_client: Any) -> Api:
    """A client of an API on that store."""
    parts = replace(kit.make_parts(kit.FakeStore()), store=bed.store)
    client: Api = await aiohttp_client(create_app(parts, token=None, host="127.0.0.1", port=8080))
    return client


async def schedule(api: Api, minute: int = 0, **changes: Any) -> str:
    """Schedule a job, and give its id."""
    body = kit.BODY | {"schedule": f"2026-11-23T13:{minute:02d}:00Z"} | changes
    answer = await api.post("/schedule", json=body)
    assert answer.status == 200, await answer.text()
    made: str = (await answer.json())["id"]
    return made


async def test_a_job_that_is_answered_is_in_the_store(api: Api, bed: Bed) -> None:
    """The id of the answer is the key of a record that says what was asked."""
    made = await schedule(api, cmd=["echo", "a b"], env=["a=b=c"])

    job = await bed.store.read(JobId(made))
    document = await (await api.get(f"/status/{made}")).json()

    assert job.spec.cmd == ("echo", "a b")
    assert (document["status"], document["docker"]["command"]) == ("scheduled", "echo 'a b'")
    assert document["docker"]["environment"] == ["a=b=c"]


async def test_the_list_pages_from_the_latest_to_the_earliest(api: Api) -> None:
    """Following `next` gives every job once, latest schedule first."""
    made = [await schedule(api, minute) for minute in range(5)]

    found: list[str] = []
    query = "limit=2"
    for _ in range(3):
        page = await (await api.get(f"/list?{query}")).json()
        found += [job["id"] for job in page["jobs"]]
        query = f"limit=2&cursor={page['next']}"

    assert found == made[::-1]
    assert page["next"] is None


async def test_the_list_can_be_narrowed_to_a_state(api: Api) -> None:
    """Only jobs of that state are given."""
    first, second = await schedule(api), await schedule(api, 1)
    await api.post(f"/cancel/{first}")

    cancelled = await (await api.get("/list?status=cancelled")).json()
    scheduled = await (await api.get("/list?status=scheduled")).json()

    assert [job["id"] for job in cancelled["jobs"]] == [first]
    assert [job["id"] for job in scheduled["jobs"]] == [second]


@pytest.mark.parametrize("cursor", ["x", "....", "0", "%00", "%ff", "-1:x", "9" * 400])
async def test_a_cursor_that_is_not_ours_is_refused(api: Api, cursor: str) -> None:
    """A made-up cursor is a 422 (or an honest page), never a bug."""
    answer = await api.get(f"/list?cursor={cursor}")

    assert answer.status in {200, 422}


async def test_a_key_is_kept_with_its_job(api: Api) -> None:
    """The same key gives the same job; with another body it is a conflict."""
    key = {"Idempotency-Key": "once"}

    first = await api.post("/schedule", json=kit.BODY, headers=key)
    again = await api.post("/schedule", json=kit.BODY, headers=key)
    other = await api.post("/schedule", json=kit.BODY | {"cmd": "x"}, headers=key)

    assert await first.json() == await again.json()
    assert other.status == 409
    assert len((await (await api.get("/list")).json())["jobs"]) == 1


async def test_a_record_that_cannot_be_read_is_a_503(api: Api, bed: Bed) -> None:
    """A broken record is no 404 (it is there) and no 500 (an operator looks at it)."""
    made = await schedule(api)
    await bed.spoil(JobId(made))

    answer = await api.get(f"/status/{made}")

    assert answer.status == 503


async def test_an_emptied_store_accepts_nothing(api: Api, bed: Bed) -> None:
    """After FLUSHALL every route says 503: nothing is accepted into a store that forgot us."""
    made = await schedule(api)
    await bed.empty()

    answers = [
        await api.post("/schedule", json=kit.BODY),
        await api.get("/list"),
        await api.get(f"/status/{made}"),
        await api.post(f"/cancel/{made}"),
        await api.get("/readiness"),
    ]

    assert [answer.status for answer in answers] == [503] * 5
    assert all(answer.headers["Retry-After"] == "2" for answer in answers)


async def test_readiness_sees_workers_come(api: Api, bed: Bed) -> None:
    """Ready is who has a worker that was seen lately."""
    before = await api.get("/readiness")
    await bed.store.see_worker("worker-1", lease=timedelta(seconds=30))
    after = await api.get("/readiness")

    assert (before.status, after.status) == (503, 200)


@pytest.mark.redis
async def test_redis_that_is_killed_and_comes_back(
    redis_server: RedisServer, aiohttp_client: Any
) -> None:
    """While Redis is dead every job is refused with 503; afterwards what was accepted is there."""
    store = await RedisStore.open(redis_server.url, "d")
    await store.stamp("fingerprint")
    parts = replace(kit.make_parts(kit.FakeStore()), store=store)
    api: Api = await aiohttp_client(create_app(parts, token=None, host="127.0.0.1", port=8080))
    made = await schedule(api)

    redis_server.kill()
    dead = await api.post("/schedule", json=kit.BODY)
    alive = await api.get("/healthcheck")
    redis_server.start()
    listed = await (await api.get("/list")).json()
    await store.close()

    assert (dead.status, alive.status) == (503, 200)
    assert [job["id"] for job in listed["jobs"]] == [made]
