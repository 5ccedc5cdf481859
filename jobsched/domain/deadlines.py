"""When each step must be over (design, "Times and defaults")."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobsched.domain.job import Attempt, Launch, Plan, Spec, StopReason, Try
from jobsched.domain.retry import jitter


def dies_at(spec: Spec, plan: Plan, begun_at: datetime) -> datetime:
    """When a machine asked for at ``begun_at`` must end by itself, whatever happens."""
    limits = spec.limits
    latest = begun_at + limits.provisioning + limits.booting + limits.prepare
    return max(plan.start_at, latest) + running(spec) + limits.spare


def running(spec: Spec) -> timedelta:
    """How long a container and what follows its end may take on the machine."""
    return spec.timeout + spec.grace + spec.limits.collect


def fits(spec: Spec, launch: Launch, start_at: datetime) -> bool:
    """Whether a start at that time is over before the machine dies."""
    return start_at + running(spec) <= launch.dies_at


def late(spec: Spec, attempt: Attempt) -> datetime:
    """When an attempt that has not started is too late."""
    return attempt.plan.start_at + spec.late_limit


def provisioned(spec: Spec, launch: Launch) -> datetime:
    """When a launch must have a machine."""
    return launch.begun_at + spec.limits.provisioning


def settled(attempt: Attempt, launch: Launch) -> datetime:
    """Until when a launch without a machine may still turn out to have one.

    Its request may have been sent last when it was given up, which is later than when it began.
    """
    outcome = attempt.outcome.at if attempt.outcome else None
    return _since(launch, launch.released_at, outcome)


def shown(launch: Launch) -> datetime:
    """Until when the provider may not show a launch's machine yet."""
    return _since(launch, launch.provisioned_at)


def _since(launch: Launch, *later: datetime | None) -> datetime:
    """Give the end of the time in which "not found" means unknown, after the last of these."""
    within = launch.settles_until - launch.begun_at
    return max([launch.begun_at, *(at for at in later if at)]) + within


def booted(spec: Spec, launch: Launch) -> datetime:
    """When a launch's machine must be ready."""
    return (launch.provisioned_at or launch.begun_at) + spec.limits.booting


def prepared(spec: Spec, launch: Launch) -> datetime:
    """When a launch's next container must be created."""
    withdrawn = launch.tries[-1].not_started_at if launch.tries else None
    return (withdrawn or launch.ready_at or launch.begun_at) + spec.limits.prepare


def granted(spec: Spec, attempt: Attempt, last: Try) -> datetime:
    """When a container may be granted its start: once it is surely kept that there is one.

    A store that forgets its creation and its grant at once would know nothing of its start.
    """
    start_at, prepared_at = attempt.plan.start_at, last.prepared_at
    return max(start_at, prepared_at + spec.limits.evidence) if prepared_at else start_at


def held(spec: Spec, attempt: Attempt, last: Try) -> datetime:
    """When a container that waits must have been granted its start, if starting it goes wrong."""
    return max(attempt.plan.start_at, last.prepared_at or attempt.plan.start_at) + spec.limits.hold


def resolved(spec: Spec, granted_at: datetime) -> datetime:
    """Until when a start in doubt stays in doubt on a machine that does not answer."""
    return granted_at + spec.timeout + spec.grace


#: so long before its machine is taken away a container has ended: what comes after that (the kill
#: of one that does not listen, a last look, its logs) must be had from the machine
RESERVE = timedelta(seconds=10)
#: what a container is given to end by itself however little is left
LEAST_GRACE = timedelta(seconds=1)


def grace(spec: Spec, launch: Launch, why: StopReason, now: datetime) -> timedelta:
    """How long a container that is stopped now is given to end by itself.

    The job's own grace; before a machine is taken away all that is left until then, but for
    `RESERVE`, and not beyond the end of the job's time.
    """
    if why != "interruption" or launch.interrupted_until is None:
        return spec.grace
    started_at = launch.tries[-1].started_at or now
    until = min(launch.interrupted_until - RESERVE, started_at + spec.timeout + spec.grace)
    return max(until - now, LEAST_GRACE)


def left_of_grace(spec: Spec, launch: Launch, now: datetime) -> timedelta:
    """How much of it is left, for whoever stops the container (again).

    Only a machine that is taken away sets an end; otherwise each stop has the job's whole grace.
    """
    given, since = launch.stopping_grace, launch.stopping_at
    is_taken = launch.stopping == "interruption" and launch.interrupted_until
    if not is_taken or given is None or since is None:
        return spec.grace
    return max(since + given - now, LEAST_GRACE)


def stopped(spec: Spec, launch: Launch, stopping_at: datetime) -> datetime:
    """Until when a container that is being stopped must be seen to have ended."""
    given = spec.grace if launch.stopping_grace is None else launch.stopping_grace
    until = stopping_at + given + spec.limits.collect
    taken_at = launch.interrupted_until
    return until if taken_at is None else min(until, max(taken_at, stopping_at + _SHORTEST))


#: the shortest stop, with what comes after it
_SHORTEST = LEAST_GRACE + RESERVE


def collected(spec: Spec, launch: Launch, ended_at: datetime) -> datetime:
    """Until when the logs of a container that ended must be kept: money before logs."""
    if launch.interrupted_until is None:
        return (launch.stopping_at or ended_at) + spec.limits.collect
    return ended_at + _until_taken(spec, launch.interrupted_until, ended_at)


def collecting(spec: Spec, launch: Launch, now: datetime) -> timedelta:
    """How long the logs of a container may be read that is read from now on."""
    if launch.interrupted_until is None:
        return spec.limits.collect
    return _until_taken(spec, launch.interrupted_until, now)


def _until_taken(spec: Spec, taken_at: datetime, now: datetime) -> timedelta:
    """Give what is left; not nothing, as a machine may be taken away later than was said."""
    return min(spec.limits.collect, max(taken_at - now, RESERVE))


#: the first pause after an inspect that did not confirm a hint: an engine may tell of an end
#: before its own inspect shows it
UNCONFIRMED = timedelta(milliseconds=250)


def inspected(launch: Launch, seed: str) -> datetime:
    """When a running container is to be looked at next, jittered by up to a fifth.

    At once after a hint; while inspects do not confirm it, after pauses that double.
    """
    last, hint, seen = launch.tries[-1], launch.hinted_at, launch.inspected_at
    every = launch.inspect_every or timedelta(seconds=5)
    if hint is not None and (seen is None or seen < hint):
        return hint
    if hint is not None and seen is not None:
        return seen + min(max(seen - hint, UNCONFIRMED), every)
    since = max(seen or launch.begun_at, last.started_at or launch.begun_at)
    return since + every * (1 - jitter(seed) / 5)


__all__ = [
    "LEAST_GRACE",
    "RESERVE",
    "booted",
    "collected",
    "collecting",
    "dies_at",
    "fits",
    "grace",
    "granted",
    "held",
    "inspected",
    "late",
    "left_of_grace",
    "prepared",
    "provisioned",
    "resolved",
    "running",
    "settled",
    "shown",
    "stopped",
]
