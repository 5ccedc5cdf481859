"""``GET /providers`` and ``POST /providers/{name}/resume``."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from structlog.testing import capture_logs

from jobsched.contracts.provider import Caps
from jobsched.domain import facts
from jobsched.engine.parts import Parts
from jobsched.schemas.provider import Forced, ProviderList, Resumed
from jobsched.store.port import Alarm
from tests.unit.web import kit

Api = TestClient[Any, Any]


async def test_providers_are_told_with_their_caps(
    api: Api, parts: Parts, store: kit.FakeStore
) -> None:
    """How many machines there are, how many may be, and that nobody is halted."""
    parts.registry.providers["local"].caps = Caps(alive=16, per_second=0.5)

    document = await (await api.get("/providers")).json()

    assert ProviderList().validate(document) == {}
    caps = {"alive": 16, "hourly": None, "per_second": 0.5}
    known = {"name": "local", "alive": 1, "caps": caps, "halted": None}
    assert document["providers"] == [{**known, "reaped_at": None, "reap_alarm": None}]


async def test_a_halted_provider_is_told_with_its_reason(api: Api, store: kit.FakeStore) -> None:
    """Why, since when, and which job paid for it."""
    store.halts = {"local": kit.HALTED}

    document = await (await api.get("/providers")).json()

    assert ProviderList().validate(document) == {}
    assert document["providers"][0]["halted"] == kit.HALTED_TOLD


async def test_a_resume_says_how_many_go_on_and_is_logged(
    api: Api, parts: Parts, store: kit.FakeStore
) -> None:
    """It is asked with the caps of the configuration; a repeat does no harm."""
    store.halts = {"local": kit.HALTED}
    parts.registry.providers["local"].caps = Caps(alive=16)

    with capture_logs() as said:
        answers = [await api.post("/providers/local/resume") for _ in range(2)]

    documents = [await answer.json() for answer in answers]
    assert [answer.status for answer in answers] == [200, 200]
    assert [Resumed().validate(one) for one in documents] == [{}, {}]
    assert documents == [{"name": "local", "woken": 3}, {"name": "local", "woken": 0}]
    assert store.asked == {"caps": Caps(alive=16)}
    told = [line for line in said if line["event"] == "provider.resumed"]
    assert [line["reason"] for line in told] == ["configuration", None]
    assert told[0]["provider"] == "local"


async def test_a_provider_is_told_with_its_reaper(api: Api, store: kit.FakeStore) -> None:
    """When its machines were last compared with the jobs, and what keeps some of them on (R5)."""
    store.reaped_at = {"local": kit.NOW}
    store.alarms_raised = {
        "reap:local": Alarm(sentence="look", at=kit.NOW),
        "quarantine": Alarm(sentence="another", at=kit.NOW),
    }

    document = await (await api.get("/providers")).json()

    assert ProviderList().validate(document) == {}
    [found] = document["providers"]
    assert found["reaped_at"] == "2026-11-23T12:00:00Z"
    assert found["reap_alarm"] == {"sentence": "look", "at": "2026-11-23T12:00:00Z"}


async def test_a_forced_reap_is_a_word_that_is_kept(api: Api, store: kit.FakeStore) -> None:
    """It counts for ten minutes, and is told in the log (R4)."""
    with capture_logs() as said:
        answer = await api.post("/providers/local/reap")

    document = await answer.json()
    assert answer.status == 200
    assert Forced().validate(document) == {}
    assert document == {"name": "local", "until": "2026-11-23T12:10:00Z"}
    assert store.permits == ["reap:local for 0:10:00"]
    assert [line["event"] for line in said if line["event"].startswith("reap")] == ["reap.forced"]


async def test_an_unknown_provider_is_not_reaped(api: Api, store: kit.FakeStore) -> None:
    """404 names those that are loaded, and nothing is permitted."""
    answer = await api.post("/providers/acme/reap")

    assert answer.status == 404
    assert store.permits == []


async def test_an_unknown_provider_is_not_found(api: Api, store: kit.FakeStore) -> None:
    """404 names those that are loaded, and nothing is resumed."""
    answer = await api.post("/providers/acme/resume")

    assert answer.status == 404
    assert (await answer.json())["detail"] == "there is no provider 'acme'; loaded: local"
    assert "resume" not in store.calls


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/providers"),
        ("POST", "/providers/local/resume"),
        ("POST", "/providers/local/reap"),
    ],
)
async def test_providers_stand_behind_the_token(
    guarded: Api, store: kit.FakeStore, method: str, path: str
) -> None:
    """Without the token nothing is told and nothing is resumed."""
    store.halts = {"local": kit.HALTED}

    answer = await guarded.request(method, path)

    assert (answer.status, store.calls) == (401, [])


async def test_the_status_of_a_waiting_job_tells_of_the_halt(
    api: Api, store: kit.FakeStore
) -> None:
    """Who waits knows why; a job that has ended does not wait for anything."""
    store.halts = {"local": kit.HALTED}
    store.jobs[kit.ID] = kit.make_job(*kit.until(facts.Planned))
    waiting = await (await api.get(f"/status/{kit.ID}")).json()
    store.jobs[kit.ID] = kit.make_job(*kit.GOOD)
    ended = await (await api.get(f"/status/{kit.ID}")).json()

    assert (waiting["status"], waiting["halted"]) == ("scheduled", kit.HALTED_TOLD)
    assert (ended["status"], ended["halted"]) == ("finished", None)
