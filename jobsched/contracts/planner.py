"""When to ask for capacity, and when to start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from jobsched.domain.job import Job, Plan


class History(Protocol):
    """How long machines took to become ready, in the past."""

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:
        """Give the last known times from the request to ready, newest first; may be empty."""
        ...

    def lead(self, provider: str) -> timedelta:
        """Give the fixed lead of the provider."""
        ...


class Planner(ABC):
    """Scheduling."""

    #: the name in the configuration: ``on_time``
    name: ClassVar[str]

    @abstractmethod
    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Say when the next attempt of the job asks for its machine and when its container starts.

        Pure; called once for each attempt; it never raises, whatever the job, the history and the
        time. Times are aware, in UTC; ``why`` is one line for people, of at most 200 characters,
        or empty. The core moves ``start_at`` to no earlier than the job's
        ``schedule`` and the end of the back-off (`retry.earliest`), and ``provision_at`` to no
        later than ``start_at``.
        """


__all__ = ["History", "Planner"]
