"""When each step must be over (design, "Times and defaults")."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobsched.domain.job import Attempt, Launch, Plan, Spec, Try
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


def held(spec: Spec, attempt: Attempt, last: Try) -> datetime:
    """When a container that waits must have been granted its start, if starting it goes wrong."""
    return max(attempt.plan.start_at, last.prepared_at or attempt.plan.start_at) + spec.limits.hold


def resolved(spec: Spec, granted_at: datetime) -> datetime:
    """Until when a start in doubt stays in doubt on a machine that does not answer."""
    return granted_at + spec.timeout + spec.grace


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
    "booted",
    "dies_at",
    "fits",
    "held",
    "inspected",
    "late",
    "prepared",
    "provisioned",
    "resolved",
    "running",
    "settled",
    "shown",
]
