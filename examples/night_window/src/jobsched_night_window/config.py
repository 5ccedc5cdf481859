"""The configuration section ``night_window``."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import Schema, ValidationError, fields, validates_schema


class Zone(fields.Field[ZoneInfo]):
    """A time zone, by its name."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> ZoneInfo:
        del attr, data, kwargs
        try:
            return ZoneInfo(value)
        except (TypeError, ValueError, OSError, LookupError):
            message = f"this machine knows no time zone {value!r}: write one as Europe/Berlin"
            raise ValidationError(message) from None


class NightWindowSchema(Schema):
    """When the window opens and closes, by the clock on the wall of a place."""

    begin = fields.Time(
        load_default=time(22), metadata={"description": "When the window opens: 22:00."}
    )
    end = fields.Time(
        load_default=time(6),
        metadata={"description": "When it closes; earlier than begin: in the next morning."},
    )
    zone = Zone(
        load_default=ZoneInfo("UTC"),
        metadata={"description": "The place whose clock counts: Europe/Berlin."},
    )

    @validates_schema
    def _check(self, data: Mapping[str, Any], **_: Any) -> None:
        if data["begin"] == data["end"]:
            message = "the window has no length: set begin and end to different times"
            raise ValidationError(message, "end")
