"""Calls of EC2 as the tests of the fake make them, and what is refused."""

from __future__ import annotations

import base64
import secrets
from typing import Any

import pytest
from botocore.exceptions import ClientError

IMAGE = "ami-0123456789abcdef0"


def template(ec2: Any, **data: Any) -> dict[str, str]:
    """Make a launch template; give how a fleet names it."""
    name = f"template-{secrets.token_hex(4)}"
    made = ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
    return {"LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"], "Version": "1"}


def subnet(ec2: Any, zone: str = "us-east-1a") -> str:
    """Give the default subnet of a zone."""
    filters = [{"Name": "availability-zone", "Values": [zone]}]
    return str(ec2.describe_subnets(Filters=filters)["Subnets"][0]["SubnetId"])


def override(ec2: Any, kind: str = "m7i.large", zone: str = "us-east-1a") -> dict[str, Any]:
    """Give one pool of a fleet."""
    return {"InstanceType": kind, "SubnetId": subnet(ec2, zone), "ImageId": IMAGE}


def fleet(
    ec2: Any,
    *overrides: dict[str, Any],
    named: dict[str, str] | None = None,
    market: str = "spot",
    user_data: str = "#!/bin/sh",
    **more: Any,
) -> dict[str, Any]:
    """Give the parameters of a fleet of one machine."""
    packed = base64.b64encode(user_data.encode()).decode()
    wanted = named or template(ec2, InstanceInitiatedShutdownBehavior="terminate")
    config = {
        "LaunchTemplateSpecification": wanted | {"LaunchTemplateSpecificationUserData": packed},
        "Overrides": list(overrides) or [override(ec2)],
    }
    capacity = {"TotalTargetCapacity": 1, "DefaultTargetCapacityType": market}
    cheapest = {"AllocationStrategy": "price-capacity-optimized"}
    given = {
        "Type": "instant",
        "LaunchTemplateConfigs": [config],
        "TargetCapacitySpecification": capacity,
        "SpotOptions": cheapest if market == "spot" else None,
    }
    return {key: value for key, value in (given | more).items() if value is not None}


def launched(ec2: Any, **parameters: Any) -> str:
    """Launch one machine by a fleet; give its id."""
    answer = ec2.create_fleet(**(parameters or fleet(ec2)))
    return str(answer["Instances"][0]["InstanceIds"][0])


def codes(answer: dict[str, Any]) -> list[str]:
    """Give the codes of a fleet's errors."""
    return [one["ErrorCode"] for one in answer["Errors"]]


def described(ec2: Any, machine: str) -> Any:
    """Give one machine as EC2 describes it."""
    return ec2.describe_instances(InstanceIds=[machine])["Reservations"][0]["Instances"][0]


def state(ec2: Any, machine: str) -> str:
    """Give one machine's state as EC2 describes it."""
    return str(described(ec2, machine)["State"]["Name"])


def refused(function: Any, **parameters: Any) -> tuple[str, int]:
    """Call what must be refused; give the code and the status of HTTP."""
    with pytest.raises(ClientError) as caught:
        function(**parameters)
    answer: Any = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


__all__ = [
    "IMAGE",
    "codes",
    "described",
    "fleet",
    "launched",
    "override",
    "refused",
    "state",
    "subnet",
    "template",
]
