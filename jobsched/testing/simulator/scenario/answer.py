"""What came of a scenario: its jobs, machines and caps, each looked at once."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from jobsched.domain.job import Launch
from jobsched.testing.simulator.scenario.caps import Reached, reached_caps
from jobsched.testing.simulator.scenario.fate import (
    Fate,
    attempts_of,
    fate,
    launches_of,
    markets_of,
    slot,
)
from jobsched.testing.simulator.scenario.line import Line, line_of
from jobsched.testing.simulator.scenario.play import Played
from jobsched.testing.simulator.scenario.scenario import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Everything that is told of a scenario is read out of this."""

    played: Played
    fates: Sequence[Fate]
    #: launches that had a machine
    launches: Sequence[Launch]
    #: of which market they were
    markets: Counter[str]
    #: how many launches held a slot of the cap
    line: Line
    caps: Sequence[Reached]
    #: how often a request was refused
    refusals: int

    def of(self, group: Group) -> list[Fate]:
        """Give the jobs of a group of the scenario."""
        pairs = zip(self.fates, self.played.wishes, strict=True)
        return [fate for fate, wish in pairs if wish.group is group]

    @property
    def late(self) -> list[timedelta]:
        """Give how late jobs started, the least first; those that never did are not in it."""
        return sorted(one.late for one in self.fates if one.late is not None)

    @property
    def failed(self) -> dict[str, int]:
        """Give how many jobs failed for each reason."""
        reasons = Counter(one.reason for one in self.fates if not one.finished)
        return dict(sorted(reasons.items()))

    @property
    def waited(self) -> list[timedelta]:
        """Give how long jobs waited in line for any cap, the least first; each job once."""
        jobs: dict[str, timedelta] = {}
        for wait in self.played.waits:
            jobs[wait.job] = jobs.get(wait.job, timedelta(0)) + wait.span.length
        return sorted(jobs.values())

    @property
    def hours(self) -> timedelta:
        """Give how long machines were on, together."""
        return sum((slot(one).length for one in self.launches), timedelta(0))

    @property
    def cost(self) -> Decimal:
        """Give what all machines cost, in US dollars."""
        return sum((one.cost for one in self.fates), Decimal(0))

    @property
    def lasted(self) -> timedelta:
        """Give the time from the scenario's beginning to the last job's end."""
        return max(one.ended_at for one in self.fates) - self.played.zero


def answered(played: Played) -> Answer:
    """Look at what happened."""
    launches = [one for job in played.jobs for one in launches_of(job)]
    slots = [slot(one) for one in launches]
    line = line_of(slots)
    caps = played.scenario.machines.caps
    return Answer(
        played=played,
        fates=[fate(job, wish) for job, wish in zip(played.jobs, played.wishes, strict=True)],
        launches=[one for one in launches if one.instance],
        markets=Counter(market for job in played.jobs for market in markets_of(job)),
        line=line,
        caps=reached_caps(caps, line, slots, played.waits),
        refusals=sum(one.refusals for job in played.jobs for one in attempts_of(job)),
    )


def percentile(times: Sequence[timedelta], share: float) -> timedelta:
    """Give the time that so many (from 0 to 1) do not pass; nothing where there are none."""
    return times[max(math.ceil(share * len(times)) - 1, 0)] if times else timedelta(0)


__all__ = ["Answer", "answered", "percentile"]
