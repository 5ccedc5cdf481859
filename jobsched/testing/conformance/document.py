"""JSON as the core writes it."""

from __future__ import annotations

import json
from typing import Any

from jobsched.testing.conformance.breach import Broken

DO = "Give an object that JSON can write: no dates, sets, bytes, NaN; text as keys."


def is_text(made: object) -> bool:
    """Whether it is a text with something in it; a plugin may give anything."""
    return isinstance(made, str) and made != ""


def of(made: object, what: str) -> dict[str, Any]:
    """Give the object as it is after it was written and read.

    Raises:
        Broken: it is no object, cannot be written, or does not come back as it was.
    """
    try:
        read = json.loads(json.dumps(made, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise Broken(f"{what} gave {made!r}, which is no JSON: {error}", do=DO) from error
    if not isinstance(read, dict) or read != made:
        raise Broken(f"{what} gave {made!r}, which comes back as {read!r}", do=DO)
    return read


def parsed(text: object, what: str) -> dict[str, Any]:
    """Give the object in a text.

    Raises:
        Broken: it is no text, or no JSON object.
    """
    if not isinstance(text, str):
        raise Broken(f"{what} gave {type(text).__name__}, which is no text")
    try:
        read = json.loads(text, parse_constant=_refuse)
    except ValueError as error:
        raise Broken(f"{what} gave {text[:200]!r}, which is no JSON: {error}") from error
    if not isinstance(read, dict):
        raise Broken(f"{what} gave {text[:200]!r}, which is no JSON object")
    return read


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not in JSON")


__all__ = ["is_text", "of", "parsed"]
