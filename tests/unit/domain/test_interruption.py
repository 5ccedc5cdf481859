"""A machine is taken away: the container is told, then stopped with what is left of its time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from jobsched.domain import deadlines, facts
from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Job, Launch, Limits
from jobsched.domain.record import record
from jobsched.domain.state import state_of
from tests.unit.domain.example import ALWAYS, HOUR, MINUTE, SECOND, a_job, known, told, up_to

NOTICE = HOUR + 5 * MINUTE
TAKEN = NOTICE + 2 * MINUTE
INTERRUPTED = told(facts.Interrupted, NOTICE, until=TAKEN)
WARNED = told(facts.Warned, NOTICE + SECOND)
#: how far the machine's clock is from ours
HOUR_OFF = timedelta(hours=1)
AT_RISK = told(facts.AtRisk, NOTICE)


def running(**asked: object) -> Job:
    """A job whose container runs, and is retried after an interruption."""
    return up_to(facts.Started, a_job(retry=ALWAYS, **asked))


def stopping(job: Job, at: datetime, why: str = "interruption") -> Job:
    """Decide to stop its container, as `collect` does."""
    grace = deadlines.grace(job.spec, first(job), why, at)  # type: ignore[arg-type]  # a reason, as text
    return record(job, told(facts.Stopping, at, why=why, grace=grace))


def first(job: Job) -> Launch:
    """Give the launch."""
    assert job.attempt
    return job.attempt.launches[0]


def command(job: Job, at: datetime) -> tuple[str, str] | None:
    """Give what is due, and why."""
    wanted = due(job, at).command
    return (wanted.verb.value, wanted.why) if wanted else None


def test_the_container_is_warned_once_and_then_stopped() -> None:
    """The intent to stop it is first, then the file, which is not put a second time."""
    job = record(running(), INTERRUPTED)
    assert command(job, NOTICE) == ("collect", "interruption")
    job = stopping(job, NOTICE)
    assert command(job, NOTICE) == ("warn", "interruption")
    job = record(job, WARNED)
    assert command(job, NOTICE + SECOND) == ("collect", "interruption")


def test_a_warning_that_failed_is_not_repeated() -> None:
    """It is one try: the stop does not wait for it."""
    job = stopping(record(running(), INTERRUPTED), NOTICE)
    job = record(job, told(facts.Warned, NOTICE, failure="time_out"))
    assert command(job, NOTICE + SECOND) == ("collect", "interruption")
    assert first(job).notice
    assert first(job).notice.failure == "time_out"  # type: ignore[union-attr]  # just looked at


def test_a_risk_stops_nothing() -> None:
    """The container is told once; then it runs on as before."""
    job = record(running(), AT_RISK)
    before = due(running(), NOTICE)
    assert command(job, NOTICE) == ("warn", "rebalance")
    job = record(job, told(facts.Warned, NOTICE + SECOND, kind="rebalance"))
    assert due(job, NOTICE) == before


def test_a_risk_replaces_no_machine_that_waits() -> None:
    """Before the start nothing is due for it, and after the start the container is told."""
    job = record(up_to(facts.Prepared), told(facts.AtRisk, HOUR - MINUTE))
    assert due(job, HOUR - MINUTE) == due(up_to(facts.Prepared), HOUR - MINUTE)
    job = known(job, told(facts.StartGranted), told(facts.Started))
    assert command(job, HOUR) == ("warn", "rebalance")


def test_an_interruption_after_a_risk_is_told_as_well() -> None:
    """The file is put anew, with the deadline; a risk that was not told yet is told no more."""
    told_of_risk = known(running(), AT_RISK, told(facts.Warned, NOTICE, kind="rebalance"))
    for job in (told_of_risk, record(running(), AT_RISK)):
        after = record(job, INTERRUPTED)
        assert command(after, NOTICE) == ("collect", "interruption")
        after = stopping(after, NOTICE)
        assert command(after, NOTICE) == ("warn", "interruption")
        assert command(record(after, WARNED), NOTICE + SECOND) == ("collect", "interruption")


def test_what_it_does_because_it_was_told_is_no_success() -> None:
    """A container that saves its work and ends with 0 on reading the file was interrupted (X2)."""
    job = record(stopping(record(running(), INTERRUPTED), NOTICE), WARNED)
    job = record(job, told(facts.Ended, NOTICE + SECOND, code=0))
    assert job.attempt
    assert job.attempt.outcome
    assert (job.attempt.outcome.reason, job.attempt.outcome.code) == ("interrupted", 0)


@pytest.mark.parametrize("why", ["cancel", "timeout", "interruption"])
@pytest.mark.parametrize(
    ("after", "is_own"), [(-13 * SECOND, True), (-11 * SECOND, False), (SECOND, False)]
)
def test_only_what_ended_before_the_stop_keeps_its_outcome(
    why: str,
    after: timedelta,
    is_own: bool,  # noqa: FBT001 - a parameter
) -> None:
    """What nobody could see in time is told by the engine's clock, which is an hour off."""
    job = stopping(record(running(), INTERRUPTED), NOTICE, why)
    started_at = first(job).tries[0].started_at
    assert started_at
    theirs = NOTICE - HOUR_OFF
    times: dict[str, Any] = {
        "started_at": theirs,
        "finished_at": theirs + (NOTICE + after - started_at),
    }
    job = record(job, told(facts.Ended, NOTICE + MINUTE, code=0, **times))
    assert job.attempt
    assert job.attempt.outcome
    assert (job.attempt.outcome.reason == "finished") == is_own


