"""How long something takes: always the same, anything between two times, or by percentiles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from statistics import NormalDist
from typing import Protocol

#: nothing is further out than this: the tail of a curve has no end, and the world has
LEAST, MOST = 0.001, 0.999
MILLISECOND = timedelta(milliseconds=1)
P95 = 0.95
_NORMAL = NormalDist()


class Spread(Protocol):
    """Times, by how many of them are shorter."""

    def at(self, share: float) -> timedelta:
        """Give the time that so many (from 0 to 1) are shorter than."""
        ...


@dataclass(frozen=True, slots=True)
class Always:
    """The same time, always."""

    time: timedelta

    def at(self, share: float) -> timedelta:
        """Give the time."""
        del share
        return self.time


@dataclass(frozen=True, slots=True)
class Between:
    """Any time between two, each as likely as the other."""

    least: timedelta
    most: timedelta

    def at(self, share: float) -> timedelta:
        """Give the time that so many are shorter than, in whole milliseconds."""
        return whole(self.least + (self.most - self.least) * share)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Half are shorter than one time, and 95 % than another: a log-normal curve through both.

    What machines and jobs take is skewed so: never below nothing, and now and then far above.
    """

    p50: timedelta
    p95: timedelta

    def at(self, share: float) -> timedelta:
        """Give the time that so many are shorter than, in whole milliseconds."""
        spread = math.log(self.p95 / self.p50) / _NORMAL.inv_cdf(P95)
        return whole(self.p50 * math.exp(spread * deviation(share)))


def deviation(share: float) -> float:
    """Give how many standard deviations from the middle that is, of a normal curve cut off."""
    return _NORMAL.inv_cdf(min(max(share, LEAST), MOST))


def whole(time: timedelta) -> timedelta:
    """Give whole milliseconds, so that every machine's arithmetic gives the same."""
    return round(time / MILLISECOND) * MILLISECOND


__all__ = ["P95", "Always", "Between", "Percentiles", "Spread", "deviation", "whole"]
