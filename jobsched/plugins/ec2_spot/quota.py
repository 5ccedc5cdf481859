"""Telling the operator that the account has all the machines that it may have."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from jobsched.contracts.services import Services

#: each launch is refused while it lasts: nobody needs to read of each
PAUSE: Final = timedelta(minutes=10)


class QuotaLog:
    """Says it in the log, at most once in ten minutes for each market.

    Args:
        services: lends time and log.
    """

    def __init__(self, services: Services) -> None:
        self._clock = services.clock
        self._log = services.log
        self._said: dict[str, float] = {}

    def reached(self, market: str, words: str) -> None:
        """Say it, unless it was said a while ago.

        Args:
            market: ``spot`` or ``on-demand``: each has quotas of its own.
            words: AWS' own.
        """
        now, before = self._clock.monotonic(), self._said.get(market)
        if before is not None and now - before < PAUSE.total_seconds():
            return
        self._said[market] = now
        self._log.error("quota.reached", market=market, message=words)


__all__ = ["PAUSE", "QuotaLog"]
