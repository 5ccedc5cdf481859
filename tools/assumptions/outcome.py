"""What a check finds, and how a function becomes the check of a rule."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from tools.assumptions.account import Account

Check = Callable[["Account"], None]

#: the rule's name on the page → its check
CHECKS: dict[str, Check] = {}


class Unseen(Exception):
    """It cannot be brought about at will, and did not happen: the words say how to see it."""


def rule(name: str) -> Callable[[Check], Check]:
    """Make a function the check of a rule.

    It returns where the rule holds, and raises `AssertionError` where it does not, and `Unseen`
    where nothing can be said.
    """

    def register(check: Check) -> Check:
        CHECKS[name] = check
        return check

    return register


def same(seen: object, expected: object) -> None:
    """Say what was seen where something else was expected."""
    if seen != expected:
        raise AssertionError(f"expected {expected!r}, seen {seen!r}")


def holds(condition: object, seen: object) -> None:
    """Say what was seen where something is not so."""
    if not condition:
        raise AssertionError(f"seen {seen!r}")


def code(function: Callable[..., Any], **asked: Any) -> str:
    """Give the code of the error that a call ends with; empty: it succeeds."""
    return refusal(function, **asked)[0]


def refusal(function: Callable[..., Any], **asked: Any) -> tuple[str, int]:
    """Give the code and the status of the error that a call ends with; empty: it succeeds."""
    try:
        answer = function(**asked)
    except ClientError as error:
        about: Any = error.response
        return str(about["Error"]["Code"]), int(about["ResponseMetadata"]["HTTPStatusCode"])
    return "", int(answer["ResponseMetadata"]["HTTPStatusCode"])


def codes(answer: dict[str, Any]) -> set[str]:
    """Give the codes of a fleet's errors."""
    return {one["ErrorCode"] for one in answer["Errors"]}


__all__ = ["CHECKS", "Check", "Unseen", "code", "codes", "holds", "refusal", "rule", "same"]
