"""The switches: every fault and habit of the fake that a test or a person sets while it runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any


@dataclass(slots=True, kw_only=True)
class Switches:
    """All switches, as an honest EC2 on a good day has them. Times are in seconds.

    A *pool* is a pattern for market, type and zone, as `spot/m7i.large/us-east-1a` or `spot/*/*`.
    Numbers by operation (`{"CreateFleet": 3}`) count down; -1 is until changed; `*` is any.
    """

    #: pools without a machine to give
    dry: list[str] = field(default_factory=list)
    #: spot prices in US dollars an hour, by `type/zone`, where patterns are allowed
    price: dict[str, str] = field(default_factory=dict)
    #: machines at most, by market
    quota: dict[str, int] = field(default_factory=dict)
    #: subnets without an address to give, by id or zone, where patterns are allowed
    full_subnets: list[str] = field(default_factory=list)
    #: machines that are launched and terminated at once, by pool, with the code of the reason
    stillborn: dict[str, str] = field(default_factory=dict)

    #: calls that are refused with RequestLimitExceeded
    throttle: dict[str, int] = field(default_factory=dict)
    #: calls that are refused, by operation: a code, or {"code", "message", "status", "times"}
    fail: dict[str, Any] = field(default_factory=dict)
    #: actions without a permission, as `ec2:RunInstances`, where patterns are allowed
    deny: list[str] = field(default_factory=list)
    #: connections that end before the call has had its effect
    lose_before: dict[str, int] = field(default_factory=dict)
    #: connections that end after the call has had its effect
    lose_after: dict[str, int] = field(default_factory=dict)
    #: seconds until an operation begins
    slow: dict[str, float] = field(default_factory=dict)
    #: calls that have their effect and are not answered until the switch is changed
    hang: dict[str, int] = field(default_factory=dict)

    #: pending → running; -1: only when told so (`boot`)
    pending_seconds: float = 0
    #: how long a fresh machine is not found, by its id or in lists
    visible_after_seconds: float = 0
    #: shutting-down → terminated
    shutting_down_seconds: float = 0
    #: how long a terminated machine is still described
    vanish_after_seconds: float = 3600
    #: volumes stay when their machine is terminated
    leave_volumes: bool = False
    #: what a token answers whose machines are dead: `instance` (their ids) or `error`
    dead_token: str = "instance"  # noqa: S105  # no secret
    #: images that are not there
    bad_images: list[str] = field(default_factory=list)
    #: bytes of user data, before its encoding
    user_data_limit: int = 16384
    #: machines on one page of a description at most, however many the caller asks for
    page_size: int = 1000

    def set(self, values: Mapping[str, Any]) -> None:
        """Set some of them.

        Raises:
            ValueError: an unknown name, or a value of another kind.
        """
        known = {one.name for one in fields(self)}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"no switch {name}; there are: {', '.join(sorted(known))}")
            if not isinstance(value, _kinds(getattr(self, name))):
                raise ValueError(  # noqa: TRY004  # it comes as JSON, from a person
                    f"{name} is not of the kind of {getattr(self, name)!r}: {value!r}"
                )
        for name, value in values.items():
            setattr(self, name, value)


def _kinds(value: Any) -> tuple[type, ...]:
    return (int, float) if type(value) in {int, float} else (type(value),)


def first_match(patterns: Mapping[str, Any], word: str) -> Any:
    """Give the value of the first pattern that the word fits; None: there is none."""
    return next((value for one, value in patterns.items() if fnmatchcase(word, one)), None)


def is_named(patterns: list[str], word: str) -> bool:
    """Whether one of the patterns fits the word."""
    return any(fnmatchcase(word, one) for one in patterns)


def use_up(counts: dict[str, int], operation: str) -> bool:
    """Take one from an operation's number; False: there is none to take."""
    key = operation if operation in counts else "*"
    left = counts.get(key, 0)
    if left > 0:
        counts[key] = left - 1
    return left != 0


__all__ = ["Switches", "first_match", "is_named", "use_up"]
