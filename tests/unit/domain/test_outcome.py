"""How an attempt ends: a pure function of the first inspect after the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from jobsched.domain import facts
from jobsched.domain.due import Verb, due
from jobsched.domain.job import Job, Outcome
from jobsched.domain.record import record
from jobsched.domain.state import State, reason_of, state_of
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, known, told, up_to
from tests.unit.domain.situation import SITUATIONS


def outcome(job: Job) -> Outcome:
    """Give the outcome of the current attempt, which must have one."""
    assert job.attempt
    assert job.attempt.outcome
    return job.attempt.outcome


def lasted(duration: timedelta) -> dict[str, Any]:
    """Give the engine's own clock, which is years behind ours."""
    begun = HOUR - timedelta(days=999)
    return {"started_at": begun, "finished_at": begun + duration}


@pytest.mark.parametrize(
    ("ended", "reason"),
    [
        ({"code": 0}, "finished"),
        ({"code": 1}, "exited"),
        ({"code": 125}, "exited"),
        ({"code": 137}, "exited"),
        ({"code": 137, "oom": True}, "oom"),
        ({"code": 0, "oom": True}, "finished"),
        ({"code": 143}, "exited"),
        ({"code": None}, "outcome_unknown"),
        ({"code": 127, "start_failed": True}, "start_failed"),
        ({"code": 0, "start_failed": True}, "start_failed"),
        ({"code": 0, **lasted(60 * MINUTE)}, "finished"),
        ({"code": 0, **lasted(60 * MINUTE + SECOND)}, "timeout"),
        ({"code": 1, **lasted(61 * MINUTE)}, "timeout"),
    ],
)
def test_end_before_stopping_is(ended: dict[str, Any], reason: str) -> None:
    """A container that ended by itself gives its code, unless it ran too long (X1)."""
    actual = outcome(record(up_to(facts.Started), told(facts.Ended, **ended)))
    assert (actual.reason, actual.started, actual.code) == (reason, True, ended["code"])


@pytest.mark.parametrize("code", [0, 1, 143, None])
@pytest.mark.parametrize(
    ("why", "reason"),
    [("cancel", "cancelled"), ("timeout", "timeout"), ("interruption", "interrupted")],
)
def test_end_after_stopping_is_why_it_was_stopped(why: str, reason: str, code: int | None) -> None:
    """A stopped container is never finished; its code is kept."""
    job = known(up_to(facts.Started), told(facts.Stopping, why=why), told(facts.Ended, code=code))
    assert (outcome(job).reason, outcome(job).code) == (reason, code)


@pytest.mark.parametrize(
    ("news", "gone", "reason"),
    [
        ([facts.Started], "machine_lost", "machine_lost"),
        ([facts.Started], "terminated", "machine_lost"),
        ([facts.Started], "interrupted", "interrupted"),
        ([facts.Started, facts.Interrupted], "machine_lost", "interrupted"),
        ([facts.Started, facts.Hinted], "interrupted", "outcome_unknown"),
        ([facts.Hinted, facts.Started], "machine_lost", "outcome_unknown"),
        ([], "machine_lost", "outcome_unknown"),
        ([], "interrupted", "outcome_unknown"),
        ([facts.Interrupted], "interrupted", "outcome_unknown"),
        ([facts.Started, facts.Stopping], "machine_lost", "cancelled"),
    ],
)
def test_end_that_nobody_saw_is(news: list[type[facts.Fact]], gone: str, reason: str) -> None:
    """Without an inspect after the end the outcome comes with `Gone`, and is no success (X2)."""
    job = known(up_to(facts.StartGranted), *[told(kind) for kind in news])
    assert job.attempt
    assert job.attempt.outcome is None
    actual = outcome(record(job, told(facts.Gone, why=gone)))
    assert (actual.reason, actual.started, actual.code) == (reason, True, None)


def test_container_that_vanished_after_its_grant_is_unknown() -> None:
    """A container that is gone after its grant may have run."""
    for last in (facts.StartGranted, facts.Started):
        assert outcome(record(up_to(last), told(facts.Vanished))).reason == "outcome_unknown"


@pytest.mark.parametrize(
    ("seconds", "reason"), [(-1, None), (0, "outcome_unknown"), (1, "outcome_unknown")]
)
def test_machine_lost_with_a_created_container_after_its_hour(
    seconds: int, reason: str | None
) -> None:
    """After `start_at` a grant may have been lost by the store: it counts as granted."""
    job = a_job()
    for kind in facts.KINDS[:6]:
        job = record(job, told(kind, HOUR - MINUTE))
    job = record(job, told(facts.Gone, HOUR + seconds * SECOND, why="machine_lost"))
    assert job.attempt
    if reason is None:
        assert job.attempt.outcome is None
        assert state_of(job) is State.PROVISIONING
    else:
        assert (outcome(job).reason, outcome(job).started) == (reason, True)


