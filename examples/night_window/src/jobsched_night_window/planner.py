"""The planner ``night_window``."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from jobsched.contracts.planner import History, Planner
from jobsched.domain import retry
from jobsched.domain.job import Job, Plan
from jobsched_night_window.window import Window


class NightWindow(Planner):
    """Start a job at its schedule if the window is open then, else as soon as it opens."""

    name: ClassVar[str] = "night_window"

    def __init__(self, window: Window) -> None:
        self.window = window

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan the next attempt; its machine is asked for the provider's lead ahead."""
        lead = history.lead(job.spec.provider)
        wanted = max(retry.earliest(job), now)
        # No container starts before its machine is there, and then it may be too late for tonight.
        possible = max(wanted, now + lead)
        opens = self.window.opening(possible)
        start_at = wanted if opens == possible else opens
        standing = "is open" if start_at == wanted else "opens then"
        why = f"the window {self.window} {standing}"
        return Plan(provision_at=start_at - lead, start_at=start_at, why=why)
