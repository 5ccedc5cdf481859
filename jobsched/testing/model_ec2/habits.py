"""How EC2 behaves this time: the fake's own switches, set by chance for the length of one call."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from jobsched.testing.ec2.launching import NO_CAPACITY
from jobsched.testing.ec2.switches import Switches
from jobsched.testing.model_ec2.faults import Chance

#: every pool
ANY: Final = "*"
#: seconds until a fresh machine is found. The product counts on it that this is below its
#: ``settles_within`` of ten minutes.
LATE: Final = (5.0, 30.0)
VERY_LATE: Final = (60.0, 540.0)
#: seconds from the begin of a machine's end until it has ended
USUAL_END: Final = (1.0, 8.0)
SLOW_END: Final = (20.0, 90.0)
#: with what a stillborn machine ends: nine of ten for want of capacity
STILLBORN: Final = (f"Server.{NO_CAPACITY}", "Server.InternalError")


@contextmanager
def behaving(switches: Switches, habits: dict[str, Any]) -> Iterator[None]:
    """Set switches for the length of the block."""
    before = {name: getattr(switches, name) for name in habits}
    for name, value in habits.items():
        setattr(switches, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(switches, name, value)


def of_launch(switches: Switches, chance: Chance, market: str) -> dict[str, Any]:
    """Say how a launch goes that is made for the first time."""
    if chance.strikes("no capacity"):
        return {"dry": [*switches.dry, ANY]}
    if chance.strikes("quota reached"):
        return {"quota": {**switches.quota, market: 0}}
    late = _lateness(chance)
    habits: dict[str, Any] = {} if late is None else {"visible_after_seconds": late}
    if chance.strikes("machine stillborn"):
        code = STILLBORN[chance.between(0, 1) > 0.9]  # noqa: PLR2004  # one of ten
        habits |= {"stillborn": {ANY: code}, **of_end(chance)}
    return habits


def of_repeat(chance: Chance) -> dict[str, Any]:
    """Say how a request is answered that was sent before, and whose machine has ended."""
    return {"dead_token": "error" if chance.strikes("dead token refused") else "instance"}


def of_end(chance: Chance) -> dict[str, Any]:
    """Say how a machine ends."""
    ends = SLOW_END if chance.strikes("machine ends slowly") else USUAL_END
    habits: dict[str, Any] = {"shutting_down_seconds": chance.between(*ends)}
    if chance.strikes("machine vanishes at its end"):
        habits["vanish_after_seconds"] = 0.0
    if chance.strikes("disk left behind"):
        habits["leave_volumes"] = True
    return habits


def _lateness(chance: Chance) -> float | None:
    if chance.strikes("machine shown very late"):
        return chance.between(*VERY_LATE)
    return chance.between(*LATE) if chance.strikes("machine shown late") else None


__all__ = ["ANY", "behaving", "of_end", "of_launch", "of_repeat"]
