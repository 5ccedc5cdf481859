"""Add a fact to a job.

Repeats, late news and facts of an older attempt or launch change nothing.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from jobsched.domain import facts
from jobsched.domain.job import Attempt, Job, Launch, Note, Outcome, RefusedOffer, Trouble
from jobsched.domain.launch import to_launch
from jobsched.domain.outcome import may_have_started, outcome_of
from jobsched.domain.replace import replace
from jobsched.domain.restore import may_have_run
from jobsched.domain.retry import is_followed
from jobsched.domain.state import begun, current, is_gone, launch_of, state_of, trouble_of

NOTES_KEPT = 20
REFUSALS_KEPT = 20
PAST_KEPT = 10

#: the reason of a failure that is a plugin's bug
PLUGIN_ERROR = "plugin_error"
#: the facts that show that a command works again, by the command
SUCCESS: dict[str, tuple[type[facts.Fact], ...]] = {
    "plan": (facts.Planned,),
    "provision": (facts.Offered, facts.Begun, facts.Provisioned, facts.Refused),
    "find": (facts.Provisioned, facts.Gone),
    "prepare": (facts.Prepared,),
    # not a grant, nor its withdrawal: who fails each start would be granted another one for ever
    "start": (facts.Started, facts.Ended),
    "inspect": (facts.Inspected, facts.Ended),
    "warn": (facts.Warned,),
    "collect": (facts.Ended, facts.LogsStored),
    "terminate": (facts.Terminated, facts.Removed, facts.Gone),
}


def record(job: Job, fact: facts.Fact) -> Job:
    """Give the job with the fact in it; the same object if the fact changes nothing.

    Never raises: whatever is told about a job, in whatever order, there is an answer.
    """
    if state_of(job).is_terminal:
        return job
    match fact:
        case facts.CancelRequested():
            return job if job.cancel_at else _conclude(replace(job, cancel_at=fact.at), fact.at)
        case facts.Restored():
            return _restored(job, fact)
        case facts.Noted():
            note = Note(at=fact.at, source=fact.source, data=fact.data)
            return (
                job if note in job.notes else replace(job, notes=(*job.notes, note)[-NOTES_KEPT:])
            )
        case facts.Planned():
            return _opened(job, fact)
        case _:
            if job.attempt is None or fact.attempt != job.attempt.no:
                return job
            attempt = _to_attempt(job, job.attempt, fact)
            if attempt is job.attempt:
                return job
            return _conclude(replace(job, attempt=_relieved(attempt, fact)), fact.at)


def _opened(job: Job, fact: facts.Planned) -> Job:
    last = job.attempt
    if job.cancel_at or fact.attempt != (last.no + 1 if last else 1):
        return job
    if last and not (is_followed(job) and all(is_gone(launch) for launch in last.launches)):
        return job
    attempt = Attempt(no=fact.attempt, planned_at=fact.at, plan=fact.plan)
    past = (*job.past, last)[-PAST_KEPT:] if last else ()
    return replace(job, attempt=attempt, past=past)


def _restored(job: Job, fact: facts.Restored) -> Job:
    if job.restored_at or not may_have_run(job, fact.at):
        return job
    attempt = job.attempt
    launch = current(attempt) if attempt else None
    if attempt and launch and launch.tries:
        # its container may have been started since: what became of it is looked into first
        here = {"attempt": attempt.no, "launch": launch.no, "no": len(launch.tries) - 1}
        attempt = _to_attempt(job, attempt, facts.StartGranted(at=fact.at, **here))
    return _conclude(replace(job, attempt=attempt, restored_at=fact.at), fact.at)


def _conclude(job: Job, at: datetime) -> Job:
    attempt = job.attempt
    if attempt is None or attempt.outcome is not None:
        return job
    outcome = outcome_of(job, attempt, at)
    return replace(job, attempt=replace(attempt, outcome=outcome)) if outcome else job


def _to_attempt(job: Job, attempt: Attempt, fact: facts.OfAttempt) -> Attempt:
    match fact:
        case facts.Offered():
            known = attempt.offers or not fact.offers
            return attempt if known else replace(attempt, offers=fact.offers)
        case facts.GivenUp():
            return _given_up(attempt, fact)
        case facts.CommandFailed():
            return _troubled(attempt, fact)
        case facts.Begun():
            return _begun(job, attempt, fact)
        case facts.Released() if attempt.outcome is None and _is_in_use(attempt, fact.launch):
            return attempt
        case facts.StartGranted() if not _may_be_granted(job, attempt, fact.launch):
            return attempt
        case facts.OfLaunch():
            return _to_launches(job, attempt, fact)
        case _:
            return attempt


def _given_up(attempt: Attempt, fact: facts.GivenUp) -> Attempt:
    if attempt.outcome is not None:
        return attempt
    unknown = fact.reason == "outcome_unknown"
    started = unknown or any(may_have_started(launch) for launch in attempt.launches)
    # only an exit code is a success, and only a user cancels: a plugin's own label may not say so
    reason = PLUGIN_ERROR if fact.reason in {"finished", "cancelled"} else fact.reason
    outcome = Outcome(at=fact.at, reason=reason, started=started, message=fact.message)
    return replace(attempt, outcome=outcome)


def _begun(job: Job, attempt: Attempt, fact: facts.Begun) -> Attempt:
    over = attempt.outcome or job.cancel_at or job.restored_at or current(attempt)
    if over or fact.launch != begun(attempt) + 1:
        return attempt
    if any(may_have_started(launch) for launch in attempt.launches):
        return attempt
    launch = Launch(
        no=fact.launch,
        begun_at=fact.at,
        token=fact.token,
        offer=fact.offer,
        request=fact.request,
        dies_at=fact.dies_at,
        settles_until=fact.settles_until,
        destroys_machine=fact.destroys_machine,
    )
    # a day without capacity must not swell the record: `refused` tells of those
    kept = (one for one in attempt.launches if one.refused_at is None)
    return replace(attempt, launches=(*kept, launch))


def _is_in_use(attempt: Attempt, number: int) -> bool:
    """Whether the launch's container may run and nobody has decided to stop it."""
    launch = launch_of(attempt, number)
    return launch is not None and may_have_started(launch) and launch.stopping_at is None


