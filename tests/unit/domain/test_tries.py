"""What is tried again, and how often, until a machine or the attempt is given up."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Attempt, Job, Limits, Trouble
from jobsched.domain.state import trouble_of
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, known, told, up_to

LATER = HOUR + 5 * MINUTE


def attempt(job: Job) -> Attempt:
    """Give the job's current attempt."""
    assert job.attempt
    return job.attempt


def start_trouble(job: Job) -> Trouble | None:
    """Give the trouble that starting has."""
    return trouble_of(attempt(job), Verb.START, 1)


def started_in_vain(job: Job, times: int, reason: str) -> Job:
    """Fail so many starts, each with its own grant, withdrawn and followed by a new container."""
    first = len(attempt(job).launches[0].tries)
    for no in range(first, first + times):
        at = LATER + no * MINUTE
        job = known(
            job,
            told(facts.Prepared, at, no=no),
            told(facts.StartGranted, at, no=no),
            told(facts.CommandFailed, at + SECOND, command="start", reason=reason),
            told(facts.NotStarted, at + 2 * SECOND, no=no),
        )
    return job


@pytest.mark.parametrize(("reason", "bugs"), [("plugin_error", 3), ("time_out", 0)])
def test_failed_starts_are_counted_over_their_containers(reason: str, bugs: int) -> None:
    """A withdrawn start is no sign that starting works: its pauses grow, and bugs are counted."""
    trouble = start_trouble(started_in_vain(up_to(facts.Ready), 3, reason))
    assert trouble
    assert (trouble.times, trouble.bugs) == (3, bugs)


def test_a_start_that_works_is_forgiven_the_others() -> None:
    """Once a container runs, starting is in no trouble."""
    job = started_in_vain(up_to(facts.Ready), 1, "plugin_error")
    at = LATER + 10 * MINUTE
    job = known(job, told(facts.Prepared, at, no=1), told(facts.StartGranted, at, no=1))
    assert start_trouble(job)
    assert start_trouble(known(job, told(facts.Started, at, no=1))) is None


@pytest.mark.parametrize(
    ("times", "reason", "command"),
    [
        (2, "plugin_error", Command(verb=Verb.PREPARE, launch=1)),
        (3, "plugin_error", Command(verb=Verb.GIVE_UP, why="plugin_error")),
        (3, "time_out", Command(verb=Verb.PREPARE, launch=1)),
        (4, "time_out", Command(verb=Verb.TERMINATE, launch=1, why="hold")),
    ],
)
def test_starts_that_fail_again_and_again_come_to_an_end(
    times: int, reason: str, command: Command
) -> None:
    """A plugin's bugs end the attempt; whatever else withdraws containers costs the machine."""
    job = up_to(facts.Ready, a_job(limits=Limits(plugin_errors=3, tries=4)))
    job = started_in_vain(job, times, reason)
    assert due(job, LATER + times * MINUTE).command == command


def test_an_older_failure_does_not_shorten_a_new_doubt() -> None:
    """After an outage the new start is looked into once, before its time counts as over."""
    job = started_in_vain(up_to(facts.Ready), 1, "time_out")
    at = LATER + 10 * MINUTE
    job = known(job, told(facts.Prepared, at, no=1), told(facts.StartGranted, at, no=1))
    overdue = at + 2 * timedelta(hours=1) - 3 * MINUTE
    assert due(job, overdue).command == Command(verb=Verb.START, launch=1)
    failed = told(facts.CommandFailed, overdue, command="start", reason="time_out")
    command = due(known(job, failed), overdue + MINUTE).command
    assert command == Command(verb=Verb.GIVE_UP, why="outcome_unknown")


@pytest.mark.parametrize(
    ("destroys", "why", "command"),
    [
        (True, "prepare", Command(verb=Verb.PROVISION)),
        (False, "prepare", Command(verb=Verb.GIVE_UP, why="pull_failed")),
        (False, "pull_failed", Command(verb=Verb.GIVE_UP, why="pull_failed")),
        (False, "hold", Command(verb=Verb.PROVISION)),
    ],
)
def test_an_image_is_not_asked_for_on_the_same_machine_again(
    *, destroys: bool, why: str, command: Command
) -> None:
    """A machine that lives on may be the next one too: its registry was asked long enough."""
    job = up_to(facts.Ready, destroys_machine=destroys)
    job = known(
        job,
        told(facts.Released, LATER, why=why),
        told(facts.Removed, LATER),
        told(facts.Gone, LATER),
    )
    assert due(job, LATER).command == command
