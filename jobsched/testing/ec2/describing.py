"""DescribeInstances and its kin: what calls find of the machines, page by page."""

from __future__ import annotations

import re
from typing import Any, Final

from jobsched.testing.ec2.clock import at
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.filtering import page, wanted_by
from jobsched.testing.ec2.instance import described
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.ec2.refusal import Refusal

ID: Final = re.compile(r"i-([0-9a-f]{8}|[0-9a-f]{17})")
#: bounds of MaxResults
FEWEST, MOST = 5, 1000


def describe(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeInstances: each machine in a reservation of its own.

    Raises:
        Refusal: one of the ids is not found; then none is described.
    """
    size = asked.get("MaxResults")
    if size is not None and not FEWEST <= size <= MOST:
        words = f"Value ( {size} ) for parameter maxResults is invalid. Expecting a value "
        raise Refusal("InvalidParameterValue", f"{words}between {FEWEST} and {MOST}.")
    ids = asked.get("InstanceIds") or []
    if ids and size is not None:
        words = "The parameters instancesSet and maxResults cannot be used together"
        raise Refusal("InvalidParameterCombination", words)
    wanted = found(cloud, ids) if ids else cloud.visible()
    chosen = wanted_by(asked, wanted, _reads(cloud))
    shown, more = page(chosen, asked, cloud.switches.page_size)
    return {"Reservations": [_reservation(cloud, account, one) for one in shown], **more}


def found(cloud: Cloud, ids: list[str]) -> list[Machine]:
    """Give machines by their ids.

    Raises:
        Refusal: one of them is not found (yet, or any more).
    """
    for one in ids:
        if not ID.fullmatch(one):
            raise Refusal("InvalidInstanceID.Malformed", f'Invalid id: "{one}"')
    now = cloud.now()
    known = {one: cloud.machines[one] for one in ids if one in cloud.machines}
    missing = [one for one in ids if one not in known or not known[one].is_visible(now)]
    if len(missing) == 1:
        words = f"The instance ID '{missing[0]}' does not exist"
        raise Refusal("InvalidInstanceID.NotFound", words)
    if missing:
        words = f"The instance IDs '{', '.join(missing)}' do not exist"
        raise Refusal("InvalidInstanceID.NotFound", words)
    return [known[one] for one in ids]


def describe_attribute(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer DescribeInstanceAttribute for what a launch sets."""
    (machine,) = found(cloud, [asked["InstanceId"]])
    settings = machine.settings
    values = {
        "userData": ("UserData", settings.get("UserData")),
        "instanceInitiatedShutdownBehavior": (
            "InstanceInitiatedShutdownBehavior",
            settings.get("InstanceInitiatedShutdownBehavior") or "stop",
        ),
        "disableApiTermination": (
            "DisableApiTermination",
            bool(settings.get("DisableApiTermination")),
        ),
        "instanceType": ("InstanceType", machine.type),
    }
    if asked["Attribute"] not in values:
        words = f"The fake does not know the attribute {asked['Attribute']}"
        raise Refusal("InvalidParameterValue", words)
    name, value = values[asked["Attribute"]]
    shown = {} if value is None else {"Value": value}
    return {"InstanceId": machine.id, name: shown}


def modify_attribute(cloud: Cloud, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer ModifyInstanceAttribute for the protection against termination."""
    (machine,) = found(cloud, [asked["InstanceId"]])
    if "DisableApiTermination" not in asked:
        raise Refusal("InvalidParameterCombination", "The fake changes DisableApiTermination only")
    machine.settings["DisableApiTermination"] = asked["DisableApiTermination"]["Value"]
    return {}


def _reservation(cloud: Cloud, account: Estate, machine: Machine) -> dict[str, Any]:
    return {
        "ReservationId": machine.id.replace("i-", "r-"),
        "OwnerId": account.number,
        "Instances": [described(cloud, machine)],
    }


def _reads(cloud: Cloud) -> dict[str, Any]:
    now = cloud.now()
    return {
        "instance-id": lambda one: [one.id],
        "instance-state-name": lambda one: [one.state(now)],
        "instance-type": lambda one: [one.type],
        "instance-lifecycle": lambda one: ["spot"] if one.market == "spot" else [],
        "availability-zone": lambda one: [one.zone],
        "subnet-id": lambda one: [one.subnet],
        "vpc-id": lambda one: [one.vpc],
        "image-id": lambda one: [one.image],
        "client-token": lambda one: [one.client_token] if one.client_token else [],
        "private-ip-address": lambda one: [one.private_address],
        "launch-time": lambda one: [at(one.launched_at).isoformat()],
    }


__all__ = ["describe", "describe_attribute", "found", "modify_attribute"]
