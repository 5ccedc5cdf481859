"""Machines end: by TerminateInstances, by an interruption, or because a test says so."""

from __future__ import annotations

from typing import Any, Final

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.describing import found
from jobsched.testing.ec2.instance import state
from jobsched.testing.ec2.launching import end
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.ec2.refusal import Refusal

#: seconds between the notice of an interruption and the interruption
NOTICE: Final = 120
BY_USER: Final = "Client.UserInitiatedShutdown"
#: it switched itself off
POWERED_OFF: Final = "Client.InstanceInitiatedShutdown"
INTERRUPTED: Final = "Server.SpotInstanceTermination"


def terminate(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer TerminateInstances.

    Raises:
        Refusal: one id is not found, or one machine is protected; then none is terminated.
    """
    machines = found(cloud, asked["InstanceIds"])
    for one in machines:
        if one.settings.get("DisableApiTermination"):
            words = f"The instance '{one.id}' may not be terminated. "
            words += "Modify its 'disableApiTermination' instance attribute and try again."
            raise Refusal("OperationNotPermitted", words)
    return {"TerminatingInstances": [_terminated(cloud, one) for one in machines]}


def _terminated(cloud: Cloud, machine: Machine) -> dict[str, Any]:
    before = machine.state(cloud.now())
    end(cloud, machine, BY_USER, f"{BY_USER}: User initiated shutdown")
    # Even a termination that takes no time is answered as begun.
    after = "terminated" if before == "terminated" else "shutting-down"
    return {
        "InstanceId": machine.id,
        "PreviousState": state(before),
        "CurrentState": state(after),
    }


def interrupt(cloud: Cloud, machine: Machine, *, notice: bool, seconds: float = NOTICE) -> None:
    """Take a spot machine back, at once or two minutes after telling it.

    Args:
        cloud: whose machine it is.
        machine: of the market `spot`.
        notice: whether it is told.
        seconds: between the notice and the interruption; a test may not have two minutes.

    Raises:
        ValueError: it is no spot machine.
    """
    if machine.market != "spot":
        raise ValueError(f"{machine.id} is no spot machine: EC2 does not interrupt it")
    if notice and machine.notice_at is None:
        machine.notice_at = cloud.now()
    words = f"{INTERRUPTED}: Spot instance termination"
    end(cloud, machine, INTERRUPTED, words, after=seconds if notice else 0)


def recommend_rebalance(cloud: Cloud, machine: Machine) -> None:
    """Tell a spot machine that it may be interrupted soon.

    Raises:
        ValueError: it is no spot machine.
    """
    if machine.market != "spot":
        raise ValueError(f"{machine.id} is no spot machine: EC2 recommends it nothing")
    if machine.rebalance_at is None:
        machine.rebalance_at = cloud.now()


__all__ = [
    "BY_USER",
    "INTERRUPTED",
    "NOTICE",
    "POWERED_OFF",
    "interrupt",
    "recommend_rebalance",
    "terminate",
]
