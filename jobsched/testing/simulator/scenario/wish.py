"""The single jobs of a scenario: when each is posted, when it is to start, how long it runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.scenario import Group, Scenario


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """One job."""

    number: int
    group: Group
    posted_at: datetime
    start_at: datetime
    runs: timedelta

    def body(self) -> dict[str, Any]:
        """Give what is posted: the loaded body of ``POST /schedule``."""
        return {
            **self.group.asked,
            "schedule": self.start_at,
            "docker_image": "imagined",
            "cmd": (str(self.number),),
        }


def wishes(scenario: Scenario, chance: Chance, begin: datetime) -> tuple[Wish, ...]:
    """Give all jobs, by number.

    The scenario's own time begins one lead after the world does, so that the first job can have
    its machine in time.
    """
    zero = begin + scenario.machines.lead
    return tuple(
        _wish(number, one, chance, begin, zero) for number, one in enumerate(_places(scenario))
    )


class _Place(NamedTuple):
    """A job's place: the number of its group, and its own in there."""

    of_group: int
    place: int
    group: Group


def _places(scenario: Scenario) -> Iterator[_Place]:
    for of_group, group in enumerate(scenario.groups):
        for place in range(group.count):
            yield _Place(of_group, place, group)


def _wish(number: int, one: _Place, chance: Chance, begin: datetime, zero: datetime) -> Wish:
    of_group, place, group = one
    at = zero + group.times.of(place, group.count, chance.of("at", of_group, place))
    return Wish(
        number=number,
        group=group,
        posted_at=begin if group.ahead is None else max(begin, at - group.ahead),
        start_at=at,
        runs=group.runs.at(chance.of("runs", of_group, place)),
    )


__all__ = ["Wish", "wishes"]
