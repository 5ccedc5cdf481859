"""Every step has its time, counted by hand from the design's table."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.deadlines import dies_at, fits, settled, shown
from jobsched.domain.due import Verb, due
from jobsched.domain.job import Instance, Job, Limits, Plan
from jobsched.domain.record import record
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, a_spec, known, told, up_to

DAY = timedelta(days=1)


def test_a_request_that_was_sent_late_settles_late() -> None:
    """Begun at the hour and given up 14 minutes later, it may show its machine for 10 minutes more.

    The provider is believed that there is none 10 minutes after the last moment of a send.
    """
    job = known(a_job(), told(facts.Planned), told(facts.Begun))
    attempt = job.attempt
    assert attempt
    assert settled(attempt, attempt.launches[0]) == HOUR + 10 * MINUTE
    given_up = record(job, told(facts.Released, HOUR + 14 * MINUTE)).attempt
    assert given_up
    assert settled(given_up, given_up.launches[0]) == HOUR + 24 * MINUTE
    cancelled = record(job, facts.CancelRequested(at=HOUR + 12 * MINUTE)).attempt
    assert cancelled
    assert settled(cancelled, cancelled.launches[0]) == HOUR + 22 * MINUTE


def test_a_machine_that_came_late_is_shown_late() -> None:
    """Missing from a list, it is not gone before 10 minutes after it was named."""
    job = record(up_to(facts.Begun), told(facts.Provisioned, HOUR + 13 * MINUTE))
    assert job.attempt
    assert shown(job.attempt.launches[0]) == HOUR + 23 * MINUTE


def first_after(job: Job, verb: Verb, start: datetime, why: str = "") -> datetime:
    """Give the first time at which a verb is due, while all others have trouble."""
    now = start
    for _ in range(2000):
        wanted = due(job, now)
        command = wanted.command
        if command and command.verb is verb and command.why == (why or command.why):
            return now
        if command:
            fact = told(
                facts.CommandFailed,
                now,
                launch=command.launch,
                command=command.verb,
                not_before=now + 10 * SECOND,
            )
            job = record(job, fact)
        else:
            assert wanted.look_again_at
            now = wanted.look_again_at
    raise AssertionError(verb)


@pytest.mark.parametrize(
    ("begun", "timeout", "grace", "expected"),
    [
        # 35 minutes to get there, an hour, 10 s, 2 minutes of logs, 15 minutes to spare
        (HOUR, 60 * MINUTE, 10 * SECOND, HOUR + (35 + 60 + 2 + 15) * MINUTE + 10 * SECOND),
        # begun two hours ahead: the start counts
        (HOUR - 120 * MINUTE, 60 * MINUTE, 10 * SECOND, HOUR + 77 * MINUTE + 10 * SECOND),
        (HOUR - 35 * MINUTE, MINUTE, 90 * SECOND, HOUR + 18 * MINUTE + 90 * SECOND),
    ],
)
def test_machine_dies_at(
    begun: datetime, timeout: timedelta, grace: timedelta, expected: datetime
) -> None:
    """`dies_at` is the latest start, and all that may follow it (B6)."""
    spec = a_spec(timeout=timeout, grace=grace)
    plan = Plan(provision_at=begun, start_at=HOUR)
    assert dies_at(spec, plan, begun) == expected


def test_a_start_fits_while_its_end_is_before_the_machines() -> None:
    """A start is made only if timeout, grace and the logs are over before the machine dies."""
    job = up_to(facts.Prepared)
    assert job.attempt
    launch = job.attempt.launches[0]
    last = launch.dies_at - 62 * MINUTE - 10 * SECOND
    assert fits(job.spec, launch, last)
    assert not fits(job.spec, launch, last + SECOND)


@pytest.mark.parametrize(
    ("last", "verb", "why", "expected"),
    [
        # the second of each fact is its place in the order of a good attempt
        (facts.Begun, Verb.TERMINATE, "provisioning", 15 * MINUTE + 2 * SECOND),
        (facts.Provisioned, Verb.TERMINATE, "boot_failed", 10 * MINUTE + 3 * SECOND),
        (facts.Ready, Verb.TERMINATE, "prepare", 10 * MINUTE + 4 * SECOND),
        (facts.Prepared, Verb.TERMINATE, "hold", 5 * MINUTE + 5 * SECOND),
        # in doubt until the grant (the 6th second), the timeout of an hour and the grace are over
        (facts.StartGranted, Verb.GIVE_UP, "outcome_unknown", 60 * MINUTE + 16 * SECOND),
        (facts.Started, Verb.COLLECT, "timeout", 60 * MINUTE + 7 * SECOND),
        (facts.Ended, Verb.TERMINATE, "finished", 2 * MINUTE + 9 * SECOND),
    ],
)
def test_step_is_over_at(last: type[facts.Fact], verb: Verb, why: str, expected: timedelta) -> None:
    """Where nothing but trouble follows a fact, the next step is taken at the hour of the table."""
    job = up_to(last, dies_at=HOUR + DAY)
    assert first_after(job, verb, HOUR + 20 * SECOND, why) == HOUR + expected


@pytest.mark.parametrize(("ahead", "after"), [(MINUTE, 0 * SECOND), (SECOND, 2 * SECOND)])
def test_a_start_is_granted_once_its_container_is_surely_kept(
    ahead: timedelta, after: timedelta
) -> None:
    """Not before `limits.evidence` (3 s) is over; at the hour, where it was created long ago."""
    job = known(up_to(facts.Ready), told(facts.Prepared, HOUR - ahead))
    assert first_after(job, Verb.START, HOUR - 30 * SECOND) == HOUR + after


def test_machine_that_dies_too_early_is_replaced() -> None:
    """A container that could no longer run its time is not started; its machine is given back."""
    job = up_to(facts.Prepared, dies_at=HOUR + 77 * MINUTE)
    command = due(job, HOUR + 15 * MINUTE).command
    assert command
    assert (command.verb, command.why) == (Verb.TERMINATE, "no_longer_fits")
    early = due(job, HOUR + 14 * MINUTE).command
    assert early
    assert early.verb is Verb.START


def test_running_past_the_machines_end_is_unknown() -> None:
    """At `dies_at` nobody waits for an answer any more, also of a machine given back."""
    silent = told(facts.CommandFailed, command="collect", not_before=HOUR + 130 * MINUTE)
    running = record(up_to(facts.Started), silent)
    stopped = known(
        running,
        told(facts.CancelRequested),
        told(facts.Stopping),
        told(facts.Released, why="stopping_cancel"),
        told(facts.Terminated, HOUR + 119 * MINUTE + 59 * SECOND),
    )
    for job in (running, stopped):
        command = due(job, HOUR + 120 * MINUTE).command
        assert command
        assert (command.verb, command.why) == (Verb.GIVE_UP, "outcome_unknown")


def test_what_can_still_be_known_is_asked_for_after_an_outage() -> None:
    """With every deadline past and nothing tried yet, the container is looked at first."""
    late = HOUR + DAY
    for kind, verb in [
        (facts.Ready, Verb.PREPARE),
        (facts.StartGranted, Verb.START),
        (facts.Started, Verb.COLLECT),
    ]:
        job = up_to(kind, a_job(late_limit=2 * DAY))
        command = due(job, late).command
        assert command
        assert command.verb is verb


def test_start_known_before_the_machine_is_never_given_back_unasked() -> None:
    """A start that is known while the machine's name was lost with a store waits for it."""
    job = known(
        up_to(facts.Begun),
        *(told(facts.Ready), told(facts.Prepared), told(facts.StartGranted), told(facts.Started)),
    )
    for moment, verb in [
        (20 * MINUTE, Verb.PROVISION),
        (61 * MINUTE, Verb.FIND),
        (DAY, Verb.GIVE_UP),
    ]:
        command = due(job, HOUR + moment).command
        assert command
        assert command.verb is verb


