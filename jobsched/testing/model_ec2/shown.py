"""A machine as the provider describes it: what ``ec2_spot`` reads from EC2's description."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

from jobsched.contracts.provider import InstanceStatus, OwnedMachine, Refusal
from jobsched.domain.job import Access, Instance, Json, Price
from jobsched.testing.ec2 import prices
from jobsched.testing.ec2.catalogue import TYPES
from jobsched.testing.ec2.ending import INTERRUPTED
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.model_ec2 import meaning
from jobsched.testing.model_ec2.ec2 import ModelEc2
from jobsched.testing.model_ec2.embodied import Embodied

#: what EC2 charges for at the least
AT_LEAST: Final = timedelta(minutes=1)

Listed = Literal["pending", "running", "going"]
Phase = Literal[Listed, "gone"]

#: EC2's words → ours
PHASES: Final[dict[str, Phase]] = {
    "pending": "pending",
    "running": "running",
    "shutting-down": "going",
    "terminated": "gone",
}


def status_of(ec2: ModelEc2, one: Embodied, now: float) -> InstanceStatus:
    """Describe a machine as it is now."""
    state = one.machine.state(now)
    is_ready = not ec2.world.says_ready and state == "running" and now >= one.body.ready_at
    known = one.described.get((state, is_ready))
    if known is None:
        known = one.described[state, is_ready] = _status(one, state, is_ready=is_ready)
    return known


def priced(ec2: ModelEc2, status: InstanceStatus) -> InstanceStatus:
    """Add what a machine costs now, while it is there."""
    instance = status.instance
    if instance is None or status.phase not in {"pending", "running"}:
        return status
    state = instance.state
    per_hour = prices.of(ec2.cloud, TYPES[state["type"]], state["zone"], state["market"])
    price = Price(per_hour=per_hour, at_least=AT_LEAST)
    return replace(status, instance=replace(instance, price=price))


def owned_of(ec2: ModelEc2, one: Embodied, now: float) -> OwnedMachine | None:
    """Say whose a machine is, by its tags; None: it is gone."""
    state = one.machine.state(now)
    phase = PHASES[state]
    if phase == "gone":
        return None
    if state not in one.owned:
        one.owned[state] = _owned(one, status_of(ec2, one, now), phase)
    return one.owned[state]


def state_of(machine: Machine, state: str, launched_at: datetime | None) -> Json:
    """Give what a record keeps of a machine."""
    is_there = state != "terminated"
    return {
        "type": machine.type,
        "zone": machine.zone,
        "market": machine.market,
        "launched_at": launched_at.isoformat() if launched_at else None,
        "dns_name": f"ip-{machine.private_address.replace('.', '-')}" if is_there else None,
        "ip_address": machine.private_address if is_there else None,
        "state": state,
    }


def section(instance: Instance | None) -> Json:
    """Give the section of ``GET /status``; nulls without a machine. Pure."""
    state: Json = instance.state if instance else {}
    return {
        "instance_id": instance.id if instance else None,
        "dns_name": state.get("dns_name"),
        "ready": None,
        "ip_address": state.get("ip_address"),
        "state": state.get("state"),
        "instance_type": state.get("type"),
        "availability_zone": state.get("zone"),
        "lifecycle": state.get("market"),
    }


def _status(one: Embodied, state: str, *, is_ready: bool) -> InstanceStatus:
    machine = one.machine
    phase = PHASES[state]
    kept = state_of(machine, state, one.body.launched_at)
    why: dict[str, Any] = {}
    if phase in {"going", "gone"} and machine.reason:
        code, message = machine.reason
        kept["reason"] = code
        why["interrupted"] = code == INTERRUPTED
        why["refusal"] = _refusal(code, message) if phase == "gone" else None
    access = None if phase == "gone" else Access(kind="fake", host_id=machine.id)
    instance = Instance(id=machine.id, access=access, state=kept)
    return InstanceStatus(phase=phase, ready=is_ready, access=access, instance=instance, **why)


def _owned(one: Embodied, status: InstanceStatus, phase: Listed) -> OwnedMachine:
    order = one.body.order
    return OwnedMachine(
        instance=status.instance or Instance(id=one.machine.id),
        phase=phase,
        token=one.token,
        job=order["job"],
        attempt=order["attempt"],
        launched_at=one.body.launched_at,
        dies_at=datetime.fromisoformat(order["dies_at"]) if order["dies_at"] else None,
        usd_per_hour=Decimal(one.machine.price),
    )


def _refusal(code: str, message: str) -> Refusal | None:
    """Say why it was ended at its launch, if the code is one of a refusal."""
    meant = meaning.of_code(code.partition(".")[2], message)
    if meant.effect != "none" or meant.then not in {"next", "breaker"}:
        return None
    return Refusal(reason=meant.reason, message=meant.message, then=meant.then)


__all__ = ["PHASES", "owned_of", "priced", "section", "state_of", "status_of"]
