"""Filters and pages of descriptions."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from jobsched.testing.ec2.refusal import Refusal

Read = Callable[[Any], Sequence[str]]


def wanted_by(
    asked: Mapping[str, Any], things: Sequence[Any], reads: Mapping[str, Read]
) -> list[Any]:
    """Give the things that fit all filters of a call; `tag:` ones are read from `.tags`.

    Args:
        asked: the call's parameters.
        things: to choose from.
        reads: for the name of each filter, how its values are read from a thing.

    Raises:
        Refusal: a filter that the fake does not know.
    """
    left = list(things)
    for one in asked.get("Filters") or ():
        read = _read(one["Name"], reads)
        left = [thing for thing in left if _fits(read(thing), one.get("Values") or ())]
    return left


def page(
    things: Sequence[Any], asked: Mapping[str, Any], size: int
) -> tuple[list[Any], dict[str, Any]]:
    """Give one page, and the token of the next one where there is one.

    A page may be shorter than the caller asks for.

    Raises:
        Refusal: the token is none of ours.
    """
    start = _start(asked.get("NextToken"))
    end = start + min(int(asked.get("MaxResults") or size), size)
    more = {"NextToken": base64.b64encode(str(end).encode()).decode()} if end < len(things) else {}
    return list(things[start:end]), more


def _read(name: str, reads: Mapping[str, Read]) -> Read:
    if name.startswith("tag:"):
        key = name.removeprefix("tag:")
        return lambda thing: [thing.tags[key]] if key in thing.tags else []
    if name == "tag-key":
        return lambda thing: list(thing.tags)
    if name not in reads:
        raise Refusal("InvalidParameterValue", f"The filter '{name}' is invalid")
    return reads[name]


def _fits(values: Sequence[str], patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(value, pattern) for value in values for pattern in patterns)


def _start(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except ValueError:
        raise Refusal("InvalidNextToken", f"The token '{token}' is invalid") from None


__all__ = ["page", "wanted_by"]
