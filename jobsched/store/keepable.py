"""Whether a plugin's answer would come back from the store as what it was."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from typing import Any, Generic, TypeVar, get_args, get_type_hints

import msgspec

T = TypeVar("T")

#: bytes of one answer as JSON: a record holds many, and is written with each change
LARGEST = 64 * 1024
#: objects and lists in each other; readers of JSON give up at some depth
DEEPEST = 32
#: a time outside these years is a mistake, and breaks the sums that deadlines are made of
YEARS = range(1970, 9000)


class NotKeepable(ValueError):
    """The answer is not of its type, or no JSON, or too large; the sentence says which."""


class Keepable(Generic[T]):
    """Checks answers of one dataclass of the contracts, to the last field."""

    def __init__(self, kind: type[T]) -> None:
        self._kind = kind
        self._decoder = msgspec.json.Decoder(kind)

    def __call__(self, given: object) -> T:
        """Give the answer as the store would give it back: equal, and not the plugin's own object.

        Raises:
            NotKeepable: it would not come back, or as something else.
        """
        # not of a class that is derived from it: its other fields would be lost
        if type(given) is not self._kind:
            raise NotKeepable(f"{named(given)}, and no {self._kind.__name__}")
        try:
            written = _encoder.encode(given)
            read = self._decoder.decode(written)
        except Exception as error:
            raise NotKeepable(f"{named(given)} that cannot be kept: {error}") from error
        if len(written) > LARGEST:
            raise NotKeepable(f"{named(given)} of {len(written)} bytes; the most is {LARGEST}")
        if read != given:
            raise NotKeepable(
                f"{named(given)} that is not JSON: what is in it may be objects with texts as "
                "keys, lists, texts, numbers, true, false and null"
            )
        if written.count(b"[") + written.count(b"{") > DEEPEST and _depth(written) > DEEPEST:
            raise NotKeepable(f"{named(given)} with more than {DEEPEST} levels in it")
        _check_times(read)
        return read


def named(given: object) -> str:
    """Give what somebody gave, in words that cannot hold a secret: its type."""
    if given is None:
        return "nothing (None)"
    article = "an" if type(given).__name__[:1].lower() in set("aeiou") else "a"
    return f"{article} {type(given).__name__}"


def _depth(written: bytes) -> int:
    depth = 0
    level = [msgspec.json.decode(written)]
    while level:
        depth += 1
        level = [
            inner
            for one in level
            if isinstance(one, dict | list)
            for inner in (one.values() if isinstance(one, dict) else one)
        ]
    return depth


def _check_times(given: object) -> None:
    """See that every time has a zone and a year that one can reckon with."""
    for name in _timed(type(given)):
        value = getattr(given, name)
        if isinstance(value, datetime):
            if value.tzinfo is None:
                raise NotKeepable(f"{named(given)} whose {name} has no time zone: use UTC")
            if value.year not in YEARS:
                raise NotKeepable(f"{named(given)} whose {name} is in the year {value.year}")
        elif dataclasses.is_dataclass(value):
            _check_times(value)


def _timed(kind: type) -> tuple[str, ...]:
    """Give the fields of a dataclass that may hold a time: a list of machines has many others."""
    if kind not in _known:
        hints = get_type_hints(kind)
        names = (field.name for field in dataclasses.fields(kind))
        _known[kind] = tuple(name for name in names if _may_hold(hints[name]))
    return _known[kind]


def _may_hold(hint: Any) -> bool:
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        return bool(_timed(hint))
    return hint is datetime or any(map(_may_hold, get_args(hint)))


_known: dict[type, tuple[str, ...]] = {}
_encoder = msgspec.json.Encoder()

__all__ = ["DEEPEST", "LARGEST", "Keepable", "NotKeepable", "named"]
