"""What a machine posts, besides ``action``, ``job_id`` and ``instance_id``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, validate, validates_schema

from jobsched.schemas.field import Strict, Text, Whole

LONGEST_PATH = 200
#: More than any disk has; greater JSON numbers are not exact everywhere.
MOST_BYTES = 2**53


class DiskUsagePayload(Strict):
    """How full one disk is. What a machine posts is not trusted: every value has its bounds."""

    path = Text(
        required=True,
        validate=[
            validate.Regexp("/", error="write it from the root: /var"),
            validate.Length(max=LONGEST_PATH),
        ],
        metadata={"description": "where the disk is mounted"},
    )
    used_bytes = Whole(required=True, validate=validate.Range(min=0, max=MOST_BYTES))
    total_bytes = Whole(required=True, validate=validate.Range(min=1, max=MOST_BYTES))

    @validates_schema
    def _check(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["used_bytes"] > data["total_bytes"]:
            raise ValidationError("this is more than total_bytes", "used_bytes")
