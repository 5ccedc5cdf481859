"""A command failed: what follows is the plugin's word, or a back-off."""

from __future__ import annotations

from datetime import timedelta

from jobsched.domain import facts
from jobsched.domain.due import Command, Verb
from jobsched.domain.job import Attempt, Job, Plan, Trouble
from jobsched.domain.retry import jitter
from jobsched.domain.state import last_try, launch_of, trouble_of
from jobsched.engine.call import PluginBug
from jobsched.engine.halt import halt
from jobsched.engine.observe import intend, observe, recorded
from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed

#: a failure of these can end an attempt; the others only tidy up and are tried for ever
BEFORE_START = frozenset({Verb.PLAN, Verb.PROVISION, Verb.PREPARE})


async def failed(parts: Parts, job: Job, command: Command, error: OperationFailed) -> Job:
    """Record a failure; the command is tried again later, unless the plugin says otherwise.

    Raises:
        StaleWrite: it ends the attempt, and the record has changed, or the lease is lost.
    """
    if command.verb is Verb.PLAN:
        return await _decided(parts, job, *_unplanned(parts, job, error))
    attempt = job.attempt
    if attempt is None:
        return job
    if command.verb in BEFORE_START and await _ends_it(parts, job, command, error):
        ended = given_up(parts, attempt, error.reason, error.message)
        return await _decided(parts, job, ended)
    if command.verb in BEFORE_START and error.then == "replace" and command.launch:
        return await observe(parts, job, _released(parts, attempt, command, error))
    trouble = trouble_of(attempt, command.verb, command.launch)
    times = trouble.times if trouble else 0
    bugs = trouble.bugs if trouble else 0
    is_enough = isinstance(error, PluginBug) and bugs + 1 >= job.spec.limits.plugin_errors
    if is_enough and not _is_new_doubt(attempt, command, trouble):
        ended = given_up(parts, attempt, "plugin_error", error.message)
        if recorded(job, ended) is not job:
            return await intend(parts, job, ended)
        # the attempt has an outcome: what only tidies up is tried for ever, with pauses
    now = parts.now
    later = facts.CommandFailed(
        at=now,
        attempt=attempt.no,
        launch=command.launch,
        command=command.verb,
        reason=error.reason,
        message=error.message,
        not_before=now + _pause(job, command, times),
    )
    return await observe(parts, job, later)


async def _decided(parts: Parts, job: Job, *ended: facts.Fact) -> Job:
    """End the attempt: no news, but a decision, of a record that nobody else has got on with.

    Another worker may have found the image, and have started its container.
    """
    return job if recorded(job, *ended) is job else await intend(parts, job, *ended)


async def _ends_it(parts: Parts, job: Job, command: Command, error: OperationFailed) -> bool:
    """Whether the plugin says that the attempt is to end; only a provider is ever halted."""
    if command.verb is Verb.PROVISION:
        return await is_final(parts, job, error)
    return error.then in {"fail", "breaker"}


async def is_final(parts: Parts, job: Job, error: OperationFailed) -> bool:
    """Whether a provider's failure ends the attempt; a provider that broke is halted first."""
    if error.then == "breaker":
        return await halt(parts, job, error)
    return error.then == "fail"


def _is_new_doubt(attempt: Attempt, command: Command, trouble: Trouble | None) -> bool:
    """Whether a start has just been put in doubt: that is looked into before the attempt ends."""
    if command.verb is not Verb.START:
        return False
    launch = launch_of(attempt, command.launch)
    last = last_try(launch) if launch else None
    if last is None or last.granted_at is None or last.not_started_at:
        return False
    return trouble is None or trouble.at < last.granted_at


def _unplanned(parts: Parts, job: Job, error: OperationFailed) -> list[facts.Fact]:
    """Open the attempt that has no plan, only to end it: what follows is the job's to say.

    The failed attempt is what counts the tries and holds the pause before the next one.
    """
    now, number = parts.now, job.attempt.no + 1 if job.attempt else 1
    nothing = Plan(provision_at=now, start_at=now, why=error.message)
    not_before = now + job.spec.retry.backoff * 2 ** min(number - 1, 6)
    return [
        facts.Planned(at=now, attempt=number, plan=nothing),
        facts.CommandFailed(
            at=now,
            attempt=number,
            launch=0,
            command=Verb.PLAN,
            reason=error.reason,
            message=error.message,
            not_before=not_before,
        ),
        facts.GivenUp(at=now, attempt=number, reason="plugin_error", message=error.message),
    ]


def given_up(parts: Parts, attempt: Attempt, reason: str, message: str = "") -> facts.GivenUp:
    """Make the fact that ends an attempt with a reason."""
    return facts.GivenUp(at=parts.now, attempt=attempt.no, reason=reason, message=message)


def _released(
    parts: Parts, attempt: Attempt, command: Command, error: OperationFailed
) -> facts.Released:
    return facts.Released(
        at=parts.now,
        attempt=attempt.no,
        launch=command.launch,
        why=error.reason,
        message=error.message,
    )


def _pause(job: Job, command: Command, times: int) -> timedelta:
    limits = job.spec.limits
    if command.verb is Verb.FIND:
        return limits.find_again
    pause: timedelta = min(limits.backoff * 2 ** min(times, 16), limits.backoff_most)
    return pause * (1 - jitter(f"{job.id}/{command.verb}/{times}") / 4)


__all__ = ["failed", "given_up", "is_final"]
