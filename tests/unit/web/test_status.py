"""The document of a job, in each of its states."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

import pytest
from structlog.testing import capture_logs

from jobsched import queue
from jobsched.domain import facts
from jobsched.domain.job import Job, Price
from jobsched.domain.state import State, state_of
from jobsched.hooks.registry import Registry
from jobsched.schemas.status import StatusDocument
from jobsched.web.status import QUEUE, status_document
from jobsched.web.timeline import timeline_of
from tests.unit.web import kit

AWS = {"instance_id", "dns_name", "ready", "ip_address", "state"}
DOCKER = {
    "container_id",
    "container_status",
    "environment",
    "command",
    "docker_image",
    "container_exit_code",
}
FAILED = tuple(
    facts.Ended(at=kit.after(35), attempt=1, launch=1, no=0, code=3, message="it said no")
    if isinstance(fact, facts.Ended)
    else fact
    for fact in kit.GOOD
)
NOW = kit.after(3600)
CANCEL = facts.CancelRequested(at=kit.after(32))

#: state → facts, container's status, exit code, machine's state
STATES: dict[State, tuple[tuple[facts.Fact, ...], str | None, int | None, str | None]] = {
    State.SCHEDULED: (kit.until(facts.Planned), None, None, None),
    State.PROVISIONING: (kit.until(facts.Begun), None, None, None),
    State.BOOTING: (kit.until(facts.Provisioned), None, None, "pending"),
    State.READY: (kit.until(facts.Prepared), "created", None, "running"),
    State.RUNNING: (kit.until(facts.Started), "running", None, "running"),
    State.FINISHING: (kit.until(facts.Ended), "exited", 0, "running"),
    State.FINISHED: (kit.GOOD, "exited", 0, "terminated"),
    State.FAILED: (FAILED, "exited", 3, "terminated"),
    State.CANCELLED: ((CANCEL,), None, None, None),
}


def document_of(job: Job, registry: Registry | None = None) -> dict[str, Any]:
    """Give the document, as it comes out of JSON, checked by its schema."""
    document: dict[str, Any] = json.loads(
        json.dumps(status_document(job, registry or kit.make_registry(), now=NOW))
    )
    assert StatusDocument().validate(document) == {}
    return document


def test_the_queue_is_the_one_that_is_used() -> None:
    """The document names the queue that workers read."""
    assert queue.QUEUE == QUEUE


def test_the_table_has_every_state() -> None:
    """No state is left out below."""
    assert set(State) == set(STATES)


@pytest.mark.parametrize("state", State)
def test_the_seeds_fields_are_there_in_every_state(state: State) -> None:
    """Every field of the seed is there from the start, with nulls until it is known."""
    found, container, code, machine = STATES[state]
    job = kit.make_job(*found)
    assert state is state_of(job)

    document = document_of(job)

    assert (state, kit.ID, "2026-11-23T12:00:00Z") == (
        document["status"],
        document["id"],
        document["schedule"],
    )
    assert set(document["aws"]) == AWS
    assert set(document["docker"]) >= DOCKER
    assert {"queue", "worker", "job_parent_id"} == set(document["arq"])
    assert (container, code) == (
        document["docker"]["container_status"],
        document["docker"]["container_exit_code"],
    )
    assert document["exit_code"] == code
    assert machine == document["aws"]["state"]
    assert document["docker"]["environment"] == ["key=value"]
    assert (
        document["docker"]["command"],
        document["docker"]["docker_image"],
    ) == ("sleep 60", "alpine:latest")


def test_a_running_job_is_told_as_the_seed_tells_it() -> None:
    """Machine, container and worker of a running job are named."""
    job = replace(kit.make_job(*kit.until(facts.Started)), worker="worker-1", arq_job="abc")

    document = document_of(job)

    assert document["aws"] == {
        "instance_id": "i-0bfe22184ff4c092c",
        "dns_name": "ec2.example",
        "ready": True,
        "ip_address": "107.23.178.40",
        "state": "running",
    }
    assert document["arq"] == {
        "queue": "jobsched:arq",
        "worker": "worker-1",
        "job_parent_id": "abc",
    }
    assert document["docker"]["container_id"] == "4ac3b8eb"
    assert document["docker"]["image_id"] == "sha256:1234"


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (State.SCHEDULED, None),
        (State.RUNNING, None),
        (State.FINISHING, "finished"),
        (State.FINISHED, "finished"),
        (State.FAILED, "exited"),
        (State.CANCELLED, "cancelled"),
    ],
)
def test_the_reason_is_told_from_finishing_on(state: State, reason: str | None) -> None:
    """Why a job ends is told as soon as it is known, not before."""
    assert reason == document_of(kit.make_job(*STATES[state][0]))["reason"]


def test_no_token_request_certificate_or_secret_is_told() -> None:
    """What a launch was made with stays inside; of a secret only its variable is shown."""
    spec = kit.make_spec(
        secret_env={"API_KEY": "CANARY-1"},
        registry_auth="CANARY-2",
        options={"acme": {"password": "CANARY-3"}},
    )

    document = document_of(kit.make_job(*kit.GOOD, spec=spec))

    assert document["docker"]["environment"] == ["key=value", "API_KEY=***"]
    for secret in ("CANARY", "LAUNCH-TOKEN", "REQUEST", "CERTIFICATE"):
        assert secret not in json.dumps(document)


def test_what_a_user_asked_for_is_told_back() -> None:
    """Name, labels, limits and retry are in the document."""
    document = document_of(kit.make_job(spec=kit.make_spec(name="nightly", labels={"a": "b"})))

    assert (document["name"], document["labels"]) == ("nightly", {"a": "b"})
    assert document["limits"] == {"timeout": 3600, "grace": 10, "late_limit": 86400}
    assert document["retry"] == {"max_attempts": 3, "on": ["before_start"], "backoff": 10}


class OwnRunner(kit.FakeRunner):
    """A runner with a section of its own."""

    name = "own_runner"
    status_section = "process"


class OwnProvider(kit.FakeProvider):
    """A provider with a section of its own."""

    name = "own_cloud"
    status_section = "machine"


def test_sections_of_other_plugins_stand_beside_the_seeds() -> None:
    """A runner that is not Docker fills its own section; `docker` keeps what was asked."""
    registry = Registry(providers={"own": OwnProvider()}, runners={"own": OwnRunner()})
    spec = kit.make_spec(provider="own", runner="own")

    document = document_of(kit.make_job(*kit.GOOD, spec=spec), registry)

    assert dict.fromkeys(AWS) == document["aws"]
    assert document["machine"]["instance_id"] == "i-0bfe22184ff4c092c"
    assert (
        document["process"]["container_status"],
        document["process"]["container_exit_code"],
    ) == ("exited", 0)
    assert (
        document["docker"]["container_status"],
        document["docker"]["container_exit_code"],
        document["docker"]["command"],
    ) == (None, None, "sleep 60")


@pytest.mark.parametrize("section", ["status", "id", "attempts"])
def test_a_plugin_cannot_take_a_field_of_the_document(
    section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A section that has the name of the core's own field does not replace it."""
    monkeypatch.setattr(kit.FakeProvider, "status_section", section)

    document = document_of(kit.make_job())

    assert (document["status"], document["id"], document["attempts"]) == ("scheduled", kit.ID, [])


