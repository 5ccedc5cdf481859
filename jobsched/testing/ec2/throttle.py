"""Calls that AWS refuses whatever they ask: too many of them, or an error that a test ordered."""

from __future__ import annotations

from typing import Any, Final

from jobsched.testing.ec2.refusal import Refusal
from jobsched.testing.ec2.switches import Switches, use_up

THROTTLED: Final = {
    "ec2": ("RequestLimitExceeded", 503),
    "query": ("Throttling", 400),
    "json": ("ThrottlingException", 400),
}


def check(switches: Switches, operation: str, protocol: str) -> None:
    """Raise a Refusal if a switch says so; a number in the switch is used up by one.

    Args:
        switches: say it, by operation.
        operation: the name of what is called.
        protocol: how its service writes errors, as `call.PROTOCOLS` has it.
    """
    if use_up(switches.throttle, operation):
        code, status = THROTTLED[protocol]
        raise Refusal(code, "Request limit exceeded.", status=status)
    ordered = switches.fail.get(operation, switches.fail.get("*"))
    if ordered is not None:
        _fail(ordered if isinstance(ordered, dict) else {"code": ordered})


def _fail(ordered: dict[str, Any]) -> None:
    times = ordered.get("times", -1)
    if times == 0:
        return
    if times > 0:
        ordered["times"] = times - 1
    words = ordered.get("message", "A switch of the fake says so.")
    raise Refusal(ordered["code"], words, status=ordered.get("status"))


__all__ = ["check"]
