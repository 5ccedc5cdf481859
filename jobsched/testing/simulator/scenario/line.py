"""How many there were over time, out of when each came and went."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate


@dataclass(frozen=True, slots=True)
class Span:
    """From one moment to another."""

    since: datetime
    until: datetime

    @property
    def length(self) -> timedelta:
        """Give how long it is."""
        return self.until - self.since


#: (moment, how many from then on), in order, each moment once
Line = Sequence[tuple[datetime, int]]


def line_of(spans: Iterable[Span]) -> Line:
    """Give how many there are at each moment at which that changes.

    What comes in the moment in which another goes takes its place: it is one, and never two.
    """
    changes: dict[datetime, int] = {}
    for span in spans:
        changes[span.since] = changes.get(span.since, 0) + 1
        changes[span.until] = changes.get(span.until, 0) - 1
    line, number = [], 0
    for at, change in sorted(changes.items()):
        number += change
        line.append((at, number))
    return line


def most(line: Line) -> int:
    """Give the highest number."""
    return max((number for _, number in line), default=0)


class Stretches:
    """Times that do not overlap, in order; quick to say how much of another time lies in them."""

    def __init__(self, spans: Sequence[Span]) -> None:
        self.spans = spans
        self._since = [span.since for span in spans]
        lengths = (span.length for span in spans)
        self._before = list(accumulate(lengths, initial=timedelta(0)))

    @property
    def length(self) -> timedelta:
        """Give how long they are together."""
        return self._before[-1]

    def within(self, span: Span) -> timedelta:
        """Give how much of a time lies in them."""
        return self._until(span.until) - self._until(span.since)

    def _until(self, at: datetime) -> timedelta:
        place = bisect_right(self._since, at)
        if not place:
            return timedelta(0)
        last = self.spans[place - 1]
        return self._before[place - 1] + min(at, last.until) - last.since


def reached(line: Line, cap: float) -> Stretches:
    """Give the times in which there were so many, or more."""
    found: list[Span] = []
    since: datetime | None = None
    for at, number in line:
        if number >= cap and since is None:
            since = at
        elif number < cap and since is not None:
            found.append(Span(since, at))
            since = None
    return Stretches(found)


__all__ = ["Line", "Span", "Stretches", "line_of", "most", "reached"]
