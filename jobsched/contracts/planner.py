"""When to ask for capacity, and when to start."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from jobsched.domain.job import Job, Plan


class History(Protocol):
    """How long machines took to become ready, in the past.

    Example:
        >>> def lead(history, job):
        ...     known = history.boot_times(job.spec.provider)
        ...     return max(known) if known else history.lead(job.spec.provider)
    """

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:
        """Give the last known times from the request to ready, newest first; may be empty.

        Nothing is kept yet: it is empty until boot times are learned.

        Args:
            provider: its name.
            key: what its machines are told apart by, such as a size; empty for all.

        Example:
            >>> history.boot_times("ec2_spot")
            [datetime.timedelta(seconds=41), datetime.timedelta(seconds=38)]
        """
        ...

    def lead(self, provider: str) -> timedelta:
        """Give the fixed lead of the provider.

        Example:
            >>> history.lead("ec2_spot")
            datetime.timedelta(seconds=180)
        """
        ...


class Planner(ABC):
    """Scheduling.

    Example:
        >>> class FullHour(Planner):
        ...     name = "full_hour"
    """

    #: the name in the configuration: ``on_time``
    name: ClassVar[str]

    @abstractmethod
    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Say when the next attempt of the job asks for its machine and when its container starts.

        Times are aware, in UTC; ``why`` is one line for people, of at most 200 characters, or
        empty. The core moves ``start_at`` to no earlier than the job's ``schedule`` and the end of
        the back-off (`retry.earliest`), and ``provision_at`` to no later than ``start_at``.

        When: Pure; called once for each attempt; it never raises, whatever the job, the history and
        the time. The first time it is called as the job is accepted, later as soon as the attempt
        before has ended.

        Repeated: yes, if what it said could not be saved; ``now`` is later then.

        Args:
            job: the whole record; its past attempts are in ``job.past``.
            history: how long machines took to become ready.
            now: the store's time, aware, in UTC. Read no other clock.

        Raises:
            Nothing: an error is a bug. The job is accepted all the same and its planner is asked
                again; while it goes on failing, each try is an attempt that ends with
                ``plugin_error``.

        Within: no time: it runs while somebody waits for the answer to ``POST /schedule``.

        Example:
            >>> def plan(self, job, history, now):
            ...     wanted = max(job.spec.schedule, now)
            ...     full = wanted.replace(minute=0, second=0, microsecond=0)
            ...     start_at = full if full == wanted else full + timedelta(hours=1)
            ...     lead = history.lead(job.spec.provider)
            ...     return Plan(provision_at=start_at - lead, start_at=start_at, why="on the hour")
        """


__all__ = ["History", "Planner"]