def test_a_runner_adds_to_its_section_but_replaces_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Status, exit code and what was asked come from the record, whatever a runner says."""
    told = {"container_status": "running", "container_exit_code": 1, "environment": ["SECRET=1"]}
    monkeypatch.setattr(kit.FakeRunner, "status", lambda *_: {**told, "more": 1})

    docker = document_of(kit.make_job(*kit.GOOD))["docker"]

    assert (docker["container_status"], docker["container_exit_code"]) == ("exited", 0)
    assert (docker["environment"], docker["more"]) == (["key=value"], 1)


@pytest.mark.parametrize("plugin", [kit.FakeProvider, kit.FakeRunner])
def test_a_plugin_that_fails_leaves_nulls(
    plugin: type[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug in a plugin's section is logged and does not break the answer."""
    monkeypatch.setattr(plugin, "broken", True)

    with capture_logs() as logged:
        document = document_of(kit.make_job(*kit.GOOD))

    assert set(document["aws"]) == AWS
    assert document["docker"]["container_exit_code"] == 0
    assert [(plugin.name, "plugin.failed")] == [(one["plugin"], one["event"]) for one in logged]


@pytest.mark.parametrize("told", [{"at": datetime.now}, {"load": float("nan")}, [1], None])
def test_a_section_that_is_no_json_leaves_nulls(told: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What cannot be written as JSON must not become an error of ours."""
    monkeypatch.setattr(kit.FakeProvider, "status", lambda *_: told)

    with capture_logs() as logged:
        document = document_of(kit.make_job(*kit.GOOD))

    assert dict.fromkeys(AWS) == document["aws"]
    assert [one["event"] for one in logged] == ["plugin.failed"]


@pytest.mark.parametrize("error", [SystemExit(1), asyncio.CancelledError()])
def test_a_section_cannot_end_the_api(
    error: BaseException, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exit or a cancel that a plugin raises is a bug like any other."""

    def status(*_: object) -> dict[str, object]:
        raise error

    monkeypatch.setattr(kit.FakeRunner, "status", status)

    with capture_logs() as logged:
        document = document_of(kit.make_job(*kit.GOOD))

    assert document["docker"]["container_exit_code"] == 0
    assert [one["event"] for one in logged] == ["plugin.failed"]


def test_plugins_that_are_not_loaded_leave_nulls() -> None:
    """A job of a plugin that was taken out of the configuration can still be looked at."""
    document = document_of(kit.make_job(*kit.GOOD), Registry())

    assert dict.fromkeys(AWS) == document["aws"]
    assert None is document["docker"]["container_id"]


def test_every_attempt_is_told_with_its_launches() -> None:
    """Past attempts stay visible: outcome, machine and container of each."""
    again = facts.Planned(at=kit.after(90), attempt=2, plan=kit.GOOD[0].plan)  # type: ignore[union-attr] # it is Planned
    job = kit.make_job(*FAILED, again, spec=kit.make_spec(retry=kit.Retry(on=("exit:3",))))

    first, second = document_of(job)["attempts"]

    assert (
        first["no"],
        first["outcome"]["reason"],
        first["outcome"]["code"],
        first["outcome"]["message"],
        first["outcome"]["started"],
    ) == (1, "exited", 3, "it said no", True)
    (launch,) = first["launches"]
    assert (
        launch["instance_id"],
        launch["offer"],
        launch["provisioned_at"],
    ) == ("i-0bfe22184ff4c092c", "this machine", "2026-11-23T12:00:10Z")
    assert [one["id"] for one in launch["containers"]] == ["4ac3b8eb"]
    assert (second["no"], second["outcome"], second["launches"]) == (2, None, [])


def test_refused_offers_are_told_with_their_reasons() -> None:
    """Why there is no machine yet is seen without asking an operator."""
    refused = facts.Refused(
        at=kit.after(6), attempt=1, launch=1, reason="no_capacity", message="none in any zone"
    )

    document = document_of(kit.make_job(*kit.until(facts.Begun), refused))

    assert document["offers"] == [
        {
            "attempt": 1,
            "label": "this machine",
            "reason": "no_capacity",
            "message": "none in any zone",
            "at": "2026-11-23T12:00:06Z",
        }
    ]
    (event,) = [one for one in document["timeline"] if one["event"] == "refused"]
    assert event["launch"] == 1
    assert event["detail"] == "this machine: no_capacity: none in any zone"


def test_the_cost_is_told_by_the_price_at_launch() -> None:
    """In US dollars, with what is still to come; null where no price is known."""
    assert document_of(kit.make_job(*kit.GOOD))["cost"] is None
    price = Price(per_hour=Decimal("0.36"))
    priced = [
        replace(fact, instance=replace(fact.instance, price=price))
        if isinstance(fact, facts.Provisioned)
        else fact
        for fact in kit.GOOD
    ]

    document = document_of(kit.make_job(*priced))

    (launch,) = document["attempts"][0]["launches"]
    assert document["cost"] == {"usd": launch["usd"], "is_final": True, "is_whole": True}
    assert (launch["usd_per_hour"], float(launch["usd"]) > 0) == ("0.360000", True)
    running = kit.make_job(*priced[: [*map(type, priced)].index(facts.Started)])
    assert document_of(running)["cost"]["is_final"] is False


def test_what_is_tried_again_is_told() -> None:
    """A command that keeps failing is told with its reason, how often, and the next try."""
    trouble = facts.CommandFailed(
        at=kit.after(16),
        attempt=1,
        launch=1,
        command="prepare",
        reason="pull_failed",
        message="the registry does not answer",
        not_before=kit.after(20),
    )
    later = replace(trouble, at=kit.after(21), not_before=kit.after(31))

    document = document_of(kit.make_job(*kit.until(facts.Ready), trouble, later))

    assert document["trouble"] == {
        "command": "prepare",
        "reason": "pull_failed",
        "message": "the registry does not answer",
        "times": 2,
        "at": "2026-11-23T12:00:21Z",
        "next_try_at": "2026-11-23T12:00:31Z",
    }
    assert [document["trouble"]] == document["attempts"][0]["troubles"]


def test_without_trouble_there_is_none() -> None:
    """Null says that nothing is being tried again."""
    assert None is document_of(kit.make_job(*kit.GOOD))["trouble"]


def test_notes_of_plugins_are_told_by_plugin() -> None:
    """Each plugin's notes stand under its name, in order."""
    notes = [
        facts.Noted(at=kit.after(1), source="acme", data={"n": 1}),
        facts.Noted(at=kit.after(2), source="acme", data={"n": 2}),
        facts.Noted(at=kit.after(3), source="other", data={}),
    ]

    plugins = document_of(kit.make_job(*notes))["plugins"]

    assert [note["data"] for note in plugins["acme"]] == [{"n": 1}, {"n": 2}]
    assert [note["at"] for note in plugins["other"]] == ["2026-11-23T12:00:03Z"]


def test_the_timeline_tells_a_good_attempt_in_order() -> None:
    """Every dated fact is there once, in the order of time, with its attempt and launch."""
    timeline = timeline_of(kit.make_job(*kit.GOOD))

    assert [event["event"] for event in timeline] == [
        "accepted",
        "planned",
        "begun",
        "provisioned",
        "ready",
        "prepared",
        "start_granted",
        "started",
        "ended",
        "concluded",
        "logs_stored",
        "released",
        "removed",
        "terminated",
        "gone",
    ]
    assert sorted(timeline, key=lambda event: str(event["at"])) == timeline
    assert {None, 1} == {event["attempt"] for event in timeline}
    assert {"exit code 0", "finished"} <= {event.get("detail") for event in timeline}


def test_the_timeline_tells_bad_days_too() -> None:
    """Cancel, interruption, hints, stops and the failed start of a container are in it."""
    found = [
        *kit.until(facts.Started),
        CANCEL,
        facts.Inspected(at=kit.after(33), attempt=1, launch=1, no=0),
        facts.Interrupted(at=kit.after(34), attempt=1, launch=1),
        facts.Hinted(at=kit.after(35), attempt=1, launch=1),
        facts.Stopping(at=kit.after(36), attempt=1, launch=1, no=0, why="cancel"),
        facts.Noted(at=kit.after(37), source="acme", data={}),
        facts.Ended(at=kit.after(38), attempt=1, launch=1, no=0, code=143),
    ]

    timeline = timeline_of(kit.make_job(*found))

    assert [event["event"] for event in timeline if str(event["at"]) > "2026-11-23T12:00:30Z"] == [
        "cancel_requested",
        "inspected",
        "interrupted",
        "hinted",
        "stopping",
        "noted",
        "ended",
        "concluded",
    ]


@pytest.mark.parametrize(
    ("found", "status"),
    [
        (
            (
                *kit.until(facts.StartGranted),
                facts.Ended(
                    at=kit.after(30),
                    attempt=1,
                    launch=1,
                    no=0,
                    start_failed=True,
                    message="no such command",
                ),
            ),
            "start_failed",
        ),
        (
            (
                *kit.until(facts.StartGranted),
                facts.NotStarted(at=kit.after(30), attempt=1, launch=1, no=0),
            ),
            "withdrawn",
        ),
        (
            (*kit.until(facts.Started), facts.Gone(at=kit.after(31), attempt=1, launch=1)),
            "removed",
        ),
    ],
    ids=["start failed", "withdrawn", "gone with the machine"],
)
def test_containers_that_had_no_good_end_are_told_apart(
    found: tuple[facts.Fact, ...], status: str
) -> None:
    """A container that never started, was withdrawn, or is gone is not told as running."""
    document = document_of(kit.make_job(*found))

    assert status == document["docker"]["container_status"]


def test_every_fact_leaves_a_document_that_keeps_its_schema() -> None:
    """However far an attempt has come, the document is whole."""
    for length in range(len(kit.GOOD) + 1):
        document_of(kit.make_job(*kit.GOOD[:length]))


def test_who_waits_for_a_halted_provider_is_told_why() -> None:
    """The halt is the provider's, so it stands beside what the job itself has trouble with."""
    job = kit.make_job(*kit.until(facts.Planned))

    document = status_document(job, kit.make_registry(), now=NOW, halted=kit.HALTED)

    assert StatusDocument().validate(document) == {}
    assert document["halted"] == kit.HALTED_TOLD
    assert status_document(job, kit.make_registry(), now=NOW)["halted"] is None