def test_what_was_seen_running_when_it_was_to_be_stopped_was_stopped() -> None:
    """Whatever the clocks say: the worker that told of its start was half a minute behind (X2)."""
    job = known(
        running(),
        told(facts.Stopping, NOTICE, why="cancel"),
        told(facts.Inspected, NOTICE),
    )
    started_at = first(job).tries[0].started_at
    assert started_at
    times: dict[str, Any] = {"started_at": started_at, "finished_at": NOTICE - 29 * SECOND}
    job = record(job, told(facts.Ended, NOTICE + MINUTE, code=0, **times))
    assert job.attempt
    assert job.attempt.outcome
    assert job.attempt.outcome.reason == "cancelled"


def test_a_container_that_is_being_stopped_is_not_warned() -> None:
    """Its stop goes on undisturbed: a command in hand is dropped where another one is due."""
    job = known(running(), told(facts.CancelRequested, NOTICE))
    job = stopping(job, NOTICE, "cancel")
    before = due(job, NOTICE + SECOND).command
    for news in (AT_RISK, INTERRUPTED):
        assert due(record(job, news), NOTICE + SECOND).command == before


def test_a_deadline_that_is_told_later_is_kept() -> None:
    """A description tells of the interruption, and the machine itself of its time."""
    job = known(running(), told(facts.Interrupted, NOTICE - SECOND), INTERRUPTED)
    assert (first(job).interrupted_at, first(job).interrupted_until) == (NOTICE - SECOND, TAKEN)
    assert record(job, told(facts.Interrupted, NOTICE, until=TAKEN + MINUTE)) is job


def test_the_time_of_a_risk_is_the_machines() -> None:
    """What the machine was told is older than what we know."""
    job = record(running(), told(facts.AtRisk, NOTICE, noticed_at=NOTICE - MINUTE))
    assert first(job).at_risk_at == NOTICE - MINUTE
    assert record(job, AT_RISK) is job


@pytest.mark.parametrize(
    ("left", "given"),
    [(120, 110), (30, 20), (11, 1), (10.5, 1), (5, 1), (0, 1), (-60, 1)],
)
def test_the_grace_is_what_is_left(left: float, given: float) -> None:
    """All but what logs and giving back need, and never nothing."""
    until = NOTICE + left * SECOND
    job = record(running(), told(facts.Interrupted, NOTICE, until=until))
    grace = deadlines.grace(job.spec, first(job), "interruption", NOTICE)
    assert grace == timedelta(seconds=given)


def test_the_grace_ends_with_the_jobs_time() -> None:
    """A machine that goes in an hour does not make a job of a minute last an hour."""
    job = running(timeout=timedelta(minutes=6))
    job = record(job, told(facts.Interrupted, NOTICE, until=NOTICE + 60 * MINUTE))
    started_at = first(job).tries[0].started_at
    assert started_at
    grace = deadlines.grace(job.spec, first(job), "interruption", NOTICE)
    assert NOTICE + grace == started_at + 6 * MINUTE + job.spec.grace


@pytest.mark.parametrize("why", ["cancel", "timeout", "interruption"])
def test_without_a_deadline_the_grace_is_the_jobs(why: str) -> None:
    """A known deadline shortens or lengthens the stop for an interruption, and no other."""
    job = record(running(), told(facts.Interrupted, NOTICE))
    assert deadlines.grace(job.spec, first(job), why, NOTICE) == job.spec.grace  # type: ignore[arg-type]
    timed = record(running(), INTERRUPTED)
    is_own = deadlines.grace(timed.spec, first(timed), why, NOTICE) == job.spec.grace  # type: ignore[arg-type]
    assert is_own == (why != "interruption")


