"""What becomes of a job when the store was put back from a backup."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Job
from jobsched.domain.record import record
from jobsched.domain.state import State, message_of, reason_of, state_of
from tests.unit.domain.example import ALWAYS, HOUR, MINUTE, SECOND, a_job, known, told, up_to

#: a day after the hour, when the backup is put back
LATE = HOUR + timedelta(days=1)
RESTORED = facts.Restored(at=LATE)


def verb(job: Job) -> Verb | None:
    """Give what is due after the restore."""
    command = due(job, LATE).command
    return command.verb if command else None


@pytest.mark.parametrize(
    "last", [None, facts.Planned, facts.Offered, facts.Begun, facts.Provisioned, facts.Ready]
)
def test_what_was_never_granted_a_start_has_failed(last: type[facts.Fact] | None) -> None:
    """Its outcome is `restored`; a machine that the backup knows is given back first (R9)."""
    job = record(up_to(last, a_job(retry=ALWAYS)) if last else a_job(retry=ALWAYS), RESTORED)
    machine = bool(job.attempt and job.attempt.launches)
    assert state_of(job) is (State.FINISHING if machine else State.FAILED)
    assert reason_of(job) == "restored"
    assert "may have run" in message_of(job)
    job = known(job, told(facts.Gone, LATE)) if machine else job
    assert state_of(job) is State.FAILED
    assert reason_of(job) == "restored"


def test_a_launch_in_doubt_is_looked_for_and_not_sent_again() -> None:
    """The machine of an unanswered request is found and given back (R9)."""
    assert verb(record(up_to(facts.Begun), RESTORED)) is Verb.FIND
    # a container is known before the machine's name is, as news comes in any order
    early = known(up_to(facts.Begun), told(facts.Prepared))
    soon = facts.Restored(at=HOUR + MINUTE)
    assert due(record(early, soon), soon.at).command == Command(verb=Verb.FIND, launch=1)


def test_a_container_that_waited_is_looked_at_as_if_granted() -> None:
    """It may run by now, and is not given back with its machine unseen (R9)."""
    job = record(up_to(facts.Prepared, a_job(retry=ALWAYS)), RESTORED)
    assert (state_of(job), verb(job)) == (State.READY, Verb.START)
    assert state_of(record(job, told(facts.Started, LATE))) is State.RUNNING
    withdrawn = record(job, told(facts.NotStarted, LATE))
    assert (state_of(withdrawn), reason_of(withdrawn)) == (State.FINISHING, "restored")


@pytest.mark.parametrize(
    ("seen", "reason", "end"),
    [
        (told(facts.Ended, LATE + SECOND, code=0), "finished", State.FINISHED),
        (told(facts.Ended, LATE + SECOND, code=3), "exited", State.FAILED),
        (told(facts.Vanished, LATE + SECOND), "outcome_unknown", State.FAILED),
    ],
)
def test_what_had_started_ends_as_it_is_seen(seen: facts.Fact, reason: str, end: State) -> None:
    """Its end is its outcome, and is not followed by another attempt (R9)."""
    job = record(up_to(facts.Started, a_job(retry=ALWAYS)), RESTORED)
    assert (state_of(job), verb(job)) == (State.RUNNING, Verb.COLLECT)
    job = known(job, seen, told(facts.Gone, LATE + MINUTE))
    assert (state_of(job), reason_of(job)) == (end, reason)


def test_a_machine_that_was_gone_before_anybody_looked_was_not_lost() -> None:
    """It may have been given back long ago, after the container's end (R9)."""
    job = record(up_to(facts.Started, a_job(retry=ALWAYS)), RESTORED)
    unseen = record(job, told(facts.Gone, LATE + SECOND, why="machine_lost"))
    assert unseen.attempt
    assert unseen.attempt.outcome
    assert (state_of(unseen), unseen.attempt.outcome.reason) == (State.FAILED, "restored")
    seen = known(
        job,
        told(facts.Inspected, LATE + SECOND),
        told(facts.Gone, LATE + MINUTE, why="machine_lost"),
    )
    assert (state_of(seen), reason_of(seen)) == (State.FAILED, "machine_lost")


def test_an_attempt_that_was_to_follow_does_not() -> None:
    """The backup knows the first one's end; the second may have run since (R9)."""
    job = up_to(facts.Gone, a_job(retry=ALWAYS), code=3)
    assert state_of(job) is State.SCHEDULED
    job = record(job, RESTORED)
    assert (state_of(job), reason_of(job)) == (State.FAILED, "restored")
    assert "may have run" in message_of(job)
    assert record(job, told(facts.Planned, LATE, attempt=2)) is job


@pytest.mark.parametrize(
    "job",
    [
        up_to(facts.Ended, a_job(retry=ALWAYS)),
        known(up_to(facts.Ended, a_job(retry=ALWAYS), code=3), told(facts.CancelRequested)),
    ],
    ids=["finished", "cancelled"],
)
def test_an_end_that_nothing_follows_stays(job: Job) -> None:
    """Nothing of it can have begun since: only its machine is still given back (R9)."""
    assert record(job, RESTORED) is job


@pytest.mark.parametrize(
    ("job", "at", "goes_on"),
    [
        (a_job(), HOUR - SECOND, True),
        (a_job(), HOUR, False),
        # with a plan, the time at which its machine is asked for
        (up_to(facts.Planned), HOUR - 6 * MINUTE, True),
        (up_to(facts.Planned), HOUR - 5 * MINUTE, False),
        (up_to(facts.Begun), HOUR - 6 * MINUTE, False),
    ],
)
def test_a_job_whose_time_is_ahead_goes_on(
    job: Job,
    at: object,
    goes_on: bool,  # noqa: FBT001 - a column
) -> None:
    """What surely was not begun since runs as usual (R9)."""
    assert (record(job, facts.Restored(at=at)) is job) is goes_on  # type: ignore[arg-type]  # a time


def test_a_second_restore_changes_nothing() -> None:
    """The command may be repeated (R9)."""
    job = record(up_to(facts.Started), RESTORED)
    assert record(job, facts.Restored(at=LATE + MINUTE)) is job