def test_request_is_sent_again_for_an_hour_and_then_looked_for() -> None:
    """A token older than an hour counts as unknown: it is not sent again."""
    job = up_to(facts.Begun, a_job(limits=Limits(provisioning=timedelta(hours=3))))
    for moment, verb in [(59 * MINUTE, Verb.PROVISION), (61 * MINUTE, Verb.FIND)]:
        command = due(job, HOUR + moment).command
        assert command
        assert (command.verb, command.launch) == (verb, 1)


def test_cancelled_launch_in_doubt_is_found_never_sent_again() -> None:
    """After a cancel the request of an unresolved launch is not sent any more."""
    job = known(up_to(facts.Begun), told(facts.CancelRequested))
    command = due(job, HOUR + MINUTE).command
    assert command
    assert (command.verb, command.launch) == (Verb.FIND, 1)
    found = record(job, told(facts.Provisioned))
    command = due(found, HOUR + MINUTE).command
    assert command
    assert (command.verb, command.launch) == (Verb.TERMINATE, 1)


def test_termination_is_repeated_every_half_minute() -> None:
    """A machine is terminated until it is described as gone, and not in a hot loop."""
    job = known(up_to(facts.Ended), told(facts.Released), told(facts.Terminated))
    assert due(job, HOUR + SECOND).look_again_at == HOUR + 30 * SECOND
    command = due(job, HOUR + 30 * SECOND).command
    assert command
    assert command.verb is Verb.TERMINATE


