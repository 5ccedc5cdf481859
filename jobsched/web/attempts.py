"""The attempts of a job, for ``GET /status/{id}``: no token, no request, no certificate."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from jobsched.domain.cost import cost, launch_cost
from jobsched.domain.job import Attempt, Job, Launch, Outcome, Trouble, Try
from jobsched.domain.state import is_gone
from jobsched.schemas.field import instant
from jobsched.web.interruption import interruption_of
from jobsched.web.timeline import label_of


def attempts_of(job: Job, now: datetime) -> list[dict[str, Any]]:
    """Give every attempt on record, the oldest first."""
    return [_attempt(attempt, now) for attempt in _all(job)]


def offers_of(job: Job) -> list[dict[str, Any]]:
    """Give the offers that were refused, and why."""
    return [
        {
            "attempt": attempt.no,
            "label": refused.label,
            "reason": refused.reason,
            "message": refused.message,
            "at": instant(refused.at),
        }
        for attempt in _all(job)
        for refused in attempt.refused
    ]


def cost_of(job: Job, now: datetime) -> dict[str, Any] | None:
    """Tell what the job's machines cost until now; None: no price is known."""
    amount = cost(job, now)
    if amount is None:
        return None
    launches = [launch for attempt in _all(job) for launch in attempt.launches]
    return {
        "usd": _usd(amount),
        # more may come while a machine is there, or where a price is unknown
        "is_final": all(is_gone(one) for one in launches),
        "is_whole": all(_is_priced(one) for one in launches if one.instance),
    }


def trouble(one: Trouble) -> dict[str, Any]:
    """Tell what is being tried again."""
    return {
        "command": one.command,
        "reason": one.reason,
        "message": one.message,
        "times": one.times,
        "at": instant(one.at),
        "next_try_at": instant(one.not_before),
    }


def _all(job: Job) -> Iterator[Attempt]:
    yield from job.past
    if job.attempt is not None:
        yield job.attempt


def _attempt(attempt: Attempt, now: datetime) -> dict[str, Any]:
    return {
        "no": attempt.no,
        "planned_at": instant(attempt.planned_at),
        "plan": {
            "provision_at": instant(attempt.plan.provision_at),
            "start_at": instant(attempt.plan.start_at),
            "why": attempt.plan.why,
        },
        "outcome": _outcome(attempt.outcome) if attempt.outcome else None,
        "refusals": attempt.refusals,
        "launches": [_launch(attempt, launch, now) for launch in attempt.launches],
        "troubles": [trouble(one) for one in attempt.troubles],
    }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    return {
        "at": instant(outcome.at),
        "reason": outcome.reason,
        "started": outcome.started,
        "code": outcome.code,
        "message": outcome.message,
    }


def _launch(attempt: Attempt, launch: Launch, now: datetime) -> dict[str, Any]:
    price = launch.instance.price if launch.instance else None
    return {
        "no": launch.no,
        "offer": label_of(attempt, launch),
        "instance_id": launch.instance.id if launch.instance else None,
        "usd_per_hour": _usd(price.per_hour) if price else None,
        "usd": _usd(launch_cost(launch, now)),
        "begun_at": instant(launch.begun_at),
        "dies_at": instant(launch.dies_at),
        "refused_at": _time(launch.refused_at),
        "provisioned_at": _time(launch.provisioned_at),
        "ready_at": _time(launch.ready_at),
        "containers": [_container(one) for one in launch.tries],
        "interrupted_at": _time(launch.interrupted_at),
        "interruption": interruption_of(launch),
        "stopping_at": _time(launch.stopping_at),
        "stopping": launch.stopping,
        "stopping_grace": _seconds(launch.stopping_grace),
        "ended_at": _time(launch.ending.at if launch.ending else None),
        "code": launch.ending.code if launch.ending else None,
        "logs_at": _time(launch.logs_at),
        "logs_complete": launch.logs_complete,
        "released_at": _time(launch.released_at),
        "released": launch.released or None,
        "terminated_at": _time(launch.terminated_at),
        "removed_at": _time(launch.removed_at),
        "gone_at": _time(launch.gone_at),
        "gone": launch.gone or None,
    }


def _container(one: Try) -> dict[str, Any]:
    container = one.container
    return {
        "no": one.no,
        "id": (container.id or None) if container else None,
        "name": container.name if container else None,
        "image": (container.image or None) if container else None,
        "prepared_at": _time(one.prepared_at),
        "granted_at": _time(one.granted_at),
        "started_at": _time(one.started_at),
        "not_started_at": _time(one.not_started_at),
    }


def _is_priced(launch: Launch) -> bool:
    return launch.instance is not None and launch.instance.price is not None


def _usd(amount: Decimal | None) -> str | None:
    """Write an amount as text, which no reader rounds: a millionth of a dollar is the least."""
    return None if amount is None else f"{amount:.6f}"


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _time(at: datetime | None) -> str | None:
    return instant(at) if at else None


__all__ = ["attempts_of", "cost_of", "offers_of", "trouble"]
