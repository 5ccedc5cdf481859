"""Fields of a scenario file that no other file of ours has."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any

from marshmallow import ValidationError, fields

from jobsched.schemas import duration
from jobsched.schemas.field import Number, Strict, Whole, sentences
from jobsched.testing.simulator.scenario.spread import Always, Between, Percentiles, Spread

UNKNOWN = "there is no such key: check its spelling, or leave it out"
SPREAD = 'write a duration ("5m"), {from = "1m", to = "10m"} or {p50 = "5m", p95 = "20m"}'
#: what a cap is that does not hold
NO_CAP = "none"


class Table(Strict):
    """A table of TOML in which every key is known."""

    error_messages = {"unknown": UNKNOWN, "type": "this must be a table"}  # noqa: RUF012 - as in Strict


class Spreading(fields.Field[Spread]):
    """A time that is not always the same."""

    default_error_messages = sentences()

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Spread:
        del attr, data, kwargs
        if not isinstance(value, Mapping):
            return Always(self._time(value))
        if set(value) == {"from", "to"}:
            least, most = self._time(value["from"], "from"), self._time(value["to"], "to")
            if least > most:
                raise ValidationError("from must not be longer than to")
            return Between(least, most)
        if set(value) == {"p50", "p95"}:
            p50, p95 = self._time(value["p50"], "p50"), self._time(value["p95"], "p95")
            if not timedelta(0) < p50 <= p95:
                raise ValidationError("p50 must be longer than 0, and not longer than p95")
            return Percentiles(p50, p95)
        raise ValidationError(SPREAD)

    def _time(self, value: object, key: str = "") -> timedelta:
        try:
            return duration.parse(value)
        except ValueError as error:
            if isinstance(value, list) or (not key and not isinstance(value, str)):
                raise ValidationError(SPREAD) from None
            raise ValidationError({key: [str(error)]} if key else str(error)) from error


class Share(Number):
    """A part of all, from 0 to 1."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(validate=_is_share, **kwargs)


def _is_share(value: float) -> None:
    if not 0 <= value <= 1:
        raise ValidationError("this must be from 0 to 1: 0.1 is every tenth")


class Dollars(Number):
    """A price, as exactly as it is written."""

    def _deserialize(  # type: ignore[override]  # a number is read, and a decimal is kept
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> Decimal:
        number = super()._deserialize(value, attr, data, **kwargs)
        if not 0 <= number <= 1000:  # noqa: PLR2004 - no machine costs more
            raise ValidationError("this must be from 0 to 1000 US dollars an hour")
        return Decimal(str(value))


class Cap(fields.Field[float | None]):
    """A number above 0, or the word for no cap."""

    def __init__(self, *, whole: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._number: fields.Field[Any] = Whole() if whole else Number()

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> float | None:
        if value == NO_CAP:
            return None
        number = self._number.deserialize(value, attr, data, **kwargs)
        if not 0 < number <= 1_000_000:  # noqa: PLR2004 - more is no cap
            raise ValidationError(f'this must be above 0; for no cap write "{NO_CAP}"')
        return float(number) if isinstance(self._number, Number) else int(number)


__all__ = ["NO_CAP", "SPREAD", "UNKNOWN", "Cap", "Dollars", "Share", "Spreading", "Table"]
