"""What holds of every record at every moment, whoever tells whatever in whatever order."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from typing import Any

from jobsched.domain import facts
from jobsched.domain.due import Verb, due, in_line
from jobsched.domain.job import Attempt, Job, Launch, Try
from jobsched.domain.outcome import may_have_started
from jobsched.domain.record import record
from jobsched.domain.state import State, begun, current, is_gone, launch_of, state_of

#: fields that may change after they were filled: repeated looks, and the documented voiding
FREE = {
    "inspected_at",
    "terminated_at",
    "hinted_at",
    "instance",
    # dropped once it was refused
    "request",
    "refusals",
    "refused",
    "round_until",
    "troubles",
    "certificate",
    "certified_id",
    "ready_at",
    "gone",
    "notes",
    "rev",
    "past",
    "attempt",
    "launches",
    "tries",
}

#: what leads to a run; a start that was granted is only looked into
BEGINNING = {Verb.PLAN, Verb.PROVISION, Verb.PREPARE}


def check(before: Job, fact: facts.Fact, now: datetime) -> Job:
    """Record a fact; give the job with it, after every rule was seen to hold."""
    after = record(before, fact)
    assert record(after, fact) is after, "a repeat changes something"
    if state_of(before).is_terminal:
        assert after is before, "a terminal job has changed"
    _is_total(after, now)
    _keeps_what_it_knew(before, after)
    for attempt in (*after.past, *((after.attempt,) if after.attempt else ())):
        _is_sound(after, attempt)
    _opens_nothing_too_early(before, after, fact)
    _begins_nothing_once_restored(before, after, fact, now)
    return after


def _is_total(job: Job, now: datetime) -> None:
    asleep = state_of(job).is_terminal
    for moment in (now, now + timedelta(hours=1), now + timedelta(days=3)):
        wanted = due(job, moment)
        assert asleep == (wanted.command is None and wanted.look_again_at is None)
        if wanted.look_again_at:
            assert wanted.look_again_at > moment
            assert due(job, wanted.look_again_at).command, "it is looked at again for nothing"
    if job.attempt and job.attempt.outcome is None and not asleep:
        in_line(job, now)


def _keeps_what_it_knew(before: Job, after: Job) -> None:
    _kept(before, after)
    old, new = before.attempt, after.attempt
    if old is None or new is None or old.no != new.no:
        return
    _kept(old, new)
    assert begun(old) <= begun(new)
    for was in old.launches:
        launch = launch_of(new, was.no)
        if launch is None:
            assert was.refused_at, "a launch that may have a machine was forgotten"
            continue
        _kept(was, launch)
        assert not (is_gone(was) and not is_gone(launch)), "a launch came back"
        for one, other in zip(was.tries, launch.tries, strict=False):
            _kept(one, other)
        assert len(was.tries) <= len(launch.tries)


def _kept(old: Any, new: Any) -> None:
    for field in dataclasses.fields(old):
        was, now = getattr(old, field.name), getattr(new, field.name)
        if was not in (None, "", (), {}) and field.name not in FREE:
            assert was == now, f"{field.name} was {was} and is {now}"


def _is_sound(job: Job, attempt: Attempt) -> None:
    assert attempt.no <= job.spec.retry.max_attempts
    refused = [launch.no for launch in attempt.launches if launch.refused_at]
    assert refused in ([], [begun(attempt)]), "refused launches are kept"
    for launch in attempt.launches:
        _tries_follow_each_other(launch)
    outcome = attempt.outcome
    if outcome and outcome.reason == "finished":
        assert outcome.code == 0
        assert any(one.ending and one.ending.code == 0 for one in attempt.launches)
    if state_of(job) is State.FINISHED:
        assert job.attempt
        assert job.attempt.outcome
        assert job.attempt.outcome.code == 0


def _tries_follow_each_other(launch: Launch) -> None:
    """A container is created only after the one before it was withdrawn."""
    assert all(one.not_started_at for one in launch.tries[:-1])
    assert [one.no for one in launch.tries] == list(range(len(launch.tries)))


def live_grants(attempt: Attempt) -> list[Try]:
    """Give the starts that were granted, and not withdrawn."""
    tries = [one for launch in attempt.launches for one in launch.tries]
    return [one for one in tries if one.granted_at and not one.not_started_at]


def _opens_nothing_too_early(before: Job, after: Job, fact: facts.Fact) -> None:
    old, new = before.attempt, after.attempt
    if new and (old is None or old.no != new.no):
        assert old is None or all(is_gone(launch) for launch in old.launches)
        assert not before.cancel_at
    if isinstance(fact, facts.Begun) and new and old and begun(new) > begun(old):
        assert not any(may_have_started(launch) for launch in old.launches)
        assert current(old) is None
        assert not before.cancel_at
    if isinstance(fact, facts.StartGranted) and after is not before:
        assert new
        assert len(live_grants(new)) == 1
        assert not before.cancel_at


def _begins_nothing_once_restored(before: Job, after: Job, fact: facts.Fact, now: datetime) -> None:
    """What may have run since a backup gets no attempt, no machine, no container and no start."""
    if not after.restored_at:
        return
    for moment in (now, now + timedelta(hours=1), now + timedelta(days=3)):
        command = due(after, moment).command
        assert command is None or command.verb not in BEGINNING
    if before.restored_at and isinstance(fact, facts.Planned | facts.Begun | facts.StartGranted):
        assert after is before
