"""Fields whose errors are sentences for the user: what is wrong, and what to do."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import RAISE, Schema, fields, types


def sentences(**own: str) -> types.ErrorMessages:
    """Give a field's messages: its own, and those that every field has."""
    return {
        "required": "this field is required",
        "null": "this cannot be null: give a value, or leave the field out",
        **own,
    }


class Strict(Schema):
    """A JSON object in which every field is known."""

    class Meta:
        """Unknown fields are refused: a misspelt one would be lost without a word."""

        unknown = RAISE

    # marshmallow declares this as an instance's, so ClassVar is no choice
    error_messages = {  # noqa: RUF012
        "unknown": "there is no such field: check its spelling, or leave it out",
        "type": "this must be a JSON object",
    }


class Text(fields.String):
    """A string, and nothing that would have to be turned into one."""

    default_error_messages = sentences(invalid="this must be a string")


class TextList(fields.List[str]):
    """A list of strings."""

    default_error_messages = sentences(invalid="this must be a list")


class Dictionary(fields.Dict):
    """A JSON object with keys of the user's own."""

    default_error_messages = sentences(invalid="this must be a JSON object")


class Part(fields.Nested):
    """A JSON object with a schema of its own."""

    default_error_messages = sentences(type="this must be a JSON object")


class Number(fields.Float):
    """A finite number; no string, no truth value."""

    default_error_messages = sentences(invalid="this must be a number")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.make_error("invalid")
        try:
            number = super()._deserialize(value, attr, data, **kwargs)
        except OverflowError:
            raise self.make_error("invalid") from None
        if not math.isfinite(number):
            raise self.make_error("invalid")
        return number


class Whole(fields.Integer):
    """A whole number. ``3.0`` is one, as in JSON Schema; ``"3"`` and ``true`` are none."""

    default_error_messages = sentences(invalid="this must be a whole number")

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        del attr, data, kwargs
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise self.make_error("invalid")


class Instant(fields.Field[datetime]):
    """A point in time in ISO 8601; one without a zone is UTC."""

    default_error_messages = sentences(
        invalid="this must be a time in ISO 8601, such as 2026-11-22T19:39:22Z"
    )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        del attr, data, kwargs
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            at = datetime.fromisoformat(value)
            return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            raise self.make_error("invalid") from None

    def _serialize(
        self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any
    ) -> str | None:
        del attr, obj, kwargs
        return None if value is None else instant(value)


def instant(at: datetime) -> str:
    """Write a time as the seed document does: in UTC, with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


__all__ = [
    "Dictionary",
    "Instant",
    "Number",
    "Part",
    "Strict",
    "Text",
    "TextList",
    "Whole",
    "instant",
    "sentences",
]