def _may_be_granted(job: Job, attempt: Attempt, number: int) -> bool:
    """Whether a start on the launch is still wanted, and would be the attempt's only one."""
    launch = current(attempt)
    if job.cancel_at or job.restored_at or attempt.outcome:
        return False
    if launch is None or launch.no != number:
        return False
    return not any(may_have_started(one) for one in attempt.launches)


def _to_launches(job: Job, attempt: Attempt, fact: facts.OfLaunch) -> Attempt:
    before = launch_of(attempt, fact.launch)
    if before is None:
        return attempt
    after = to_launch(before, fact)
    if after is before:
        return attempt
    launches = tuple(after if one is before else one for one in attempt.launches)
    attempt = replace(attempt, launches=launches)
    match fact:
        case facts.Refused():
            return _refused(job, attempt, before, fact)
        case facts.Gone() if after.gone == "refused":
            return _refused(job, attempt, before, fact)
        case facts.Vanished() if attempt.outcome is None:
            message = "the container is gone, and nobody saw its end"
            unknown = Outcome(at=fact.at, reason="outcome_unknown", started=True, message=message)
            return replace(attempt, outcome=unknown)
        case _:
            return attempt


def _refused(
    job: Job, attempt: Attempt, launch: Launch, fact: facts.Refused | facts.Gone
) -> Attempt:
    label = attempt.offers[launch.offer].label if launch.offer < len(attempt.offers) else ""
    refusal = RefusedOffer(
        at=fact.at, label=label, reason=fact.reason, message=fact.message, launch=launch.no
    )
    kept = (*attempt.refused, refusal)[-REFUSALS_KEPT:]
    if fact.for_every_offer:
        return replace(attempt, refused=kept)
    refusals = attempt.refusals + 1
    rounds, rest = divmod(refusals, max(1, len(attempt.offers)))
    pause: timedelta | None = None
    if rest == 0:
        limits = job.spec.limits
        pause = min(limits.round * 2 ** min(rounds - 1, 16), limits.round_most)
    return replace(
        attempt,
        refusals=refusals,
        refused=kept,
        round_until=fact.at + pause if pause is not None else attempt.round_until,
    )


def _troubled(attempt: Attempt, fact: facts.CommandFailed) -> Attempt:
    before = trouble_of(attempt, fact.command, fact.launch)
    if before is not None and fact.at <= before.at:
        return attempt
    if fact.launch and launch_of(attempt, fact.launch) is None:
        return attempt
    trouble = Trouble(
        command=fact.command,
        launch=fact.launch,
        times=before.times + 1 if before else 1,
        at=fact.at,
        reason=fact.reason,
        message=fact.message,
        not_before=fact.not_before,
        bugs=(before.bugs if before else 0) + (fact.reason == PLUGIN_ERROR),
    )
    others = (one for one in attempt.troubles if one is not before)
    return replace(attempt, troubles=(*others, trouble))


def _relieved(attempt: Attempt, fact: facts.Fact) -> Attempt:
    launch = fact.launch if isinstance(fact, facts.OfLaunch) else 0
    left = tuple(
        one
        for one in attempt.troubles
        if not (isinstance(fact, SUCCESS.get(one.command, ())) and one.launch in {0, launch})
    )
    return attempt if len(left) == len(attempt.troubles) else replace(attempt, troubles=left)


__all__ = ["record"]
