"""What a job's machines cost, by their prices at launch."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal

from jobsched.domain.job import Attempt, Job, Launch, Price

HOUR = timedelta(hours=1)
MILLISECOND = timedelta(milliseconds=1)


def cost(job: Job, now: datetime) -> Decimal | None:
    """Give US dollars for the machines of all attempts until now; None: no price is known.

    A machine counts from the provider's answer until it is described as gone. It is a reckoning for
    people, not a bill: disks, addresses and traffic are not in it.
    """
    attempts = (*job.past, *((job.attempt,) if job.attempt else ()))
    parts = [part for attempt in attempts for part in _parts(attempt, now)]
    return sum(parts, Decimal(0)) if parts else None


def launch_cost(launch: Launch, now: datetime) -> Decimal | None:
    """Give what one launch's machine cost until now; None: no machine, or its price is unknown."""
    if launch.instance is None or launch.instance.price is None or launch.provisioned_at is None:
        return None
    return _of(launch.instance.price, (launch.gone_at or now) - launch.provisioned_at)


def _parts(attempt: Attempt, now: datetime) -> Iterator[Decimal]:
    for launch in attempt.launches:
        part = launch_cost(launch, now)
        if part is not None:
            yield part


def _of(price: Price, span: timedelta) -> Decimal:
    milliseconds = max(span, price.at_least) // MILLISECOND
    return price.per_hour * milliseconds / (HOUR // MILLISECOND)


__all__ = ["cost", "launch_cost"]
