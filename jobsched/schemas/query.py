"""What may stand after the question mark."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import validate

from jobsched.domain.state import State
from jobsched.schemas import rule
from jobsched.schemas.field import Strict, Text, Whole

_STATES = tuple(state.value for state in State)
_DIGITS = 9


class Count(Whole):
    """A whole number, written in a query."""

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> int:
        if not (isinstance(value, str) and value.isascii() and value.isdecimal()):
            raise self.make_error("invalid")
        if len(value) > _DIGITS:
            raise self.make_error("invalid")
        return super()._deserialize(int(value), attr, data, **kwargs)


class ListQuery(Strict):
    """The query of ``GET /list``."""

    status = Text(
        validate=validate.OneOf(_STATES, error="use one of {choices}"),
        metadata={"description": "Only jobs in this state."},
    )
    limit = Count(
        load_default=50,
        validate=rule.between(1, 200),
        metadata={"description": "Jobs on a page, from 1 to 200."},
    )
    cursor = Text(
        validate=rule.line(500),
        metadata={"description": "The next of the page before; none: the first page."},
    )


class LogQuery(Strict):
    """The query of ``GET /logs/{id}``."""

    attempt = Count(
        validate=rule.between(1, 10**6),
        metadata={"description": "The attempt's number; without it the latest."},
    )


__all__ = ["Count", "ListQuery", "LogQuery"]
