"""Durations: ``90``, ``15m`` and ``2h30m`` in, ``3 min 12 s`` out."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from marshmallow import ValidationError, fields

LONGEST = timedelta(days=3650)
UNITS = {
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
#: Each unit at most once, the greatest first; a bare number is seconds.
_WRITTEN = re.compile(
    "".join(rf"(?:(?P<{unit}>\d{{1,12}}(?:\.\d{{1,9}})?){unit})?" for unit in UNITS), re.ASCII
)
_NUMBER = re.compile(r"[+-]?\d{1,12}(\.\d{1,9})?", re.ASCII)


def parse(value: object) -> timedelta:
    """Read a duration: seconds, or text like ``90``, ``1.5``, ``15m``, ``2h30m``, ``250ms``.

    Raises:
        ValueError: with one sentence for the user.
    """
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
    elif isinstance(value, str):
        seconds = _read(value.strip())
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = _as_float(value)
    else:
        raise ValueError(_not_one(value))  # noqa: TRY004 - one kind of error for every bad value
    if not math.isfinite(seconds):
        raise ValueError("a duration is a finite number of seconds")
    if seconds < 0:
        raise ValueError("a duration cannot be negative")
    if seconds > LONGEST.total_seconds():
        raise ValueError(f"a duration is at most {LONGEST.days} days")
    return timedelta(seconds=seconds)


def human(duration: timedelta) -> str:
    """Write a duration for people, with its two greatest units: ``3 min 12 s``, ``250 ms``."""
    sign = "-" if duration < timedelta(0) else ""
    left = round(abs(duration) / timedelta(milliseconds=1))
    if left >= 1000:  # noqa: PLR2004 - from a second on, its parts do not matter
        left = round(left / 1000) * 1000
    parts: list[str] = []
    for name, size in (
        ("d", 86_400_000),
        ("h", 3_600_000),
        ("min", 60_000),
        ("s", 1000),
        ("ms", 1),
    ):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {name}")
        elif parts:
            break
    return sign + (" ".join(parts[:2]) or "0 s")


def written(duration: timedelta) -> str:
    """Write a duration as it is read: ``2h30m``."""
    left = duration
    text = ""
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        text += f"{count}{unit}" if count else ""
    return text or "0s"


def in_seconds(duration: timedelta) -> int | float:
    """Give the number of seconds, an int where it is whole."""
    seconds = duration.total_seconds()
    return int(seconds) if seconds.is_integer() else seconds


class Duration(fields.Field[timedelta]):
    """A duration, read by :func:`parse` and written as a number of seconds."""

    def __init__(
        self, *, least: timedelta | None = None, most: timedelta | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        #: bounds, both inclusive
        self.least = least
        self.most = most

    def _deserialize(
        self,
        value: Any,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        data: Mapping[str, Any] | None,  # noqa: ARG002 - the same
        **kwargs: Any,  # noqa: ARG002 - the same
    ) -> timedelta:
        try:
            duration = parse(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if self.least is not None and duration < self.least:
            raise ValidationError(f"at least {human(self.least)}")
        if self.most is not None and duration > self.most:
            raise ValidationError(f"at most {human(self.most)}")
        return duration

    def _serialize(
        self,
        value: timedelta | None,
        attr: str | None,  # noqa: ARG002 - marshmallow's signature
        obj: Any,  # noqa: ARG002 - the same
        **kwargs: Any,  # noqa: ARG002 - the same
    ) -> int | float | None:
        return None if value is None else in_seconds(value)


def _read(text: str) -> float:
    if _NUMBER.fullmatch(text):
        return float(text)
    found = _WRITTEN.fullmatch(text)
    if not text or not found:
        raise ValueError(_not_one(text))
    return sum(
        float(count) * UNITS[unit].total_seconds() for unit, count in found.groupdict("0").items()
    )


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _not_one(value: object) -> str:
    shown = repr(value)
    shown = shown if len(shown) < 40 else shown[:36] + "…"  # noqa: PLR2004 - a glance is enough
    return f"{shown} is no duration: write seconds, or 15m, 2h30m, 1d, 250ms"


__all__ = ["Duration", "human", "in_seconds", "parse", "written"]
