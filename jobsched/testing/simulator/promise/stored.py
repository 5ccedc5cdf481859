"""A store's world in which each change is seen, in the moment in which it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from jobsched.contracts.change import Change
from jobsched.domain.job import JobId
from jobsched.domain.state import TERMINAL
from jobsched.store.world import World


class WatchedWorld(World):
    """Everything that is stored.

    Args:
        changed: is told of each saved change.
        unwoken: is told of each job that nobody would ever look at again.
    """

    def __init__(self, changed: Callable[[Change], None], unwoken: Callable[[JobId], None]) -> None:
        super().__init__()
        self._seen = changed
        self._unwoken = unwoken

    def told(self, change: Change) -> None:
        """Add a change, and show it."""
        super().told(change)
        self._seen(change)

    def schedule(self, job: JobId, due: datetime | None) -> bool:
        """Set when a job is looked at again: one that has not ended, and is not put aside."""
        is_open = self.records[job].state not in TERMINAL and job not in self.quarantine
        if due is None and is_open:
            self._unwoken(job)
        return super().schedule(job, due)


__all__ = ["WatchedWorld"]
