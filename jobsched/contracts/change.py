"""What plugins are told after each saved change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from jobsched.domain.job import JobId


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One saved change of a job; told at least once, in the order of ``rev`` for one job.

    Example:
        >>> def has_just_failed(change):
        ...     return change.was != "failed" and change.state == "failed"
    """

    #: position in the event stream; later ones are greater
    id: str
    job: JobId
    rev: int
    at: datetime
    #: the state before, empty for a new job
    was: str
    state: str
    #: reason of the end, empty before
    reason: str
    attempt: int
    #: names of the facts that were added: ``Started``, ``Ended``
    facts: tuple[str, ...]


__all__ = ["Change"]
