"""The figures of a run: what was done to it, what it promised, how long things took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from benchmarks.chaos.actor import Kind
from benchmarks.chaos.evidence import Evidence, Run
from benchmarks.chaos.fault import LEASE, Fault
from benchmarks.chaos.oracle import PROMISES, Breach, concluded, explained, judge
from benchmarks.report import Figure, percentile

#: seconds that a container or a machine may outlive its attempt at the most, and nearly all of
#: them (promise P5)
ORPHAN, MOST_ORPHANS = 15 * 60.0, 5 * 60.0
#: seconds from a worker's death to the next step of each job that it had in hand: a goal and no
#: promise, as a busy machine takes its own time
NEXT_STEP = 35.0
VICTIMS: tuple[Kind, ...] = ("worker", "api", "redis")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """All that is known of a run at its end."""

    seen: Evidence
    faults: Sequence[Fault]
    #: seconds from a worker's death to the next step of a job that it had in hand
    inherited: Sequence[float]
    #: seconds that it took, with what came after the last fault
    seconds: float

    def breaches(self) -> list[Breach]:
        """Give the broken promises about jobs."""
        return judge(self.seen)

    def is_kept(self) -> bool:
        """Say whether all promises were kept."""
        return not self.breaches() and max(orphans(self.seen), default=0.0) <= ORPHAN

    def figures(self) -> list[Figure]:
        """Give all figures; a promise has a goal."""
        broken = Counter(one.promise for one in self.breaches())
        return [
            _count("jobs", len(self.seen.book)),
            *self._done(),
            *(_count(promise, broken[promise], goal=0) for promise in PROMISES),
            _count("ends that the faults explain", len(explained(self.seen))),
            *_spread("orphan", orphans(self.seen), goal=ORPHAN, nearly=MOST_ORPHANS),
            *_spread("end of a container to its outcome", unknown(self.seen)),
            _count("jobs in the hands of killed workers", len(self.inherited)),
            *_spread("worker's death to next step", self.inherited, goal=NEXT_STEP),
            *_spread("start lateness", lateness(self.seen)),
            Figure(name="duration", value=self.seconds, unit="s"),
        ]

    def _done(self) -> list[Figure]:
        counted = Counter((one.kind, one.victim) for one in self.faults)
        kills = [_count(f"kills of {one}", counted["kill", one]) for one in VICTIMS]
        pauses = [_count(f"pauses of {one}", counted["pause", one]) for one in VICTIMS]
        long = sum(one.kind == "pause" and one.seconds > LEASE for one in self.faults)
        total = sum(one.kind == "kill" for one in self.faults)
        return [_count("kills", total), *kills, *pauses, _count("pauses beyond a lease", long)]


def orphans(seen: Evidence) -> list[float]:
    """Give the seconds that each container or machine outlived its attempt.

    From the moment that the attempt's outcome exists (``concluded`` in the timeline of ``GET
    /status``) to the moment that the container is destroyed, or the machine terminated. One that
    was gone before counts as 0. One that is still there is counted among those left.
    """
    ends = {
        (job, one["attempt"]): one["at"]
        for job, document in seen.documents.items()
        for one in concluded(document)
    }
    return [
        _seconds(ends.get((one.job, one.attempt), one.gone_at), one.gone_at)
        for one in seen.bodies
        if one.gone_at is not None
    ]


def unknown(seen: Evidence) -> list[float]:
    """Give the seconds from the end of each container to its attempt's outcome."""
    ended = {(run.job, run.attempt): run.ended_at for run in _first_witness(seen)}
    return [
        _seconds(at, one["at"])
        for job, document in seen.documents.items()
        for one in concluded(document)
        if (at := ended.get((job, one["attempt"]))) is not None
    ]


def lateness(seen: Evidence) -> list[float]:
    """Give the seconds from each job's time to its first start; not before it was accepted."""
    first: dict[str, datetime] = {}
    for run in sorted(_first_witness(seen), key=lambda one: one.started_at):
        first.setdefault(run.job, run.started_at)
    return [
        _seconds(max(entry.schedule, entry.acknowledged_at), first[entry.id])
        for entry in seen.book
        if entry.id in first and entry.acknowledged_at is not None
    ]


def _first_witness(seen: Evidence) -> Sequence[Run]:
    return next(iter(seen.runs.values()), ())


def _seconds(begin: datetime, end: datetime) -> float:
    return max(0.0, (end - begin) / timedelta(seconds=1))


def _count(name: str, value: int, *, goal: float | None = None) -> Figure:
    return Figure(name=name, value=value, unit="", goal=goal)


def _spread(
    name: str,
    values: Sequence[float],
    *,
    goal: float | None = None,
    nearly: float | None = None,
) -> list[Figure]:
    """Give p50, p99 (with the goal of nearly all) and the most (with the goal)."""
    if not values:
        return []
    goals = {"p50": None, "p99": nearly, "max": goal}
    parts = {"p50": percentile(values, 50), "p99": percentile(values, 99), "max": max(values)}
    return [
        Figure(name=f"{name}, {part}", value=value, unit="s", goal=goals[part])
        for part, value in parts.items()
    ]


__all__ = ["Result", "lateness", "orphans", "unknown"]