def test_a_second_worker_uses_the_same_end() -> None:
    """Who takes over a stop gives what is left of the first one's grace."""
    job = stopping(known(running(), INTERRUPTED, WARNED), NOTICE + 2 * SECOND)
    left = [
        deadlines.left_of_grace(job.spec, first(job), NOTICE + (2 + later) * SECOND)
        for later in (0, 40, 107, 300)
    ]
    assert left == [108 * SECOND, 68 * SECOND, SECOND, SECOND]


def test_a_repeated_cancel_has_the_whole_grace_again() -> None:
    """The first request may never have come through, and nobody takes the machine away."""
    job = stopping(record(running(), told(facts.CancelRequested, NOTICE)), NOTICE, "cancel")
    assert deadlines.left_of_grace(job.spec, first(job), NOTICE + MINUTE) == job.spec.grace


def test_nothing_is_waited_for_beyond_the_machines_end() -> None:
    """At the deadline it is given back, whether or not the container was seen to end."""
    job = stopping(known(running(), INTERRUPTED, WARNED), NOTICE + SECOND)
    failed = told(facts.CommandFailed, TAKEN - 3 * SECOND, command="collect")
    job = record(job, failed)
    assert command(job, TAKEN - SECOND) == ("collect", "interruption")
    assert command(job, TAKEN) == ("terminate", "stopping_interruption")


def test_a_late_stop_is_waited_for_all_the_same() -> None:
    """All workers were dead at the deadline, and the machine still answers."""
    job = stopping(known(running(), INTERRUPTED, WARNED), TAKEN + MINUTE)
    assert command(job, TAKEN + MINUTE + SECOND) == ("collect", "interruption")
    end = TAKEN + MINUTE + deadlines.LEAST_GRACE + deadlines.RESERVE
    assert command(job, end) == ("terminate", "stopping_interruption")


def test_a_stop_of_an_older_version_has_the_jobs_grace() -> None:
    """Its record says nothing of a grace."""
    job = known(running(), told(facts.CancelRequested, NOTICE), told(facts.Stopping, NOTICE))
    assert first(job).stopping_grace is None
    end = NOTICE + job.spec.grace + job.spec.limits.collect
    assert command(job, end - SECOND) == ("collect", "cancel")
    assert command(job, end) == ("terminate", "stopping_cancel")


def test_logs_are_kept_within_what_is_left() -> None:
    """Logs that cannot be had before the machine goes are given up then, not minutes later."""
    job = stopping(known(running(), INTERRUPTED, WARNED), NOTICE + SECOND)
    ended_at = NOTICE + 60 * SECOND
    job = record(job, told(facts.Ended, ended_at, code=0))
    assert command(job, ended_at) == ("collect", "")
    assert deadlines.collecting(job.spec, first(job), ended_at) == 60 * SECOND
    assert deadlines.collecting(job.spec, first(job), TAKEN + MINUTE) == deadlines.RESERVE
    unheard = told(facts.CommandFailed, TAKEN, command="collect", not_before=TAKEN)
    assert command(record(job, unheard), TAKEN) == ("terminate", "interrupted")


def test_logs_have_their_own_time_where_nobody_takes_the_machine() -> None:
    """The limit is the operator's."""
    job = up_to(facts.Ended, a_job(limits=Limits(collect=3 * MINUTE)))
    assert deadlines.collecting(job.spec, first(job), HOUR) == 3 * MINUTE


def test_an_interrupted_container_keeps_its_code_and_is_retried() -> None:
    """Code 0 after SIGTERM is not a success, and is shown (X2)."""
    job = stopping(known(running(), INTERRUPTED, WARNED), NOTICE + SECOND)
    job = record(job, told(facts.Ended, NOTICE + 9 * SECOND, code=0))
    assert job.attempt
    assert job.attempt.outcome
    assert (job.attempt.outcome.reason, job.attempt.outcome.code) == ("interrupted", 0)
    job = known(job, told(facts.LogsStored), told(facts.Gone, TAKEN))
    assert state_of(job) == "scheduled"
    assert due(job, TAKEN + MINUTE).command == Command(verb=Verb.PLAN)


def test_a_machine_that_waits_is_replaced_in_the_same_attempt() -> None:
    """Nothing is lost before the start: no warning, no stop, no attempt used up (B3)."""
    job = record(up_to(facts.Prepared), told(facts.Interrupted, NOTICE - 10 * MINUTE))
    assert command(job, NOTICE - 10 * MINUTE) == ("terminate", "interrupted")
