"""Read out the one thing that a job needs now, and when to look again.

Total: every job that has not ended has a command, or a time at which it is looked at again. Who
moves a state on is the worker that claims the job at that time; if it dies, its lease ends and the
job is due again, here, with what was saved.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import NamedTuple

from jobsched.domain import deadlines
from jobsched.domain.job import Attempt, Job, Launch, Outcome, Try
from jobsched.domain.outcome import may_have_started
from jobsched.domain.state import current, is_gone, last_try, state_of, trouble_of


class Verb(StrEnum):
    """What the shell can do; each is one file in ``engine`` and safe to repeat."""

    PLAN = "plan"
    PROVISION = "provision"
    FIND = "find"
    PREPARE = "prepare"
    START = "start"
    INSPECT = "inspect"
    WARN = "warn"
    COLLECT = "collect"
    TERMINATE = "terminate"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One verb for one launch (0: for the attempt), and why."""

    verb: Verb
    launch: int = 0
    #: why a machine is given back, a container is stopped or warned, or an attempt is given up
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What is to be done now, if anything, and when to look again if nothing is."""

    command: Command | None = None
    look_again_at: datetime | None = None


def due(job: Job, now: datetime) -> Due:
    """Say what the job needs now. Pure and total; a job that has ended needs nothing.

    The order of the steps is their rank: the first whose time has come is the one.
    """
    times: list[datetime] = []
    for step in _steps(job, now):
        at = _when(job, step)
        if at <= now:
            return Due(command=step.command)
        times.append(at)
    return Due(look_again_at=min(times, default=None))


def in_line(job: Job, now: datetime) -> datetime:
    """When to look again at a job that waits in line for a slot: at anything but the slot."""
    others = (step for step in _steps(job, now) if step.verb is not Verb.PROVISION)
    return min(_when(job, step) for step in others)


class _Step(NamedTuple):
    """A command and its time. A tuple, as a decision makes several and drops all but one."""

    at: datetime
    verb: Verb
    launch: int = 0
    why: str = ""

    @property
    def command(self) -> Command:
        return Command(verb=self.verb, launch=self.launch, why=self.why)


def _when(job: Job, step: _Step) -> datetime:
    trouble = trouble_of(job.attempt, step.verb, step.launch)
    return max(step.at, trouble.not_before) if trouble else step.at


def _steps(job: Job, now: datetime) -> list[_Step]:
    if state_of(job).is_terminal:
        return []
    attempt = job.attempt
    if attempt is None:
        return [_Step(job.accepted_at, Verb.PLAN)]
    if attempt.outcome is None:
        return _towards_an_outcome(job, attempt, now)
    open_ones = [launch for launch in attempt.launches if not is_gone(launch)]
    if not open_ones:
        return [_Step(attempt.outcome.at, Verb.PLAN)]
    return [_wind_up(job, attempt, attempt.outcome, launch) for launch in open_ones]


def _towards_an_outcome(job: Job, attempt: Attempt, now: datetime) -> list[_Step]:
    launch = current(attempt)
    strays = [one for one in attempt.launches if one is not launch and not is_gone(one)]
    given_back = [_give_back(job, one) for one in strays]
    if in_use := [one for one in strays if may_have_started(one)]:
        dead = min(one.dies_at for one in in_use)
        return [_Step(dead, Verb.GIVE_UP, why="outcome_unknown"), *given_back]
    if launch is None:
        return [*given_back, *_another_machine(job, attempt)]
    return [*given_back, *_with_machine(job, attempt, launch, now)]


def _another_machine(job: Job, attempt: Attempt) -> list[_Step]:
    limits = job.spec.limits
    used = [one for one in attempt.launches if not one.refused_at and one.gone not in NEVER_HAD]
    if len(used) >= limits.machines:
        return [_Step(LONG_AGO, Verb.GIVE_UP, why=_reason_of_loss(used[-1]))]
    if used and not used[-1].destroys_machine and _reason_of_loss(used[-1]) == "pull_failed":
        # it lives on, so the next one may be the same machine, and asks the same registry
        return [_Step(LONG_AGO, Verb.GIVE_UP, why="pull_failed")]
    late = deadlines.late(job.spec, attempt)
    too_late = _Step(late, Verb.GIVE_UP, why=_reason_of_lateness(attempt))
    ask_at = max(attempt.plan.provision_at, attempt.round_until or attempt.plan.provision_at)
    return [too_late, _Step(ask_at, Verb.PROVISION)]


def _reason_of_loss(launch: Launch) -> str:
    """Give the reason of an attempt that used up its machines by how it lost the last one."""
    why = launch.released.partition(":")[0]
    if why in {"prepare", "pull_failed"}:
        return "pull_failed"
    return (
        "machine_lost"
        if why in {"", "interrupted", "hold", "replaced", "no_longer_fits"}
        else "boot_failed"
    )


def _reason_of_lateness(attempt: Attempt) -> str:
    last = attempt.launches[-1] if attempt.launches else None
    is_refused = last is not None and (last.refused_at or last.gone == "refused")
    return "no_capacity" if is_refused else "expired"


def _with_machine(job: Job, attempt: Attempt, launch: Launch, now: datetime) -> list[_Step]:
    spec, no = job.spec, launch.no
    if launch.instance is None:
        until = deadlines.provisioned(spec, launch)
        doubted = launch.begun_at + spec.limits.token
        # in a restored store the request may be an old one, whose machine has come and gone
        send = Verb.PROVISION if now < doubted and not job.restored_at else Verb.FIND
        if may_have_started(launch):
            dead = _Step(launch.dies_at, Verb.GIVE_UP, why="outcome_unknown")
            return [dead, _Step(LONG_AGO, send, no)]
        return [_Step(until, Verb.TERMINATE, no, "provisioning"), _Step(LONG_AGO, send, no)]
    last = last_try(launch)
    if last is not None and not last.not_started_at:
        if last.started_at:
            return _while_running(job, attempt, launch, last.started_at)
        if last.granted_at:
            return _in_doubt(job, attempt, launch, last.granted_at)
    return [*_not_wanted(job, attempt, launch), *_before_the_start(job, attempt, launch, last)]


def _not_wanted(job: Job, attempt: Attempt, launch: Launch) -> list[_Step]:
    steps = [_Step(deadlines.late(job.spec, attempt), Verb.GIVE_UP, why="expired")]
    if launch.interrupted_at:
        steps.append(_Step(launch.interrupted_at, Verb.TERMINATE, launch.no, "interrupted"))
    return steps


def _before_the_start(job: Job, attempt: Attempt, launch: Launch, last: Try | None) -> list[_Step]:
    spec, no = job.spec, launch.no
    if launch.ready_at is None or launch.access is None:
        steps = [_Step(deadlines.booted(spec, launch), Verb.TERMINATE, no, "boot_failed")]
        return [*steps, _Step(launch.ready_at, Verb.FIND, no)] if launch.ready_at else steps
    if last is None or last.not_started_at:
        until = deadlines.prepared(spec, launch)
        over = _Step(until, Verb.TERMINATE, no, "prepare")
        again = _tried_first(attempt, [_Step(LONG_AGO, Verb.PREPARE, no)], over)
        return _no_further_try(job, attempt, launch) or again
    start_at = attempt.plan.start_at
    too_long = launch.dies_at - deadlines.running(spec)
    steps = [_Step(max(too_long, start_at), Verb.TERMINATE, no, "no_longer_fits")]
    if _failed_since(attempt, Verb.START, no, last.prepared_at):
        held = deadlines.held(spec, attempt, last)
        steps.append(_Step(held, Verb.TERMINATE, no, "hold"))
    return [*steps, _Step(deadlines.granted(spec, attempt, last), Verb.START, no)]


def _no_further_try(job: Job, attempt: Attempt, launch: Launch) -> list[_Step]:
    """End what would go on for ever: one container after another that never starts."""
    limits, trouble = job.spec.limits, trouble_of(attempt, Verb.START, launch.no)
    if trouble and trouble.bugs >= limits.plugin_errors:
        return [_Step(LONG_AGO, Verb.GIVE_UP, why="plugin_error")]
    if len(launch.tries) >= limits.tries:
        return [_Step(LONG_AGO, Verb.TERMINATE, launch.no, "hold")]
    return []


def _in_doubt(job: Job, attempt: Attempt, launch: Launch, granted_at: datetime) -> list[_Step]:
    until = min(deadlines.resolved(job.spec, granted_at), launch.dies_at)
    over = _Step(until, Verb.GIVE_UP, why="outcome_unknown")
    again = _Step(LONG_AGO, Verb.START, launch.no)
    failed = _failed_since(attempt, Verb.START, launch.no, granted_at)
    return [over, again] if failed else [again, over]


def _failed_since(attempt: Attempt, verb: Verb, launch: int, since: datetime | None) -> bool:
    """Whether a command failed for this container, and not for one that was withdrawn before."""
    trouble = trouble_of(attempt, verb, launch)
    return trouble is not None and (since is None or trouble.at >= since)


def _while_running(job: Job, attempt: Attempt, launch: Launch, started_at: datetime) -> list[_Step]:
    spec, no = job.spec, launch.no
    over = _Step(launch.dies_at, Verb.GIVE_UP, why="outcome_unknown")
    stop_at, why = _stop(job, launch, started_at)
    if launch.stopping_at:
        # money before logs, and before an answer: the machine goes even if it never says how it
        # ended
        until = deadlines.stopped(spec, launch, launch.stopping_at)
        given_back = _Step(until, Verb.TERMINATE, no, f"stopping_{launch.stopping}")
        again = _Step(LONG_AGO, Verb.COLLECT, no, launch.stopping or why)
        return _tried_first(attempt, [given_back, *_warning(launch), again], over)
    stop = _Step(stop_at, Verb.COLLECT, no, why)
    look = _Step(deadlines.inspected(launch, job.id), Verb.INSPECT, no)
    return _tried_first(attempt, [*_warning(launch), stop, look], over)


def _warning(launch: Launch) -> list[_Step]:
    """Tell the container what becomes of its machine, once, and before it is stopped for it.

    Best effort: a warning that fails is recorded like one that does not. A risk stops nothing.
    """
    if launch.stopping == "interruption":
        # after the intent to stop it: what it does because it was told is no success of its own
        told = _Step(LONG_AGO, Verb.WARN, launch.no, "interruption")
        return [] if launch.notice else [told]
    if launch.interrupted_at or launch.stopping_at:
        return []
    if launch.at_risk_at and not launch.risk_notice:
        return [_Step(launch.at_risk_at, Verb.WARN, launch.no, "rebalance")]
    return []


def _tried_first(attempt: Attempt, steps: list[_Step], over: _Step) -> list[_Step]:
    """Rank a deadline behind what it is a deadline of, unless that was tried and failed.

    After an outage of all workers every deadline is past: what can still be done is done once, so
    that a container that ended long ago is asked for its exit code before it is called unknown.
    """
    failed = any(trouble_of(attempt, one.verb, one.launch) for one in steps)
    return [over, *steps] if failed else [*steps, over]


def _stop(job: Job, launch: Launch, started_at: datetime) -> tuple[datetime, str]:
    """Give the first time at which the running container is to be stopped, and why."""
    wishes = [(started_at + job.spec.timeout, "timeout")]
    if job.cancel_at:
        wishes.append((job.cancel_at, "cancel"))
    if launch.interrupted_at:
        wishes.append((launch.interrupted_at, "interruption"))
    return min(wishes)


def _wind_up(job: Job, attempt: Attempt, outcome: Outcome, launch: Launch) -> _Step:
    if not launch.ending or launch.logs_at or launch.released_at or launch.gone_at:
        return _give_back(job, launch)
    until = deadlines.collected(job.spec, launch, launch.ending.at)
    trouble = trouble_of(attempt, Verb.COLLECT, launch.no)
    if trouble is None or trouble.not_before < until:
        return _Step(outcome.at, Verb.COLLECT, launch.no)
    return _Step(until, Verb.TERMINATE, launch.no, outcome.reason)


def _give_back(job: Job, launch: Launch) -> _Step:
    """Terminate a machine until it is described as gone; look for one that was never seen."""
    if launch.instance is None and not launch.gone_at:
        return _Step(launch.begun_at, Verb.FIND, launch.no)
    at = LONG_AGO
    if launch.terminated_at:
        at = launch.terminated_at + job.spec.limits.terminate_again
    return _Step(at, Verb.TERMINATE, launch.no, launch.released or "ended")


#: how launches went of which there was no machine that could be used
NEVER_HAD = frozenset({"never_seen", "refused"})
LONG_AGO = datetime.min.replace(tzinfo=UTC)

__all__ = ["Command", "Due", "Verb", "due", "in_line"]
