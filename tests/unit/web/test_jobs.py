"""Jobs are scheduled, listed and cancelled."""

import copy
import json
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from jobsched.domain import facts
from jobsched.domain.state import State
from jobsched.schemas import job as job_schema
from jobsched.schemas.status import JobList, Scheduled
from jobsched.web.jobs import digest
from tests.unit.web import kit

Api = TestClient[Any, Any]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)
FIELDS = st.sampled_from([*job_schema.JobRequest().fields])
CHANGED = st.dictionaries(
    FIELDS,
    JSON | st.sampled_from(["1h", "2026-11-23", "a=b", 1e-9, -1, 2**70, ["a=b"], {"a": "b"}]),
)


async def test_a_scheduled_job_is_answered_as_the_seed_says(api: Api, store: kit.FakeStore) -> None:
    """The answer has the seed's three fields, and the job is in the store by then."""
    answer = await api.post("/schedule", json=kit.BODY)

    body = await answer.json()
    assert answer.status == 200
    assert answer.content_type == "application/json"
    assert {
        "status": "scheduled",
        "message": "job successfully scheduled",
        "id": body["id"],
    } == body
    assert Scheduled().validate(body) == {}
    assert [body["id"]] == list(store.jobs)


async def test_what_was_asked_is_what_is_kept(api: Api, store: kit.FakeStore) -> None:
    """Every field of the body reaches the record."""
    asked = {
        **kit.BODY,
        "env": ["key=value", "key1=value=1"],
        "cmd": "sh -c 'echo $A'",
        "name": "nightly",
        "labels": {"team": "a"},
        "resources": {"vcpus": 2, "arch": "arm64"},
        "timeout": "2h",
        "grace": 5,
        "retry": {"max_attempts": 2, "on": ["exit:3"], "backoff": "30s"},
        "secret_env": {"API_KEY": "key"},
        "registry_auth": "hub",
        "pull": "always",
    }

    answer = await api.post("/schedule", json=asked)

    spec = store.jobs[(await answer.json())["id"]].spec
    assert spec.env == ("key=value", "key1=value=1")
    assert (spec.cmd, spec.command) == (("sh", "-c", "echo $A"), "sh -c 'echo $A'")
    assert (
        spec.name,
        spec.labels,
        spec.pull,
        spec.registry_auth,
    ) == ("nightly", {"team": "a"}, "always", "hub")
    assert spec.resources == {"vcpus": 2, "arch": "arm64"}
    assert (spec.timeout.total_seconds(), spec.grace.total_seconds()) == (7200, 5)
    assert (spec.retry.max_attempts, spec.retry.on) == (2, ("exit:3",))
    assert spec.secret_env == {"API_KEY": "key"}


async def test_what_the_engine_refuses_is_told_by_field(api: Api, store: kit.FakeStore) -> None:
    """A name that is not loaded is a 422 under its field."""
    answer = await api.post("/schedule", json=kit.BODY | {"provider": "nowhere"})

    assert answer.status == 422
    assert list((await answer.json())["errors"]) == ["provider"]
    assert store.jobs == {}


@pytest.mark.parametrize(
    ("ago", "status"),
    [(timedelta(hours=23, minutes=59), 200), (timedelta(hours=24, minutes=1), 422)],
)
async def test_a_time_that_is_too_late_is_refused(
    api: Api, store: kit.FakeStore, ago: timedelta, status: int
) -> None:
    """One that is past by less than late_limit runs now; without a zone it is in UTC (A8)."""
    written = (kit.NOW - ago).replace(tzinfo=None).isoformat()
    answer = await api.post("/schedule", json=kit.BODY | {"schedule": written})

    assert answer.status == status
    assert len(store.jobs) == (status == HTTPStatus.OK)
    if status != HTTPStatus.OK:
        assert list((await answer.json())["errors"]) == ["schedule"]


async def test_a_repeat_with_the_same_key_gives_the_same_job(
    api: Api, store: kit.FakeStore
) -> None:
    """A client that repeats its request because no answer came gets one job, not two."""
    key = {"Idempotency-Key": "order 66"}
    otherwise = {**kit.BODY, "schedule": "2026-11-23T14:00:00+01:00"}

    first = await api.post("/schedule", json=kit.BODY, headers=key)
    second = await api.post("/schedule", json=otherwise, headers=key)

    assert [first.status, second.status] == [200, 200]
    assert await first.json() == await second.json()
    assert len(store.jobs) == 1


async def test_the_same_key_with_another_body_is_a_conflict(api: Api, store: kit.FakeStore) -> None:
    """A key that is used for something else is refused, and nothing is accepted."""
    key = {"Idempotency-Key": "order 66"}
    await api.post("/schedule", json=kit.BODY, headers=key)

    answer = await api.post("/schedule", json=kit.BODY | {"cmd": "sleep 61"}, headers=key)

    assert answer.status == 409
    assert len(store.jobs) == 1


@pytest.mark.parametrize("key", ["", "x" * 256, "é", "\t"])
async def test_a_key_that_is_none_is_refused(api: Api, store: kit.FakeStore, key: str) -> None:
    """A key that cannot be kept is refused: to ignore it would make two jobs."""
    answer = await api.post("/schedule", json=kit.BODY, headers={"Idempotency-Key": key})

    assert answer.status == 422
    assert list((await answer.json())["errors"]) == ["Idempotency-Key"]
    assert store.jobs == {}


async def test_two_keys_are_refused(api: Api) -> None:
    """Two keys in one request mean nothing."""
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]

    answer = await api.post("/schedule", json=kit.BODY, headers=headers)

    assert answer.status == 422