def test_logs_are_not_waited_for_once_the_machine_is_given_back() -> None:
    """An end that is known after the machine was given back brings no hunt for logs."""
    job = known(
        up_to(facts.Started),
        told(facts.Stopping),
        told(facts.Released, why="stopping_cancel"),
        told(facts.Terminated),
        told(facts.Ended, HOUR + SECOND),
    )
    assert due(job, HOUR + 2 * SECOND).look_again_at == HOUR + 30 * SECOND


def test_stopped_container_that_gives_no_answer_loses_its_machine() -> None:
    """Money before logs: after grace and time for logs the machine goes unanswered."""
    job = known(up_to(facts.Started), told(facts.Stopping, HOUR + MINUTE))
    expected = HOUR + 3 * MINUTE + 10 * SECOND
    assert first_after(job, Verb.TERMINATE, HOUR + MINUTE, "stopping_cancel") == expected


def test_running_container_is_looked_at_every_five_minutes_and_at_once_after_a_hint() -> None:
    """The next inspect is due after 4 to 5 minutes, or when somebody says that it has ended."""
    job = record(up_to(facts.StartGranted), told(facts.Started, inspect_every=5 * MINUTE))
    again = due(job, HOUR + MINUTE).look_again_at
    assert again
    assert HOUR + 4 * MINUTE <= again <= HOUR + 5 * MINUTE
    hinted = record(job, told(facts.Hinted, HOUR + MINUTE))
    command = due(hinted, HOUR + MINUTE).command
    assert command
    assert command.verb is Verb.INSPECT
    looked = record(hinted, told(facts.Inspected, HOUR + 2 * MINUTE))
    again = due(looked, HOUR + 2 * MINUTE).look_again_at
    assert again
    # not confirmed a minute after the hint: asked again after another minute (see test_hint)
    assert again == HOUR + 3 * MINUTE
    told_again = record(looked, told(facts.Hinted, HOUR + 3 * MINUTE))
    assert due(told_again, HOUR + 3 * MINUTE).command == command
    at_once = record(looked, told(facts.Hinted, HOUR + 2 * MINUTE + SECOND))
    assert due(at_once, HOUR + 2 * MINUTE + SECOND).command == command


def test_unwatched_container_is_looked_at_every_five_seconds() -> None:
    """Where nothing tells of an end, somebody looks every 4 to 5 seconds."""
    job = record(
        up_to(facts.StartGranted), told(facts.Started, HOUR + MINUTE, inspect_every=5 * SECOND)
    )
    again = due(job, HOUR + MINUTE).look_again_at
    assert again
    assert HOUR + MINUTE + 4 * SECOND <= again <= HOUR + MINUTE + 5 * SECOND


def test_container_waits_for_its_hour() -> None:
    """A created container is started at `start_at`, not before."""
    early = HOUR - 10 * MINUTE
    job = a_job()
    for kind in facts.KINDS[:6]:
        job = record(job, told(kind, early))
    assert due(job, early).look_again_at == HOUR
    command = due(job, HOUR).command
    assert command
    assert command.verb is Verb.START


def test_machine_that_is_ready_without_an_address_is_described_again() -> None:
    """A machine that is ready before its address is known is described again."""
    job = known(
        up_to(facts.Begun), told(facts.Provisioned, instance=Instance(id="i")), told(facts.Ready)
    )
    command = due(job, HOUR + MINUTE).command
    assert command
    assert command.verb is Verb.FIND
