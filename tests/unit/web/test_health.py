"""Life and readiness are two questions."""

from typing import Any

from aiohttp.test_utils import TestClient

from jobsched.errors import StoreUnavailable
from jobsched.store.port import Alarm
from tests.unit.web import kit

Api = TestClient[Any, Any]


async def test_life_is_told_without_asking_the_store(api: Api, store: kit.FakeStore) -> None:
    """The live string comes even when Redis is down."""
    store.failure = StoreUnavailable()

    answer = await api.get("/healthcheck")

    assert (answer.status, await answer.text(), store.calls) == (200, "live", [])


async def test_ready_is_who_has_a_store_and_a_worker(api: Api) -> None:
    """With both, the number of workers is told."""
    answer = await api.get("/readiness")

    assert answer.status == 200
    assert await answer.json() == {
        "status": "ready",
        "redis": "up",
        "workers": 1,
        "halted": [],
        "alarms": {},
    }


async def test_who_is_halted_is_named_and_the_api_stays_ready(
    api: Api, store: kit.FakeStore
) -> None:
    """Jobs of other providers run, and the one that is halted can still be resumed."""
    store.halts = {"local": kit.HALTED, "acme": kit.HALTED}

    answer = await api.get("/readiness")

    assert (answer.status, (await answer.json())["halted"]) == (200, ["acme", "local"])


async def test_alarms_are_told_and_the_api_stays_ready(api: Api, store: kit.FakeStore) -> None:
    """With their sentences: whoever watches this route need not ask another one."""
    store.alarms_raised = {"quarantine": Alarm(sentence="one record", at=kit.NOW)}

    answer = await api.get("/readiness")

    assert (answer.status, (await answer.json())["alarms"]) == (200, {"quarantine": "one record"})


async def test_without_a_worker_nothing_would_run(api: Api, store: kit.FakeStore) -> None:
    """503 says that no worker lives, and what to do."""
    store.alive = []

    answer = await api.get("/readiness")

    assert answer.status == 503
    assert "jobsched worker" in (await answer.json())["detail"]


async def test_without_a_store_nothing_is_ready(api: Api, store: kit.FakeStore) -> None:
    """503 while Redis does not answer, is loading, or takes no writes."""
    store.failure = StoreUnavailable()

    answer = await api.get("/readiness")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "2")


async def test_ready_is_asked_of_the_store_itself(api: Api, store: kit.FakeStore) -> None:
    """Workers that were seen are not enough: the store must be ours and take writes."""
    await api.get("/readiness")

    assert "check" in store.calls
