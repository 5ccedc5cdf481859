"""Which caps were reached, for how long, and who waited for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from typing import Literal

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId
from jobsched.testing.simulator.scenario.line import (
    Line,
    Span,
    Stretches,
    line_of,
    reached,
)
from jobsched.testing.simulator.scenario.waiting import Wait

HOUR = timedelta(hours=1)

CapName = Literal["alive", "hourly", "per_second"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A cap, and what it did."""

    name: CapName
    cap: float
    #: how long it was reached (of ``per_second``: how long anybody waited for it)
    lasted: timedelta
    #: jobs that waited while it was reached, and the longest that one did so
    jobs: int
    longest: timedelta
    #: of all of them together
    waited: timedelta


def reached_caps(
    caps: Caps, line: Line, begun: Sequence[Span], waits: Sequence[Wait]
) -> list[Reached]:
    """Give the caps that were reached, the one that cost most waiting first.

    Args:
        caps: the provider's.
        line: launches that hold a slot, over time.
        begun: the launches, each from its beginning.
        waits: who waited in line.
    """
    hours = line_of(Span(one.since, one.since + HOUR) for one in begun)
    room, hour = _times(line, caps.alive), _times(hours, caps.hourly)
    found = [
        _of("alive", caps.alive, room, _parts(waits, room)),
        _of("hourly", caps.hourly, hour, _parts(waits, hour)),
        _of_pace(caps.per_second, waits, _times(line_of([*room.spans, *hour.spans]), 1)),
    ]
    return sorted((one for one in found if one), key=lambda one: -one.waited)


def _of_pace(cap: float | None, waits: Sequence[Wait], full: Stretches) -> Reached | None:
    """Look at the pace of launches: while another cap is reached it is not what limits."""
    paced = [wait for wait in waits if wait.paced]
    parts = [(wait, wait.span.length - full.within(wait.span)) for wait in paced]
    busy = _times(line_of(wait.span for wait in paced), 1)
    free = sum((span.length - full.within(span) for span in busy.spans), timedelta(0))
    return _of("per_second", cap, busy, parts, free)


def _times(line: Line, cap: float | None) -> Stretches:
    return reached(line, inf if cap is None else cap)


def _parts(waits: Sequence[Wait], times: Stretches) -> list[tuple[Wait, timedelta]]:
    return [(wait, times.within(wait.span)) for wait in waits]


def _of(
    name: CapName,
    cap: float | None,
    times: Stretches,
    parts: Sequence[tuple[Wait, timedelta]],
    lasted: timedelta | None = None,
) -> Reached | None:
    if cap is None or not times.spans:
        return None
    jobs: dict[JobId, timedelta] = {}
    for wait, part in parts:
        if part:
            jobs[wait.job] = jobs.get(wait.job, timedelta(0)) + part
    return Reached(
        name=name,
        cap=cap,
        lasted=times.length if lasted is None else lasted,
        jobs=len(jobs),
        longest=max(jobs.values(), default=timedelta(0)),
        waited=sum(jobs.values(), timedelta(0)),
    )


__all__ = ["CapName", "Reached", "reached_caps"]
