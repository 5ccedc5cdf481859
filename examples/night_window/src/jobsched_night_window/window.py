"""A window of time that opens every day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """Open from ``begin`` to ``end`` by the clock of a place; over midnight if ``end`` is less."""

    begin: time
    end: time
    zone: ZoneInfo

    def opening(self, at: datetime) -> datetime:
        """Give the first moment from ``at`` on in which the window is open, in UTC."""
        today = at.astimezone(self.zone).date()
        # Yesterday's may still be open; today's may be over, and tomorrow's cut away by a clock
        # that is put forward.
        nights = (self._night(today + days * DAY) for days in (-1, 0, 1, 2))
        return next(max(at, opens) for opens, closes in nights if max(at, opens) < closes)

    def _night(self, day: date) -> tuple[datetime, datetime]:
        """Give when the window of a day opens and closes."""
        closing_day = day if self.begin < self.end else day + DAY
        return self._instant(day, self.begin), self._instant(closing_day, self.end)

    def _instant(self, day: date, clock: time) -> datetime:
        # In UTC, as two times of one zone are compared by their clocks, whatever the offsets. An
        # hour that the clock shows twice is taken the first time.
        return datetime.combine(day, clock, self.zone).astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.begin:%H:%M} to {self.end:%H:%M} {self.zone}"
