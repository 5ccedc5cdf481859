"""What a scenario file may hold. Its words are those of the configuration and of a job's body."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from decimal import Decimal
from typing import Any, Final

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Limits
from jobsched.schemas import rule
from jobsched.schemas.config import LimitsSchema
from jobsched.schemas.duration import Duration
from jobsched.schemas.field import Number, Text, Whole
from jobsched.schemas.job import RetryRequest
from jobsched.testing.simulator.scenario.field import (
    UNKNOWN,
    Cap,
    Dollars,
    Share,
    Spreading,
    Table,
)
from jobsched.testing.simulator.scenario.scenario import DAY, Group, Machines, Scenario, Times
from jobsched.testing.simulator.scenario.spread import Always, Between, Percentiles

#: more than that would take this machine's memory and an hour
MOST_JOBS: Final = 100_000
LONGEST: Final = timedelta(days=31)
LONGEST_TIMEOUT: Final = timedelta(days=7)
_SHORTEST: Final = timedelta(milliseconds=1)
#: where a Linux with a container engine stands that nobody has measured yet
BOOT: Final = Percentiles(timedelta(seconds=60), timedelta(seconds=120))
SHUTDOWN: Final = Between(timedelta(seconds=20), timedelta(seconds=60))
PREPARE: Final = Always(timedelta(seconds=5))
GROUPS: Final = "name at least one group of jobs: [[jobs]]"
#: about what a machine with two processors and 8 GiB costs
SPOT_PRICE, ON_DEMAND_PRICE = Decimal("0.04"), Decimal("0.10")


def _from(least: timedelta, most: timedelta, said: str) -> Any:
    return rule.lasting(least, most, said)


def _moment(**settings: Any) -> Duration:
    return Duration(validate=_from(timedelta(0), LONGEST, "at most 31 days"), **settings)


def _pause(**settings: Any) -> Duration:
    said = "longer than 0, at most 31 days"
    return Duration(validate=_from(_SHORTEST, LONGEST, said), **settings)


class RetryTable(RetryRequest):
    """Which failures are tried again, as in ``POST /schedule``."""

    error_messages = Table.error_messages


class GroupTable(Table):
    """``[[jobs]]``: jobs that are alike."""

    name = Text(validate=rule.line(64))
    count = Whole(
        required=True,
        validate=rule.between(1, MOST_JOBS),
        error_messages={"required": "say how many jobs: count = 100"},
    )
    at = _moment(load_default=timedelta(0))
    over = _pause()
    every = _pause()
    each = Whole(validate=rule.between(1, MOST_JOBS))
    peak = Duration(validate=_from(timedelta(0), DAY, "a time of the day, from 0 to 24h"))
    width = Duration(validate=_from(timedelta(minutes=1), DAY, "from 1 minute to 24 hours"))
    days = Whole(validate=rule.between(1, 31))
    runs = Spreading(
        required=True,
        error_messages={"required": 'say how long they run: runs = "5m"'},
    )
    prepare = Spreading(load_default=PREPARE)
    fails = Share(load_default=0.0)
    ahead = _moment(load_default=None)
    timeout = Duration(validate=_from(_SHORTEST, LONGEST_TIMEOUT, "longer than 0, at most 7 days"))
    grace = Duration(validate=_from(timedelta(0), timedelta(seconds=90), "from 0 to 90 seconds"))
    late_limit = _pause()
    retry = fields.Nested(RetryTable)

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_: Any) -> None:
        ways = [way for way in ("over", "every", "peak") if way in data]
        if len(ways) > 1:
            raise ValidationError(f"{ways[0]} is set too: choose one of them", field_name=ways[1])
        for key, way in (("each", "every"), ("width", "peak"), ("days", "peak")):
            if key in data and way not in data:
                raise ValidationError(f"this goes with {way}, which is not set", field_name=key)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        names = [one.name for one in dataclasses.fields(Times)]
        data["times"] = Times(**{name: data.pop(name) for name in names if name in data})
        asked = ("timeout", "grace", "late_limit", "retry")
        data["asked"] = {name: data.pop(name) for name in asked if name in data}
        if "on" in data["asked"].get("retry", {}):
            data["asked"]["retry"]["on"] = tuple(data["asked"]["retry"]["on"])
        return data


class MachinesTable(Table):
    """``[machines]``: the provider; the words that both know are those of ``[ec2_spot]``."""

    boot = Spreading(load_default=BOOT)
    shutdown = Spreading(load_default=SHUTDOWN)
    on_demand = Text(
        load_default="fallback",
        validate=validate.OneOf(
            ("never", "fallback", "always"), error="use never, fallback or always"
        ),
    )
    spot_price = Dollars(load_default=SPOT_PRICE)
    on_demand_price = Dollars(load_default=ON_DEMAND_PRICE)
    refused = Share(load_default=0.0)
    on_demand_refused = Share(load_default=0.0)
    reclaims_per_hour = Number(load_default=0.0, validate=rule.between(0, 60))
    lead = Duration(
        load_default=timedelta(minutes=3), validate=_from(timedelta(0), DAY, "at most 24 hours")
    )
    alive = Cap(load_default=20)
    hourly = Cap(load_default=100)
    per_second = Cap(load_default=2.0, whole=False)

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Machines:
        caps = Caps(**{name: data.pop(name) for name in ("alive", "hourly", "per_second")})
        return Machines(**data, caps=caps)


def _limits() -> Schema:
    """Give the schema of ``[limits]``, with our own sentence for a key that is not known."""
    schema = LimitsSchema()
    schema.error_messages["unknown"] = UNKNOWN
    schema.error_messages["type"] = Table.error_messages["type"]
    return schema


class ScenarioTable(Table):
    """A whole file."""

    jobs = fields.List(
        fields.Nested(GroupTable),
        required=True,
        validate=validate.Length(min=1, error=GROUPS),
        error_messages={"required": GROUPS, "invalid": GROUPS},
    )
    machines = fields.Nested(MachinesTable, load_default=lambda: MachinesTable().load({}))
    limits = fields.Nested(_limits, load_default=lambda: _limits().load({}))
    # their own work takes no time here, so one is as good as several
    workers = Whole(load_default=1, validate=rule.between(1, 100))
    late = _moment(load_default=timedelta(minutes=1))

    @validates_schema
    def _not_too_many(self, data: dict[str, Any], **_: Any) -> None:
        if (jobs := sum(group["count"] for group in data["jobs"])) > MOST_JOBS:
            raise ValidationError(f"{jobs} jobs: at most {MOST_JOBS}", field_name="jobs")

    @post_load
    def _made(self, data: dict[str, Any], **_: Any) -> Scenario:
        limits = data["limits"]
        usual = {name: limits[name] for name in ("timeout", "grace", "late_limit")}
        kept = {one.name: limits[one.name] for one in dataclasses.fields(Limits)}
        return Scenario(
            groups=tuple(
                _group(number, group, usual) for number, group in enumerate(data["jobs"], 1)
            ),
            machines=data["machines"],
            limits=Limits(**kept),
            workers=data["workers"],
            late=data["late"],
        )


def _group(number: int, data: dict[str, Any], usual: dict[str, timedelta]) -> Group:
    name, asked = data.pop("name", f"group {number}"), data.pop("asked")
    return Group(**data, name=name, asked={**usual, **asked})


__all__ = ["MOST_JOBS", "GroupTable", "MachinesTable", "RetryTable", "ScenarioTable"]
