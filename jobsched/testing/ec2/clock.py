"""The fake's own clock: the true time or another one, and what it was moved on by."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime


class MovableClock:
    """Goes with a time; a test moves it on, and never back.

    Args:
        goes_with: gives the time's seconds: since 1970, unless nobody asks for dates.
    """

    def __init__(self, goes_with: Callable[[], float] = time.time) -> None:
        self._goes_with = goes_with
        self._ahead = 0.0

    def now(self) -> float:
        """Give its seconds."""
        return self._goes_with() + self._ahead

    def advance(self, seconds: float) -> None:
        """Move it on.

        Raises:
            ValueError: a step back.
        """
        if seconds < 0:
            raise ValueError("the clock of the fake goes on only, never back")
        self._ahead += seconds


def written(seconds: float) -> str:
    """Give a time as ISO 8601, in UTC."""
    return at(seconds).isoformat()


def at(seconds: float) -> datetime:
    """Give a time, aware, in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


__all__ = ["MovableClock", "at", "written"]
