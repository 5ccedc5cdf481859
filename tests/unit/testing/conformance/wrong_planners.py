"""Planners that break one rule each, as an author's test module would hold them to the kit."""

import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, cast

import pytest

from jobsched.builtin import OnTime
from jobsched.contracts.planner import History
from jobsched.domain.job import Job, Plan
from jobsched.testing import PlannerConformance


class Right(OnTime):
    """It breaks no rule."""


class ReadsTheClock(OnTime):
    """It takes no notice of the time that it is given."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan for this very moment."""
        at = datetime.now(UTC)
        return Plan(provision_at=at, start_at=at)


class Counts(OnTime):
    """It remembers how often it was asked."""

    def __init__(self) -> None:
        self.calls = 0

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan, and say the number."""
        self.calls += 1
        return replace(super().plan(job, history, now), why=f"call {self.calls}")


class HasNoZone(OnTime):
    """Its times are naive."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan without a zone."""
        plan = super().plan(job, history, now)
        return replace(plan, start_at=plan.start_at.replace(tzinfo=None))


class NeedsAHistory(OnTime):
    """It has nothing to go by where nothing has booted yet."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan with the slowest boot."""
        lead = max(history.boot_times(job.spec.provider))
        return Plan(provision_at=job.spec.schedule - lead, start_at=job.spec.schedule)


class GivesUpLateJobs(OnTime):
    """A schedule that is past is an error to it."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan what lies ahead."""
        if now - job.spec.schedule > timedelta(days=7):
            raise ValueError("too late")
        return super().plan(job, history, now)


class GivesADictionary(OnTime):
    """It answers in its own way."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Give the times."""
        return cast("Plan", {"start_at": job.spec.schedule})


class TellsStories(OnTime):
    """It says more than fits a line."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan, and talk."""
        return replace(super().plan(job, history, now), why="because\nof this and that")


class ChangesTheJob(OnTime):
    """It keeps its own things in the record."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan, and leave a mark."""
        job.spec.labels["planned"] = "yes"
        return super().plan(job, history, now)


class Waits(OnTime):
    """It looks something up that takes a while."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan, once slowly."""
        is_late = now - job.spec.schedule > timedelta(days=7)
        if is_late and job.attempt and history.boot_times(job.spec.provider):
            time.sleep(0.7)
        return super().plan(job, history, now)


class HasNoName(OnTime):
    """Its name cannot stand in a configuration."""

    name: ClassVar[str] = "On Time!"


class Held(PlannerConformance):
    """One planner for each test."""

    kind: ClassVar[type[OnTime]]

    @pytest.fixture
    def planner(self) -> OnTime:
        """What is judged."""
        return self.kind()


KINDS: list[Any] = [kind for kind in OnTime.__subclasses__() if kind.__module__ == __name__]

for kind in KINDS:
    name = f"Test{kind.__name__}"
    globals()[name] = type(name, (Held,), {"kind": kind, "__doc__": kind.__doc__})