@given(FIELDS, st.sampled_from([1, "x", "2h", True]))
def test_a_digest_differs_when_the_body_does(name: str, value: object) -> None:
    """Whatever field is changed, the digest changes; the order of fields does not matter."""
    asked = job_schema.load(kit.BODY, now=kit.NOW)
    turned = dict(reversed(list(asked.items())))

    assert digest(asked) == digest(turned)
    assert digest(asked) != digest({**asked, name: value})


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(JSON | CHANGED.map(lambda changed: kit.BODY | changed))
async def test_no_body_is_a_bug(api: Api, body: Any) -> None:
    """Any JSON is accepted or refused, never answered with a 5xx."""
    headers = {"Content-Type": "application/json"}

    answer = await api.post("/schedule", data=json.dumps(body).encode(), headers=headers)

    assert answer.status in {200, 400, 422}, await answer.text()


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.dictionaries(st.sampled_from(["status", "limit", "cursor", "x"]), st.text()))
async def test_no_query_is_a_bug(api: Api, query: dict[str, str]) -> None:
    """Any query is served or refused, never answered with a 5xx."""
    answer = await api.get("/list", params=query)

    assert answer.status in {200, 422}, await answer.text()


async def test_the_list_is_the_seeds_with_a_cursor(api: Api, store: kit.FakeStore) -> None:
    """A line has status, id and schedule (and a name if it has one); next leads on."""
    named = replace(kit.make_job(spec=kit.make_spec(name="nightly")), id=kit.JobId("b" * 32))
    store.jobs = {kit.ID: kit.make_job(), named.id: named}

    body = await (await api.get("/list")).json()

    at = "2026-11-23T12:00:00Z"
    assert {
        "jobs": [
            {"status": "scheduled", "id": kit.ID, "schedule": at},
            {"status": "scheduled", "id": named.id, "schedule": at, "name": "nightly"},
        ],
        "next": "more",
    } == body
    assert JobList().validate(copy.deepcopy(body)) == {}


async def test_the_list_is_asked_for_with_limits(api: Api, store: kit.FakeStore) -> None:
    """Without a limit there are 50 lines; what is asked for reaches the store."""
    await api.get("/list")
    plain = store.asked
    await api.get("/list?status=running&limit=200&cursor=abc")

    assert plain == {"state": None, "limit": 50, "cursor": None}
    assert store.asked == {"state": "running", "limit": 200, "cursor": "abc"}


async def test_status_tells_the_document(api: Api, store: kit.FakeStore) -> None:
    """The document of a job is answered as JSON."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Started))}

    body = await (await api.get(f"/status/{kit.ID}")).json()

    assert (body["status"], body["id"]) == ("running", kit.ID)


async def test_a_job_without_a_machine_is_cancelled_at_once(api: Api, store: kit.FakeStore) -> None:
    """200 says that it is cancelled; a repeat says so again."""
    store.jobs = {kit.ID: kit.make_job()}

    answers = [await api.post(f"/cancel/{kit.ID}") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    assert (await answers[0].json())["status"] == "cancelled"


async def test_a_running_job_is_cancelled_in_time(api: Api, store: kit.FakeStore) -> None:
    """202 says that the wish is kept while the container still runs."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Started))}

    answer = await api.post(f"/cancel/{kit.ID}")

    assert answer.status == 202
    assert (await answer.json())["status"] == State.RUNNING
    assert store.jobs[kit.ID].cancel_at is not None


async def test_a_job_that_ended_otherwise_cannot_be_cancelled(
    api: Api, store: kit.FakeStore
) -> None:
    """409 says that it has ended, and it stays as it is."""
    store.jobs = {kit.ID: kit.make_job(*kit.GOOD)}

    answer = await api.post(f"/cancel/{kit.ID}")

    assert answer.status == 409
    assert store.jobs[kit.ID].cancel_at is None


async def test_a_dead_machine_is_abandoned(api: Api, store: kit.FakeStore) -> None:
    """A job that only waits for a machine that lives on elsewhere ends; nothing is left to do."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Released))}

    with capture_logs() as said:
        answers = [await api.post(f"/abandon/{kit.ID}") for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 409]
    assert (await answers[0].json())["status"] == State.FINISHED
    told = next(line for line in said if line["event"] == "job.abandoned")
    assert (told["job"], told["machines"]) == (kit.ID, [kit.INSTANCE.id])


async def test_a_running_job_is_abandoned_as_unknown(api: Api, store: kit.FakeStore) -> None:
    """Nobody saw the end of a container on a machine that is abandoned."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Started))}

    answer = await api.post(f"/abandon/{kit.ID}")

    assert (answer.status, (await answer.json())["status"]) == (200, State.FAILED)
    attempt = store.jobs[kit.ID].attempt
    assert attempt is not None
    assert attempt.outcome is not None
    assert (attempt.outcome.reason, attempt.outcome.started) == ("outcome_unknown", True)


async def test_a_machine_that_can_be_destroyed_is_not_abandoned(
    api: Api, store: kit.FakeStore
) -> None:
    """A provider that destroys its machines goes on trying: the bill would go on too."""
    begun = [
        replace(fact, destroys_machine=True) if isinstance(fact, facts.Begun) else fact
        for fact in kit.until(facts.Started)
    ]
    store.jobs = {kit.ID: kit.make_job(*begun)}

    answer = await api.post(f"/abandon/{kit.ID}")

    assert answer.status == 409
    assert "cost money" in (await answer.json())["detail"]
    assert "save" not in store.calls
