"""The body of ``POST /callback``: what a machine posts."""

from __future__ import annotations

import re
from typing import Any, Final

from marshmallow import INCLUDE, validate

from jobsched.schemas import rule
from jobsched.schemas.field import Strict, Text

JOB_ID: Final = re.compile(r"[A-Za-z0-9]{32}\Z")
FIELDS: Final = ("action", "job_id", "instance_id")


class CallbackRequest(Strict):
    """Which machine says what; further fields are the action's own, checked by its schema."""

    class Meta:
        """What is not known here belongs to the action."""

        unknown = INCLUDE

    action = Text(
        required=True,
        validate=rule.line(63),
        metadata={"description": "What happened: update, terminate, or a plugin's word."},
    )
    job_id = Text(
        required=True,
        validate=validate.Regexp(JOB_ID, error="a job's id has 32 letters and digits"),
        metadata={"description": "The job that the machine was started for."},
    )
    instance_id = Text(
        required=True,
        validate=rule.line(255),
        metadata={"description": "The machine, as its provider names it."},
    )


_SCHEMA: Final = CallbackRequest()


def load(body: Any) -> tuple[dict[str, str], dict[str, Any]]:
    """Check the body; give the three known fields, and what else was posted.

    Raises:
        marshmallow.ValidationError: with a sentence for each wrong field.
    """
    loaded: dict[str, Any] = _SCHEMA.load(body)
    known = {name: loaded.pop(name) for name in FIELDS}
    return known, loaded


__all__ = ["FIELDS", "JOB_ID", "CallbackRequest", "load"]
