"""One machine as EC2 describes it."""

from __future__ import annotations

from typing import Any

from jobsched.testing.ec2.clock import at
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.machine import CODES, Machine
from jobsched.testing.ec2.tags import listed


def state(name: str) -> dict[str, Any]:
    """Give a state with EC2's number."""
    return {"Name": name, "Code": CODES[name]}


def described(cloud: Cloud, machine: Machine, now: float | None = None) -> dict[str, Any]:
    """Give a machine as DescribeInstances does; the keys are boto3's."""
    now = cloud.now() if now is None else now
    word = machine.state(now)
    return {
        "InstanceId": machine.id,
        "ImageId": machine.image,
        "State": state(word),
        "InstanceType": machine.type,
        "LaunchTime": at(machine.launched_at),
        "Placement": {"AvailabilityZone": machine.zone, "Tenancy": "default"},
        "AmiLaunchIndex": 0,
        "Monitoring": {"State": "disabled"},
        "Architecture": machine.arch,
        "RootDeviceType": "ebs",
        "RootDeviceName": "/dev/xvda",
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EbsOptimized": False,
        "ClientToken": machine.client_token or "",
        "MetadataOptions": _metadata(machine),
        "Tags": listed(machine.tags),
        **_market(machine),
        **_end(machine, word),
        **_network(machine, word),
        **_settings(cloud, machine, word),
    }


def _market(machine: Machine) -> dict[str, Any]:
    if machine.market != "spot":
        return {}
    number = machine.id.removeprefix("i-")[:8]
    return {"InstanceLifecycle": "spot", "SpotInstanceRequestId": f"sir-{number}"}


def _end(machine: Machine, word: str) -> dict[str, Any]:
    if word not in {"shutting-down", "terminated"} or machine.reason is None:
        return {}
    code, message = machine.reason
    when = at(machine.ending_at).strftime("%Y-%m-%d %H:%M:%S GMT")
    kind = "User initiated" if code.startswith("Client.User") else code
    return {
        "StateReason": {"Code": code, "Message": message},
        "StateTransitionReason": f"{kind} ({when})",
    }


def _network(machine: Machine, word: str) -> dict[str, Any]:
    # A terminated machine has neither addresses nor groups nor a subnet.
    if word == "terminated":
        return {"PrivateDnsName": "", "PublicDnsName": "", "SecurityGroups": []}
    named = f"ip-{machine.private_address.replace('.', '-')}.ec2.internal"
    public = machine.public_address if word == "running" else None
    shown = {"PublicIpAddress": public} if public else {}
    host = f"ec2-{public.replace('.', '-')}.compute-1.amazonaws.com" if public else ""
    return shown | {
        "PrivateIpAddress": machine.private_address,
        "PrivateDnsName": named,
        "PublicDnsName": host,
        "SubnetId": machine.subnet,
        "VpcId": machine.vpc,
        "SecurityGroups": machine.security_groups,
    }


def _settings(cloud: Cloud, machine: Machine, word: str) -> dict[str, Any]:
    settings = machine.settings
    given: dict[str, Any] = {}
    if settings.get("KeyName"):
        given["KeyName"] = settings["KeyName"]
    if machine.profile:
        given["IamInstanceProfile"] = {"Arn": machine.profile, "Id": "AIPAEXAMPLE"}
    disks = [] if word == "terminated" else [cloud.volumes[one] for one in machine.volumes]
    given["BlockDeviceMappings"] = [
        {
            "DeviceName": one.device,
            "Ebs": {
                "VolumeId": one.id,
                "Status": "attached",
                "AttachTime": at(one.created_at),
                "DeleteOnTermination": one.deletes,
            },
        }
        for one in disks
    ]
    return given


def _metadata(machine: Machine) -> dict[str, Any]:
    usual = {
        "State": "applied",
        "HttpTokens": "optional",
        "HttpPutResponseHopLimit": 1,
        "HttpEndpoint": "enabled",
        "HttpProtocolIpv6": "disabled",
        "InstanceMetadataTags": "disabled",
    }
    return usual | (machine.settings.get("MetadataOptions") or {})


__all__ = ["described", "state"]
