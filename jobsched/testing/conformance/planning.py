"""A planner at work: asked about every kind of job, at every kind of time."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobsched.contracts.planner import Planner
from jobsched.domain.job import Job, Plan
from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.situation import HOUR, JOBS, MINUTE

#: when a planner may be asked, seen from the schedule
TIMES = {
    "a month ahead": -timedelta(days=30),
    "an hour ahead": -timedelta(hours=1),
    "on the second": timedelta(0),
    "half a day late": timedelta(hours=12),
    "a year late": timedelta(days=365),
}


@dataclass(frozen=True, slots=True)
class Past:
    """A history of boots, of whatever provider."""

    times: tuple[timedelta, ...] = ()
    fixed: timedelta = timedelta(0)

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:
        """Give the times."""
        del provider, key
        return self.times

    def lead(self, provider: str) -> timedelta:
        """Give the fixed lead."""
        del provider
        return self.fixed


PASTS = {
    "no history": Past(),
    "a lead of three minutes": Past(fixed=3 * MINUTE),
    "some boots": Past(times=(MINUTE, 9 * MINUTE, timedelta(seconds=0.5)), fixed=3 * MINUTE),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a planner is asked."""

    #: for people
    what: str
    job: Job
    history: Past
    now: datetime


@dataclass(frozen=True, slots=True)
class Planning:
    """The planner under test."""

    planner: Planner
    #: what it is asked, anew for each test
    questions: tuple[Asked, ...] = field(default_factory=lambda: tuple(_questions()))

    def plan(self, asked: Asked) -> Plan:
        """Ask the planner.

        Raises:
            Broken: it raised.
        """
        try:
            return self.planner.plan(asked.job, asked.history, asked.now)
        except Exception as error:
            seen = f"asked about {asked.what}, it raised {type(error).__name__}: {error}"
            raise Broken(seen) from error

    def plans(self) -> Iterator[tuple[Asked, Plan]]:
        """Give every question with a plan; one test alone tells of those that have none."""
        for asked in self.questions:
            try:
                plan = self.planner.plan(asked.job, asked.history, asked.now)
            except Exception:  # noqa: BLE001, S112 - `test_it_never_raises` tells of it
                continue
            yield asked, plan


def _questions() -> Iterator[Asked]:
    for job_name, job in JOBS.items():
        if job_name in {"a job without an attempt", "a job that failed once"}:
            for past_name, past in PASTS.items():
                for time_name, since in TIMES.items():
                    what = f"{job_name}, {time_name}, with {past_name}"
                    now = HOUR + since
                    yield Asked(what=what, job=copy.deepcopy(job), history=past, now=now)


__all__ = ["Asked", "Past", "Planning"]
