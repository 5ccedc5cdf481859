"""A hint that a container has ended is followed until an inspect answers it."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta

from jobsched.domain import facts
from jobsched.domain.due import Verb, due
from jobsched.domain.job import Job
from jobsched.domain.record import record
from tests.unit.domain.example import SECOND, told, up_to

#: how often a container is inspected that somebody watches
EVERY = timedelta(minutes=5)


def running() -> tuple[Job, datetime]:
    """A job whose container runs, watched; and when it started."""
    job = up_to(facts.StartGranted)
    started = told(facts.Started, inspect_every=EVERY)
    return record(job, started), started.at


def next_inspect(job: Job, now: datetime) -> datetime:
    """When the container is looked at next."""
    wanted = due(job, now)
    if wanted.command:
        assert wanted.command.verb is Verb.INSPECT
        return now
    assert wanted.look_again_at
    return wanted.look_again_at


def test_a_hint_asks_at_once() -> None:
    """Whatever the interval is, a hint makes the inspect due."""
    job, started_at = running()
    now = started_at + 10 * SECOND
    assert next_inspect(job, now) > now + EVERY / 2
    assert next_inspect(record(job, told(facts.Hinted, now)), now) == now


def test_a_hint_from_before_the_start_was_saved_counts() -> None:
    """A short container may be told to have ended before its start is on record."""
    job = up_to(facts.StartGranted)
    started = told(facts.Started, inspect_every=EVERY)
    hinted = told(facts.Hinted, started.at - SECOND)
    for order in ((hinted, started), (started, hinted)):
        known = job
        for fact in order:
            known = record(known, fact)
        assert next_inspect(known, started.at) == started.at


def test_a_hint_that_is_not_confirmed_is_asked_again() -> None:
    """An engine may tell of an end before its inspect shows it: it is asked again, ever later."""
    job, started_at = running()
    now = hinted_at = started_at + 10 * SECOND
    job = record(job, told(facts.Hinted, now))
    pauses = []
    for _ in range(14):
        job = record(job, told(facts.Inspected, now))
        pauses.append(next_inspect(job, now) - now)
        now += pauses[-1]
    assert pauses[0] == timedelta(milliseconds=250)
    assert all(one <= other for one, other in itertools.pairwise(pauses))
    assert now - hinted_at > EVERY
    assert pauses[-1] == EVERY
