"""What machines post is checked, and handed on with its token."""

from typing import Any

import pytest
from aiohttp.test_utils import TestClient
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from jobsched import errors
from jobsched.builtin import Update
from jobsched.domain import facts
from tests.unit.web import kit

Api = TestClient[Any, Any]
SAID = {"action": "update", "job_id": kit.ID, "instance_id": kit.INSTANCE.id}
LAUNCH = kit.bearer(f"callback-{kit.ID}-1-1")


async def test_a_machine_says_that_it_is_ready(api: Api, store: kit.FakeStore) -> None:
    """The seed's `update`, with the launch's token, becomes a fact; a repeat is welcome."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Provisioned))}

    answers = [await api.post("/callback", json=SAID, headers=LAUNCH) for _ in range(2)]

    assert [answer.status for answer in answers] == [200, 200]
    attempt = store.jobs[kit.ID].attempt
    assert attempt is not None
    assert attempt.launches[0].ready_at == kit.NOW


async def test_the_first_certificate_is_bound(api: Api, store: kit.FakeStore) -> None:
    """D9: a repeat is welcome; another one is refused, and an operator can read of it."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Provisioned))}
    pem = "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n"
    with capture_logs() as logged:
        answers = [
            await api.post("/callback", json=SAID | {"certificate": told}, headers=LAUNCH)
            for told in (pem.format("first"), pem.format("other"), pem.format("first"), "")
        ]

    assert [answer.status for answer in answers] == [200, 409, 200, 200]
    attempt = store.jobs[kit.ID].attempt
    assert attempt is not None
    assert attempt.launches[0].certificate == pem.format("first")
    assert [one["event"] for one in logged].count("certificate.refused") == 1


async def test_a_machine_says_that_its_boot_failed(api: Api, store: kit.FakeStore) -> None:
    """The seed's `terminate` releases a machine that is not ready."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Provisioned))}
    said = SAID | {"action": "terminate", "why": "boot_failed", "step": "docker"}

    answer = await api.post("/callback", json=said, headers=LAUNCH)

    assert answer.status == 200
    attempt = store.jobs[kit.ID].attempt
    assert attempt is not None
    assert attempt.launches[0].released_at == kit.NOW


@pytest.mark.parametrize(
    "given",
    [
        "ready",
        {"at": kit.NOW},
        facts.Noted(at=kit.NOW, source="acme", data={"at": kit.NOW}),
        facts.Noted(at=kit.NOW, source="acme", data={"more": "x" * 5000}),
        facts.Noted(at=kit.NOW.replace(tzinfo=None), source="acme", data={}),
        facts.Hinted(at=kit.NOW, attempt="1", launch=1),  # type: ignore[arg-type] # rubbish
    ],
    ids=["text", "mapping", "no JSON", "too long", "no zone", "wrong field"],
)
async def test_an_action_that_gives_rubbish_records_nothing(
    api: Api, store: kit.FakeStore, monkeypatch: pytest.MonkeyPatch, given: object
) -> None:
    """It is a bug of the plugin, and is logged as one; the machine may ask again."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Provisioned))}
    before = store.jobs[kit.ID]
    monkeypatch.setattr(Update, "to_fact", lambda *_: given)

    answer = await api.post("/callback", json=SAID, headers=LAUNCH)

    assert (answer.status, store.jobs[kit.ID]) == (503, before)
    assert "update.to_fact gave" in (await answer.json())["detail"]


