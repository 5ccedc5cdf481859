"""What became of one job, read out of its record."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from jobsched.domain.cost import cost
from jobsched.domain.job import Attempt, Job, Launch
from jobsched.domain.state import State, reason_of, state_of
from jobsched.testing.simulator.scenario.line import Span
from jobsched.testing.simulator.scenario.wish import Wish


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """One job, from its time to its end."""

    due_at: datetime
    started_at: datetime | None
    ended_at: datetime
    finished: bool
    reason: str
    attempts: int
    #: how much later it ended than one that started in time, ran once, and was not stopped
    ended_late: timedelta
    cost: Decimal

    @property
    def late(self) -> timedelta | None:
        """Give how late its first container started; None: none did."""
        return None if self.started_at is None else self.started_at - self.due_at


def fate(job: Job, wish: Wish) -> Fate:
    """Read a job that has ended."""
    attempts = attempts_of(job)
    starts = [one.started_at for launch in launches_of(job) for one in launch.tries]
    outcome = attempts[-1].outcome
    # every job that has ended has one, as it was begun at the door and nobody cancels here
    ended_at = outcome.at if outcome else job.accepted_at
    return Fate(
        due_at=wish.start_at,
        started_at=min((at for at in starts if at), default=None),
        ended_at=ended_at,
        finished=state_of(job) is State.FINISHED,
        reason=reason_of(job),
        attempts=len(attempts),
        ended_late=ended_at - wish.start_at - wish.runs,
        cost=cost(job, ended_at) or Decimal(0),
    )


def attempts_of(job: Job) -> list[Attempt]:
    """Give all attempts, in order."""
    return [*job.past, *([job.attempt] if job.attempt else [])]


def launches_of(job: Job) -> Iterator[Launch]:
    """Give all launches that took a slot, in order."""
    for attempt in attempts_of(job):
        yield from (launch for launch in attempt.launches if not launch.refused_at)


def markets_of(job: Job) -> Iterator[str]:
    """Give the market of each machine that was had."""
    for attempt in attempts_of(job):
        for launch in attempt.launches:
            if launch.instance:
                yield attempt.offers[launch.offer].label


def slot(launch: Launch) -> Span:
    """Give how long a launch held its slot: from the intent until its machine was surely gone."""
    return Span(launch.begun_at, launch.gone_at or launch.begun_at)


__all__ = ["Fate", "attempts_of", "fate", "launches_of", "markets_of", "slot"]
