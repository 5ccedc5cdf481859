"""The body of ``POST /schedule``: what a user may ask for."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from marshmallow import ValidationError, validate, validates_schema

from jobsched.schemas import rule
from jobsched.schemas.duration import Duration
from jobsched.schemas.field import (
    Dictionary,
    Instant,
    Number,
    Part,
    Strict,
    Text,
    TextList,
    Whole,
)

YEAR: Final = timedelta(days=365)
_SHORTEST: Final = timedelta(milliseconds=1)


class RetryRequest(Strict):
    """When a failed attempt is followed by another."""

    max_attempts = Whole(
        validate=rule.between(1, 10),
        metadata={"description": "Attempts in all, from 1 to 10."},
    )
    on = TextList(
        Text(validate=rule.retried),
        validate=validate.Length(max=rule.ENTRIES, error="this must have at most 128 entries"),
        metadata={
            "description": "Causes that are retried: before_start, error, exit:<code>, timeout, "
            "interruption."
        },
    )
    backoff = Duration(
        validate=rule.lasting(timedelta(0), timedelta(minutes=10), "from 0 to 10 minutes"),
        metadata={
            "description": "Pause before the second attempt; doubled before each further one."
        },
    )


class ResourcesRequest(Strict):
    """What the machine must have."""

    vcpus = Number(
        validate=rule.between(0.01, 1024), metadata={"description": "Virtual processors."}
    )
    memory_mib = Number(validate=rule.between(1, 2**25), metadata={"description": "Memory in MiB."})
    gpus = Whole(validate=rule.between(0, 64), metadata={"description": "Graphics processors."})
    arch = Text(
        validate=validate.OneOf(("x86_64", "arm64"), error="use x86_64 or arm64"),
        metadata={"description": "Architecture of the processor."},
    )


class JobRequest(Strict):
    """A container to run, once, at a time."""

    schedule = Instant(
        required=True,
        metadata={
            "description": "When it starts: ISO 8601, UTC if no zone is named; in a year at most."
        },
    )
    docker_image = Text(
        required=True,
        validate=rule.image,
        metadata={"description": "The image, with registry, tag or digest as needed."},
    )
    cmd = rule.Command(
        load_default=(),
        validate=rule.fitting,
        metadata={"description": "A string, split as a shell splits words, or a list of words."},
    )
    env = TextList(
        Text(validate=rule.assignment),
        load_default=(),
        validate=rule.fitting,
        metadata={
            "description": "Environment: NAME=value entries. They are shown; see secret_env."
        },
    )
    name = Text(
        validate=rule.line(128), metadata={"description": "A name for people; need not be unique."}
    )
    labels = Dictionary(
        keys=Text(validate=rule.line(63)),
        values=Text(validate=rule.line(256, least=0)),
        validate=rule.at_most(32, "labels"),
        metadata={"description": "Words of your own, shown with the job."},
    )
    provider = Text(
        validate=rule.line(63), metadata={"description": "Where the machine comes from."}
    )
    runner = Text(
        validate=rule.line(63), metadata={"description": "How the container is run on the machine."}
    )
    planner = Text(
        validate=rule.line(63), metadata={"description": "What decides when capacity is asked for."}
    )
    options = Dictionary(
        keys=Text(validate=rule.line(63)),
        values=Dictionary(),
        metadata={"description": "Options of plugins, by the plugin's name."},
    )
    resources = Part(ResourcesRequest, metadata={"description": "What the machine must have."})
    timeout = Duration(
        validate=rule.lasting(_SHORTEST, timedelta(days=7), "longer than 0, at most 7 days"),
        metadata={"description": "How long the container may run; at most 7 days."},
    )
    grace = Duration(
        validate=rule.lasting(timedelta(0), timedelta(seconds=90), "from 0 to 90 seconds"),
        metadata={"description": "Time between SIGTERM and SIGKILL; at most 90 seconds."},
    )
    late_limit = Duration(
        validate=rule.lasting(_SHORTEST, YEAR, "longer than 0, at most 365 days"),
        metadata={"description": "How late an attempt may start before it is given up."},
    )
    retry = Part(RetryRequest, metadata={"description": "Which failures are tried again."})
    secret_env = Dictionary(
        keys=Text(validate=rule.variable),
        values=Text(validate=rule.line(128)),
        validate=rule.at_most(rule.ENTRIES, "secrets"),
        metadata={
            "description": "Variable to the name of a configured secret; its value is never shown."
        },
    )
    registry_auth = Text(
        validate=rule.line(128),
        metadata={"description": "Name of a configured registry credential."},
    )
    pull = Text(
        validate=validate.OneOf(("always", "missing"), error="use always or missing"),
        metadata={"description": "Whether the image is pulled although it is there."},
    )

    @validates_schema
    def _names_each_variable_once(self, data: dict[str, Any], **_: Any) -> None:
        plain = {entry.partition("=")[0] for entry in data.get("env", ())}
        both = sorted(plain & set(data.get("secret_env", {})))
        if both:
            raise ValidationError(
                f"{both[0]} is in env too: name each variable once", field_name="secret_env"
            )


_SCHEMA: Final = JobRequest()


def load(body: Any, *, now: datetime) -> dict[str, Any]:
    """Check the body and turn it into values; `command` is added: the user's words as one string.

    Raises:
        marshmallow.ValidationError: with a sentence for each wrong field.
    """
    asked: dict[str, Any] = _SCHEMA.load(body)
    if asked["schedule"] > now + YEAR:
        raise ValidationError({"schedule": ["this must be at most a year ahead"]})
    asked["env"] = tuple(asked["env"])
    if "on" in asked.get("retry", {}):
        asked["retry"]["on"] = tuple(asked["retry"]["on"])
    asked["command"] = _words(body)
    return asked


def _words(body: Mapping[str, Any]) -> str:
    said = body.get("cmd", "")
    return said if isinstance(said, str) else shlex.join(said)


__all__ = ["JobRequest", "ResourcesRequest", "RetryRequest", "load"]
