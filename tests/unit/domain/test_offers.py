"""Offers, refusals, rounds, lost machines, and being too late."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.due import Verb, due, in_line
from jobsched.domain.job import Job
from jobsched.domain.record import record
from jobsched.domain.state import State, slots, state_of
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, known, told, up_to

DAY = timedelta(days=1)


def refused(job: Job, times: int) -> Job:
    """Ask and be refused, so often, all at the hour."""
    for number in range(1, times + 1):
        job = known(job, told(facts.Begun, launch=number), told(facts.Refused, launch=number))
    return job


@pytest.mark.parametrize(
    ("times", "pause"),
    # two offers make a round; after it 10 s, 20 s, 40 s …, at most 10 minutes
    [(1, 0), (2, 10), (3, 10), (4, 20), (6, 40), (12, 320), (14, 600), (16, 600)],
)
def test_a_round_of_refusals_is_followed_by_a_pause(times: int, pause: int) -> None:
    """The next offer is asked at once; after the last one a new round waits, longer each time."""
    job = refused(up_to(facts.Offered), times)
    wanted = due(job, HOUR)
    if pause:
        assert wanted.look_again_at == HOUR + pause * SECOND
    moment = due(job, HOUR + pause * SECOND).command
    assert moment
    assert (moment.verb, moment.launch) == (Verb.PROVISION, 0)


def test_refusals_use_up_no_machines() -> None:
    """A refused launch cost nothing: after twenty of them a machine is still asked for."""
    job = refused(up_to(facts.Offered), 20)
    command = due(job, HOUR + 60 * MINUTE).command
    assert command
    assert command.verb is Verb.PROVISION
    assert not slots(job)
    assert job.attempt
    assert job.attempt.refusals == 20
    assert [one.label for one in job.attempt.refused[:2]] == ["spot", "spot"]


def test_a_machine_that_was_ended_at_its_launch_is_a_refusal() -> None:
    """The next offer is asked, no machine is used up, and after the last one is a pause (L13)."""
    job = up_to(facts.Offered)
    for number in range(1, 21):
        named = told(facts.Provisioned, launch=number)
        ended = told(facts.Gone, launch=number, why="refused", message="stillborn")
        job = known(job, told(facts.Begun, launch=number), named, ended)
    command = due(job, HOUR + 60 * MINUTE).command
    assert command
    assert command.verb is Verb.PROVISION
    assert not slots(job)
    assert job.attempt
    assert (job.attempt.refusals, len(job.attempt.refused)) == (20, 20)
    assert job.attempt.refused[0].message == "stillborn"
    assert job.attempt.round_until
    late = due(job, HOUR + 2 * DAY).command
    assert late
    assert (late.verb, late.why) == (Verb.GIVE_UP, "no_capacity")


def test_a_machine_that_could_be_used_was_not_refused() -> None:
    """Whatever its provider says of its end: it was had, and counts as one (L13)."""
    job = known(up_to(facts.Prepared), told(facts.Gone, HOUR - SECOND, why="refused"))
    assert job.attempt
    assert (job.attempt.launches[0].gone, job.attempt.refusals) == ("machine_lost", 0)


def test_refused_launches_do_not_swell_the_record() -> None:
    """Of a day without capacity the last launch is kept, numbered on, and twenty refusals."""
    job = refused(up_to(facts.Offered), 300)
    assert job.attempt
    assert [one.no for one in job.attempt.launches] == [300]
    assert [one.launch for one in job.attempt.refused] == list(range(281, 301))
    job = known(job, told(facts.Begun, launch=301), told(facts.Provisioned, launch=301))
    assert job.attempt
    assert [one.no for one in job.attempt.launches] == [301]


def test_a_fault_of_the_provider_uses_up_no_offer() -> None:
    """Once it is mended, the offer that it befell is asked again, and is not called refused."""
    job = known(up_to(facts.Offered), told(facts.Begun))
    job = record(job, told(facts.Refused, reason="configuration", for_every_offer=True))
    assert job.attempt
    assert (job.attempt.refusals, job.attempt.round_until) == (0, None)
    assert [one.reason for one in job.attempt.refused] == ["configuration"]
    command = due(job, HOUR).command
    assert command
    assert command.verb is Verb.PROVISION


@pytest.mark.parametrize("kind", [facts.Provisioned, facts.Ready, facts.Gone, facts.Refused])
def test_news_of_a_launch_that_was_refused_long_ago_changes_nothing(kind: type[facts.Fact]) -> None:
    """It is not taken for news of another launch."""
    job = refused(up_to(facts.Offered), 3)
    job = known(job, told(facts.Begun, launch=4), told(facts.Provisioned, launch=4))
    assert record(job, told(kind, launch=2)) is job


@pytest.mark.parametrize(
    ("job", "reason"),
    [
        (up_to(facts.Planned), "expired"),
        (refused(up_to(facts.Offered), 1), "no_capacity"),
        (known(up_to(facts.Ready), told(facts.Gone)), "expired"),
        (
            known(
                up_to(facts.Begun),
                told(facts.Refused),
                told(facts.Begun, launch=2),
                told(facts.Gone, launch=2, why="never_seen"),
            ),
            "expired",
        ),
    ],
)
def test_too_late_is_no_capacity_only_if_a_refusal_was_the_last_news(job: Job, reason: str) -> None:
    """A day after `start_at` the attempt is given up, for want of capacity or of time."""
    before = due(job, HOUR + DAY - SECOND).command
    assert before is None or before.verb is not Verb.GIVE_UP
    command = due(job, HOUR + DAY).command
    assert command
    assert (command.verb, command.why) == (Verb.GIVE_UP, reason)
    ended = record(job, told(facts.GivenUp, HOUR + DAY, reason=reason))
    assert state_of(ended) is State.FAILED


def test_created_container_is_too_late_as_well() -> None:
    """A day after `start_at` a container that was never granted its start is given up."""
    command = due(up_to(facts.Prepared, dies_at=HOUR + 3 * DAY), HOUR + DAY).command
    assert command
    assert (command.verb, command.why) == (Verb.GIVE_UP, "expired")


@pytest.mark.parametrize(
    ("released", "reason"),
    [
        ("", "machine_lost"),
        ("interrupted", "machine_lost"),
        ("hold", "machine_lost"),
        ("boot_failed", "boot_failed"),
        ("provisioning", "boot_failed"),
        ("prepare", "pull_failed"),
        ("pull_failed", "pull_failed"),
    ],
)
def test_five_machines_are_enough(released: str, reason: str) -> None:
    """After five machines the attempt is given up, for the reason that it lost the last one."""
    job = up_to(facts.Offered)
    for number in range(1, 6):
        command = due(job, HOUR).command
        assert command
        assert command.verb is Verb.PROVISION
        job = record(job, told(facts.Begun, launch=number))
        job = record(job, told(facts.Provisioned, launch=number))
        if released:
            job = record(job, told(facts.Released, launch=number, why=released, message="why: so"))
        job = record(job, told(facts.Gone, launch=number))
    command = due(job, HOUR).command
    assert command
    assert (command.verb, command.why) == (Verb.GIVE_UP, reason)


def test_launches_never_seen_use_up_no_machines() -> None:
    """A request that never became a machine does not count against the five."""
    job = up_to(facts.Offered)
    for number in range(1, 9):
        job = record(job, told(facts.Begun, launch=number))
        job = record(job, told(facts.Gone, launch=number, why="never_seen"))
    command = due(job, HOUR).command
    assert command
    assert command.verb is Verb.PROVISION


def test_replacement_does_not_wait_for_the_old_machine() -> None:
    """A machine given back is terminated first, and the next one is asked for before it is gone."""
    job = known(up_to(facts.Ready), told(facts.Interrupted))
    command = due(job, HOUR).command
    assert command
    assert (command.verb, command.why) == (Verb.TERMINATE, "interrupted")
    job = known(job, told(facts.Released, why="interrupted"), told(facts.Terminated))
    command = due(job, HOUR).command
    assert command
    assert (command.verb, command.launch) == (Verb.PROVISION, 0)
    job = record(job, told(facts.Begun, launch=2))
    assert slots(job) == {"token-1-1", "token-1-2"}


def test_job_in_line_is_looked_at_when_it_is_too_late() -> None:
    """A job that waits for a slot is looked at again at everything but the slot."""
    assert in_line(up_to(facts.Planned), HOUR) == HOUR + DAY


def test_waiting_in_line_is_no_refusal() -> None:
    """A job whose turn never came has expired; nobody said that there is no capacity."""
    command = due(up_to(facts.Offered, a_job(late_limit=MINUTE)), HOUR + MINUTE).command
    assert command
    assert command.why == "expired"


def test_empty_offers_are_no_news() -> None:
    """A provider without an offer leaves the record as it is."""
    job = up_to(facts.Planned)
    assert record(job, told(facts.Offered, offers=())) is job
