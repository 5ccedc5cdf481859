"""What EC2's description of a machine means: its phase, how it is reached, why it ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from jobsched.contracts.provider import InstanceStatus, OwnedMachine, Refusal
from jobsched.domain.job import Access, Instance, Json
from jobsched.plugins.ec2_spot import failure, tags
from jobsched.plugins.ec2_spot.wish import Market

Phase = Literal["pending", "running", "going", "gone", "unknown"]

#: Docker's own port for TLS
PORT: Final = 2376
#: by EC2's "instance lifecycle". One that is stopped can never be used again: what ran on it has
#: ended, and it is paid for (its disk) until it is terminated.
PHASES: Final[Mapping[str, Phase]] = {
    "pending": "pending",
    "running": "running",
    "stopping": "going",
    "stopped": "going",
    "shutting-down": "going",
    "terminated": "gone",
}
#: nobody of ours stops a machine: AWS did, for its host is to retire, or a person
STOPPED: Final = frozenset({"stopping", "stopped"})
#: state reasons by which AWS takes a spot machine away
INTERRUPTIONS: Final = frozenset({"Server.SpotInstanceTermination", "Server.SpotInstanceShutdown"})
#: the API's own word for our ``terminate``, and the machine's own power-off
BY_US: Final = frozenset({"Client.UserInitiatedShutdown", "Client.InstanceInitiatedShutdown"})


def status_of(machine: Mapping[str, Any], *, public_address: bool) -> InstanceStatus:
    """Give the status of one machine as ``DescribeInstances`` shows it. Pure.

    Args:
        machine: one of ``Reservations[].Instances[]``.
        public_address: whether workers reach it at its public address, else at its private one.
    """
    state = state_of(machine)
    access = _access(machine, public_address=public_address)
    ended_in_another_way = state in STOPPED or why_ended(machine) in INTERRUPTIONS
    return InstanceStatus(
        phase=PHASES.get(state, "unknown"),
        access=access,
        instance=Instance(
            id=machine["InstanceId"],
            access=access,
            state=_kept(machine, public_address=public_address),
        ),
        interrupted=ended_in_another_way,
        refusal=_refusal(machine),
    )


def owned_of(machine: Mapping[str, Any], *, public_address: bool) -> OwnedMachine | None:
    """Give a machine as what it is by its tags; None: it is gone. Pure; arguments as above."""
    status = status_of(machine, public_address=public_address)
    if status.phase == "gone" or status.instance is None:
        return None
    marks = tags.read(machine.get("Tags", ()))
    attempt = marks.get(tags.ATTEMPT, "")
    return OwnedMachine(
        instance=status.instance,
        phase=status.phase,
        token=marks.get(tags.LAUNCH, ""),
        job=marks.get(tags.JOB, ""),
        attempt=int(attempt) if attempt.isdecimal() else 0,
        launched_at=machine.get("LaunchTime"),
        dies_at=_time(marks.get(tags.DIES_AT, "")),
    )


def _time(text: str) -> datetime | None:
    """Give the time in a tag; None where there is none, or none to count on."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else None


def state_of(machine: Mapping[str, Any]) -> str:
    """Give EC2's word for its state: ``pending`` or ``running``, say."""
    return str(machine.get("State", {}).get("Name", ""))


def why_ended(machine: Mapping[str, Any]) -> str:
    """Give the code of its state reason: ``Server.InsufficientInstanceCapacity``, …; or nothing."""
    return str(machine.get("StateReason", {}).get("Code", ""))


def market_of(machine: Mapping[str, Any]) -> Market:
    """Say how it is paid for."""
    return "spot" if machine.get("InstanceLifecycle") == "spot" else "on-demand"


def _refusal(machine: Mapping[str, Any]) -> Refusal | None:
    """Say why EC2 ended it at its launch, if the code is one of a refusal.

    EC2 says of a launch that fails only after the call was answered what it would have said in the
    answer, with the side that is to blame: ``Server.InsufficientInstanceCapacity``,
    ``Client.VolumeLimitExceeded``.
    """
    side, _, code = why_ended(machine).partition(".")
    if PHASES.get(state_of(machine)) != "gone" or side not in {"Client", "Server"}:
        return None
    meant = failure.of_code(code, str(machine["StateReason"].get("Message", "")))
    if meant.effect != "none" or meant.then not in {"next", "breaker"}:
        return None
    return Refusal(reason=meant.reason, message=meant.message, then=meant.then)


def _kept(machine: Mapping[str, Any], *, public_address: bool) -> Json:
    """Give what the record keeps of it; the same keys as the launch writes."""
    launched_at = machine.get("LaunchTime")
    kept = {
        "type": machine.get("InstanceType"),
        "zone": machine.get("Placement", {}).get("AvailabilityZone"),
        "market": market_of(machine),
        "launched_at": launched_at.isoformat() if launched_at else None,
        "dns_name": _either(machine, "PublicDnsName", "PrivateDnsName", first=public_address),
        "ip_address": _address(machine, public_address=public_address),
        "state": state_of(machine),
    }
    if code := why_ended(machine):
        # why it never came up, or went: nobody can ask EC2 for it an hour later
        kept["reason"] = code
    return kept


def _access(machine: Mapping[str, Any], *, public_address: bool) -> Access | None:
    address = _address(machine, public_address=public_address)
    return Access(kind="docker_tls", address=address, port=PORT) if address else None


def _address(machine: Mapping[str, Any], *, public_address: bool) -> str | None:
    return machine.get("PublicIpAddress" if public_address else "PrivateIpAddress") or None


def _either(machine: Mapping[str, Any], one: str, other: str, *, first: bool) -> str | None:
    return machine.get(one if first else other) or None


__all__ = [
    "BY_US",
    "PHASES",
    "PORT",
    "market_of",
    "owned_of",
    "state_of",
    "status_of",
    "why_ended",
]