async def test_an_action_may_note_four_kibibytes(
    api: Api, store: kit.FakeStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the contract allows is kept as it was given."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Provisioned))}
    data = {"more": "x" * 4000}
    note = facts.Noted(at=kit.NOW, source="acme", data=data)
    monkeypatch.setattr(Update, "to_fact", lambda *_: note)

    answer = await api.post("/callback", json=SAID, headers=LAUNCH)

    assert answer.status == 200
    assert [one.data for one in store.jobs[kit.ID].notes] == [data]


@pytest.mark.parametrize(
    ("header", "found", "status"),
    [
        ({}, kit.until(facts.Begun), 401),
        (kit.bearer("forged"), kit.until(facts.Begun), 401),
        (kit.bearer(kit.TOKEN), kit.until(facts.Begun), 401),
        (LAUNCH, kit.GOOD[:2], 503),
        (LAUNCH, (*kit.until(facts.Begun), kit.GOOD[-1]), 410),
    ],
    ids=["no token", "forged", "the API's", "launch not on record", "launch over"],
)
async def test_who_is_not_believed_is_told_why(
    guarded: Api,
    store: kit.FakeStore,
    header: dict[str, str],
    found: tuple[facts.Fact, ...],
    status: int,
) -> None:
    """401 for a wrong token, 503 in doubt, 410 only when the record says that it is over."""
    store.jobs = {kit.ID: kit.make_job(*found)}

    answer = await guarded.post("/callback", json=SAID, headers=header)

    assert status == answer.status
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("failure", [errors.StoreUnavailable(), errors.WrongStore()])
async def test_a_store_that_is_down_powers_off_no_machine(
    api: Api, store: kit.FakeStore, failure: Exception
) -> None:
    """Without a record a machine is told to ask again, never to go."""
    store.failure = failure

    answer = await api.post("/callback", json=SAID, headers=LAUNCH)

    assert answer.status == 503


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"job_id": "../../etc/passwd"}, "job_id"),
        ({"job_id": kit.ID + "\n"}, "job_id"),
        ({"instance_id": ""}, "instance_id"),
        ({"instance_id": "i-1\nforged"}, "instance_id"),
        ({"action": 1}, "action"),
        ({"action": "terminate", "why": "bored"}, "why"),
        ({"certificate": 1}, "certificate"),
        ({"state": "running"}, "state"),
    ],
)
async def test_a_bad_callback_is_refused_by_field(
    api: Api, store: kit.FakeStore, changes: dict[str, Any], field: str
) -> None:
    """The core's fields are checked, and the rest by the schema of the action."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Begun))}

    answer = await api.post("/callback", json=SAID | changes, headers=LAUNCH)

    assert answer.status == 422
    assert [field] == list((await answer.json())["errors"])


async def test_a_huge_callback_is_refused(api: Api, store: kit.FakeStore) -> None:
    """Whoever has the token of a launch cannot fill the API's memory with it (C10)."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Begun))}
    before = store.jobs[kit.ID]

    answer = await api.post("/callback", json=SAID | {"more": "x" * 70_000}, headers=LAUNCH)

    assert (answer.status, store.jobs[kit.ID]) == (413, before)


@pytest.mark.parametrize("said", [{"action": "unheard-of"}, {"state": "running"}])
async def test_a_stranger_does_not_learn_what_can_be_said(
    api: Api, store: kit.FakeStore, said: dict[str, Any]
) -> None:
    """A wrong token gets the same answer whatever the action and its fields are."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Begun))}

    answer = await api.post("/callback", json=SAID | said, headers=kit.bearer("forged"))

    assert answer.status == 401


async def test_the_job_of_a_callback_is_in_the_log(api: Api, store: kit.FakeStore) -> None:
    """What is logged of a callback can be found by its job."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Begun))}
    with capture_logs(processors=[merge_contextvars]) as logged:
        await api.post("/callback", json=SAID, headers=LAUNCH)

    assert [one["job"] for one in logged if one["event"] == "request.handled"] == [kit.ID]


async def test_a_token_of_a_launch_is_never_logged(api: Api, store: kit.FakeStore) -> None:
    """Neither a good nor a wrong token stands in the log or in an answer."""
    store.jobs = {kit.ID: kit.make_job(*kit.until(facts.Begun))}
    with capture_logs() as logged:
        good = await api.post("/callback", json=SAID, headers=LAUNCH)
        bad = await api.post("/callback", json=SAID, headers=kit.bearer("CANARY"))

    said = str(logged) + await good.text() + await bad.text()
    assert "CANARY" not in said
    assert f"callback-{kit.ID}" not in said