def test_withdrawn_start_can_be_lost_without_harm() -> None:
    """A machine lost after its only grant was withdrawn is replaced in the same attempt."""
    job = known(up_to(facts.StartGranted), told(facts.NotStarted), told(facts.Gone))
    assert state_of(job) is State.PROVISIONING
    command = due(job, HOUR).command
    assert command
    assert command.verb is Verb.PROVISION


def test_outcome_saved_before_a_cancel_stands() -> None:
    """A cancel after the end does not change how the attempt ended."""
    job = known(up_to(facts.Ended), told(facts.CancelRequested))
    assert outcome(job).reason == "finished"
    assert due(job, HOUR).command == due(up_to(facts.Ended), HOUR).command


@pytest.mark.parametrize("reason", ["finished", "cancelled"])
def test_plugin_cannot_name_a_success(reason: str) -> None:
    """A plugin's own label makes neither a success nor a cancel (P6)."""
    job = known(up_to(facts.Ready), told(facts.GivenUp, reason=reason), told(facts.Gone))
    assert outcome(job).reason == "plugin_error"
    assert state_of(job) is not State.FINISHED


@pytest.mark.parametrize("kind", facts.KINDS)
def test_after_the_end_nothing_is_recorded(kind: type[facts.Fact]) -> None:
    """Whatever is told of a job that has ended, it stays as it is (C9)."""
    ended = up_to(facts.Gone)
    assert state_of(ended) is State.FINISHED
    assert record(ended, told(kind, HOUR + MINUTE)) is ended


def test_giving_up_does_not_change_an_outcome() -> None:
    """The outcome is filled once."""
    job = up_to(facts.Ended)
    assert record(job, told(facts.GivenUp, reason="outcome_unknown")) is job


#: situation → what a cancel makes of it, and what its worker does at once
CANCELLED = {
    "new": (State.CANCELLED, None),
    "plan": (State.CANCELLED, None),
    "begn": (State.FINISHING, Verb.FIND),
    "rfsd": (State.CANCELLED, None),
    "boot": (State.FINISHING, Verb.TERMINATE),
    "wait": (State.FINISHING, Verb.TERMINATE),
    "stry": (State.FINISHING, Verb.TERMINATE),
    "prep": (State.FINISHING, Verb.TERMINATE),
    # nobody knows whether it runs: the start in doubt is resolved first
    "dbt": (State.READY, Verb.START),
    "wdrn": (State.FINISHING, Verb.TERMINATE),
    "run": (State.RUNNING, Verb.COLLECT),
    "endd": (State.FINISHING, Verb.COLLECT),
    "logs": (State.FINISHING, Verb.TERMINATE),
    "betw": (State.CANCELLED, None),
    "fin": (State.FINISHED, None),
    "fail": (State.FAILED, None),
}


@pytest.mark.parametrize("name", CANCELLED)
def test_cancel_in_each_situation(name: str) -> None:
    """A cancel ends the job as soon as nothing of it can run any more, and not before."""
    at = HOUR + 50 * SECOND
    job = record(SITUATIONS[name][0], told(facts.CancelRequested, at))
    command = due(job, at).command
    assert CANCELLED[name] == (state_of(job), command.verb if command else None)
    assert (reason_of(job) == "cancelled") == (
        job.cancel_at is not None and state_of(job) in {State.CANCELLED, State.FINISHING}
    ) or name in {"endd", "logs"}


def test_cancel_in_doubt_ends_with_what_becomes_known() -> None:
    """A cancelled start in doubt is cancelled if it never was, and stopped if it was."""
    job = SITUATIONS["dbtC"][0]
    assert outcome(record(job, told(facts.NotStarted))).reason == "cancelled"
    command = due(record(job, told(facts.Started)), HOUR + MINUTE).command
    assert command
    assert (command.verb, command.why) == (Verb.COLLECT, "cancel")
    assert outcome(record(job, told(facts.Ended, code=0))).reason == "finished"


def test_end_on_an_abandoned_machine_is_unknown() -> None:
    """A machine that was only given up may have run the container to its end."""
    actual = outcome(record(up_to(facts.Started), told(facts.Gone, why="abandoned")))
    assert (actual.reason, actual.started) == ("outcome_unknown", True)
