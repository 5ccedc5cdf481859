"""Which end of an attempt is followed by another, and when at the earliest."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.job import Outcome, Retry
from jobsched.domain.record import record
from jobsched.domain.retry import causes, earliest, is_followed, jitter
from jobsched.domain.state import State, state_of
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, known, told, up_to

#: the design's table: reason of an end, whether the container started, its code → what retries it
TABLE = [
    ("exited", True, 3, {"error", "exit:3"}),
    ("exited", True, 125, {"error", "exit:125"}),
    ("oom", True, 137, {"error", "exit:137"}),
    ("start_failed", True, None, {"error"}),
    ("start_failed", True, 127, {"error", "exit:127"}),
    ("timeout", True, 143, {"timeout"}),
    ("interrupted", True, None, {"interruption"}),
    ("machine_lost", True, None, {"interruption"}),
    ("outcome_unknown", True, None, {"interruption"}),
    ("boot_failed", False, None, {"before_start"}),
    ("machine_lost", False, None, {"before_start"}),
    ("pull_failed", False, None, {"before_start"}),
    ("plugin_error", False, None, {"before_start"}),
    ("plugin_error", True, None, set()),
    ("image_not_found", False, None, set()),
    ("credentials", False, None, set()),
    ("configuration", False, None, set()),
    ("no_capacity", False, None, set()),
    ("expired", False, None, set()),
    ("cancelled", False, None, set()),
    ("cancelled", True, 143, set()),
    ("finished", True, 0, set()),
    ("a plugin's own word", False, None, set()),
    ("a plugin's own word", True, 1, set()),
]


@pytest.mark.parametrize(("reason", "started", "code", "words"), TABLE)
def test_reason_is_retried_by(
    reason: str,
    started: bool,  # noqa: FBT001 - a column of the table
    code: int | None,
    words: set[str],
) -> None:
    """Each reason is covered by the words of the table, and by no other."""
    outcome = Outcome(at=HOUR, reason=reason, started=started, code=code)
    assert words == causes(outcome)


@pytest.mark.parametrize(
    ("on", "code", "again"),
    [
        (("before_start",), 3, False),
        (("error",), 3, True),
        (("exit:3",), 3, True),
        (("exit:4",), 3, False),
        (("timeout", "interruption"), 3, False),
        (("error",), 0, False),
        ((), 3, False),
    ],
)
def test_only_the_causes_that_the_job_names_are_retried(
    on: tuple[str, ...],
    code: int,
    again: bool,  # noqa: FBT001 - a column
) -> None:
    """After a start only what the user has named leads to another attempt (P4)."""
    job = up_to(facts.Gone, a_job(retry=Retry(on=on)), code=code)
    assert is_followed(job) is again
    assert (state_of(job) is State.SCHEDULED) is again


def test_the_last_attempt_is_not_followed() -> None:
    """After `max_attempts` attempts the job has failed."""
    job = a_job(retry=Retry(max_attempts=2, on=("error",)))
    for number in (1, 2):
        job = up_to(facts.Gone, job, attempt=number, code=1)
        assert state_of(job) is (State.SCHEDULED if number == 1 else State.FAILED)
    assert [attempt.no for attempt in job.past] == [1]
    assert record(job, told(facts.Planned, attempt=3)) is job


@pytest.mark.parametrize(
    ("number", "pause"), [(1, 10), (2, 20), (3, 40), (6, 320), (7, 600), (40, 600)]
)
def test_pause_doubles_up_to_ten_minutes(number: int, pause: int) -> None:
    """The back-off doubles, is at most 10 minutes, and is shortened by at most a quarter."""
    retry = Retry(max_attempts=50, on=("error",))
    job = a_job(retry=retry)
    for attempt in range(1, number + 1):
        job = up_to(facts.Gone, job, attempt=attempt, code=1)
    assert job.attempt
    assert job.attempt.outcome
    waited = earliest(job) - job.attempt.outcome.at
    assert timedelta(seconds=pause * 0.75) <= waited <= timedelta(seconds=pause)


def test_pause_is_spread() -> None:
    """Jobs that fail at the same moment do not all come back at the same moment."""
    assert len({jitter(f"job-{number}") for number in range(100)}) == 100
    assert all(0 <= jitter(f"job-{number}") < 1 for number in range(100))
    assert jitter("a") == jitter("a")


def test_next_attempt_is_never_before_the_schedule() -> None:
    """A failure long before the hour (while a machine was being got ready) waits for the hour."""
    job = known(up_to(facts.Planned), told(facts.GivenUp, HOUR - 30 * MINUTE))
    assert earliest(job) == HOUR
    assert earliest(a_job()) == HOUR


def test_past_attempts_are_kept_up_to_ten() -> None:
    """The record of a job that is retried for ever does not grow for ever."""
    job = a_job(retry=Retry(max_attempts=99, on=("error",)))
    for number in range(1, 15):
        job = up_to(facts.Gone, job, attempt=number, code=1)
    assert [attempt.no for attempt in job.past] == list(range(4, 14))


def test_cancel_between_attempts_ends_the_job() -> None:
    """A job that waits for its next attempt is cancelled at once."""
    job = up_to(facts.Gone, a_job(retry=Retry(on=("error",))), code=1)
    job = record(job, told(facts.CancelRequested, HOUR + 60 * SECOND))
    assert state_of(job) is State.CANCELLED
