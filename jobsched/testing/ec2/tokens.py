"""Idempotent launches: one token, one answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.refusal import Refusal

LONGEST: Final = 64
#: what may differ between two calls that are the same
ASIDE: Final = frozenset({"ClientToken", "DryRun"})

Launches = Callable[[], tuple[dict[str, Any], list[str]]]


def once(cloud: Cloud, operation: str, asked: dict[str, Any], launch: Launches) -> dict[str, Any]:
    """Launch, unless the token was used: then give the answer that was given.

    A call that was refused has not used its token; a fleet that got no machine has.

    Args:
        cloud: keeps the tokens.
        operation: tokens of another operation are others.
        asked: the parameters, with the token if there is one.
        launch: does it; gives the answer and the ids of the machines.

    Raises:
        Refusal: the token was used with other parameters; or, if the switch `dead_token` says so,
            its machine is dead.
    """
    token = asked.get("ClientToken")
    if not token:
        return launch()[0]
    if len(token) > LONGEST:
        raise Refusal("InvalidParameterValue", f"ClientToken is longer than {LONGEST} characters")
    same = json.dumps(
        {key: asked[key] for key in asked if key not in ASIDE}, sort_keys=True, default=str
    )
    if (operation, token) not in cloud.tokens:
        answer, machines = launch()
        cloud.tokens[operation, token] = same, answer, machines
        return answer
    before, answer, machines = cloud.tokens[operation, token]
    if before != same:
        words = "The client token was used before with other parameters."
        raise Refusal("IdempotentParameterMismatch", words)
    _check_alive(cloud, machines)
    return answer


def _check_alive(cloud: Cloud, machines: list[str]) -> None:
    if cloud.switches.dead_token == "instance" or not machines:  # noqa: S105  # no secret
        return
    alive = {one.id for one in cloud.alive()}
    if alive.isdisjoint(machines):
        words = f"The instance {machines[0]} of this client token has been terminated."
        raise Refusal("IdempotentInstanceTerminated", words)


__all__ = ["once"]
