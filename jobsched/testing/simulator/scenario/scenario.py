"""What an operator asks about: jobs, machines, limits. Everything has a default but the jobs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any, Literal

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Limits
from jobsched.testing.simulator.scenario.spread import Spread, deviation, whole

DAY = timedelta(days=1)

OnDemand = Literal["never", "fallback", "always"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """When the jobs of a group are to start, counted from the scenario's beginning."""

    at: timedelta = timedelta(0)
    #: anywhere in a window of this length; None: not so
    over: timedelta | None = None
    #: some at a time, and after this pause the next; None: not so
    every: timedelta | None = None
    each: int = 1
    #: around a time of the day, on each day; None: not so
    peak: timedelta | None = None
    #: two thirds of a day's jobs are no further from its peak
    width: timedelta = timedelta(hours=2)
    days: int = 1

    def of(self, number: int, count: int, share: float) -> timedelta:
        """Give the time of one job: its number of so many, and a chance from 0 to 1."""
        if self.every is not None:
            return self.at + self.every * (number // self.each)
        if self.over is not None:
            return self.at + whole(self.over * share)
        if self.peak is not None:
            day = number * self.days // count
            return self.at + DAY * day + whole(self.peak + self.width * deviation(share)) % DAY
        return self.at


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Jobs that are alike."""

    name: str
    count: int
    times: Times
    #: how long a container runs, if nobody stops it
    runs: Spread
    #: pulling the image and creating the container
    prepare: Spread
    #: share of the runs that end with exit code 1
    fails: float
    #: how long before its time a job is posted; None: before the scenario begins
    ahead: timedelta | None
    #: what else is asked for, as in ``POST /schedule``
    asked: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Machines:
    """The provider, and how its machines behave."""

    #: from the request until the machine says that it is ready
    boot: Spread
    #: from the termination until the machine is described as gone
    shutdown: Spread
    on_demand: OnDemand
    #: US dollars an hour
    spot_price: Decimal
    on_demand_price: Decimal
    #: share of the requests that are refused for want of capacity
    refused: float
    on_demand_refused: float
    #: how often an hour a spot machine is taken back, on average
    reclaims_per_hour: float
    #: how long before its start a job's machine is asked for
    lead: timedelta
    caps: Caps


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """The whole question."""

    groups: tuple[Group, ...]
    machines: Machines
    limits: Limits
    workers: int
    #: a job that starts or ends later than this after its time is told as late
    late: timedelta

    @property
    def jobs(self) -> int:
        """How many jobs there are."""
        return sum(group.count for group in self.groups)


__all__ = ["DAY", "Group", "Machines", "OnDemand", "Scenario", "Times"]
