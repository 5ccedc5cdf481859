"""Say where a job stands that does not end: for the failure of a test."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from jobsched.domain.due import due
from jobsched.domain.job import Attempt, Job, Launch, Trouble
from jobsched.domain.state import reason_of, state_of

#: lines of the log that are shown
LINES = 20
OVERTAKEN = (
    "virtual time overtakes a coroutine that waits for a socket or a process: let the test stand "
    "in for what is outside, or make the call in a thread (services.spawn.pool), which runs inline"
)


def standing(job: Job, now: datetime, said: Sequence[str]) -> str:
    """Give the state, what is due, the troubles of the record and the end of the log."""
    lines = [f"  it stands at: {_state(job)}", f"  it waits for: {_due(job, now)}"]
    if job.attempt:
        lines += [f"  launch {one.no}:     {_launch(one)}" for one in job.attempt.launches]
        lines += [f"  trouble:      {_trouble(one)}" for one in job.attempt.troubles]
        lines += _refused(job.attempt)
    if any(one.reason == "time_out" for one in (job.attempt.troubles if job.attempt else ())):
        lines.append(f"  what to do:   {OVERTAKEN}")
    left_out = len(said) - LINES
    lines.append(f"  logged{f' (the last {LINES} of {len(said)} lines)' if left_out > 0 else ''}:")
    lines += [f"    {line}" for line in said[-LINES:]] or ["    nothing"]
    return "\n".join(lines)


def _state(job: Job) -> str:
    attempt = f", attempt {job.attempt.no}" if job.attempt else ""
    reason = reason_of(job)
    return f"{state_of(job)}{attempt}{f', reason {reason}' if reason else ''}"


def _due(job: Job, now: datetime) -> str:
    wanted = due(job, now)
    if wanted.command:
        launch = f" of launch {wanted.command.launch}" if wanted.command.launch else ""
        return f"{wanted.command.verb}{launch}, due now"
    return f"{wanted.look_again_at:%Y-%m-%d %H:%M:%S} UTC; it is {now:%Y-%m-%d %H:%M:%S}"


def _launch(launch: Launch) -> str:
    machine = launch.instance.id if launch.instance else "no machine named"
    steps = {
        "asked for": launch.begun_at,
        "refused": launch.refused_at,
        "named": launch.provisioned_at,
        "ready": launch.ready_at,
        "container ended": launch.ending and launch.ending.at,
        "given back": launch.released_at,
        "terminated": launch.terminated_at,
        "gone": launch.gone_at,
    }
    return f"{machine}; {', '.join(name for name, at in steps.items() if at)}"


def _trouble(trouble: Trouble) -> str:
    launch = f" of launch {trouble.launch}" if trouble.launch else ""
    times = "once" if trouble.times == 1 else f"{trouble.times} times"
    message = f": {trouble.message}" if trouble.message else ""
    return f"{trouble.command}{launch} failed {times} in a row, {trouble.reason}{message}"


def _refused(attempt: Attempt) -> list[str]:
    if not attempt.refused:
        return []
    last = attempt.refused[-1]
    message = f": {last.message}" if last.message else ""
    return [f"  refused:      {attempt.refusals} times, at last {last.reason}{message}"]


__all__ = ["standing"]
