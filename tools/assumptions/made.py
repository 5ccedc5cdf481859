"""What a run makes in the account: a template, two machines, a network without anything in it."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, NamedTuple

from botocore.exceptions import ClientError

from tools.assumptions.account import TYPE, Account, is_alive
from tools.assumptions.outcome import Unseen

#: a network that nobody is in: EC2 keeps five of its sixteen addresses
ADDRESSES: Final = "10.213.0.0/28"
ROOM: Final = 11
BIG_DISK: Final[dict[str, Any]] = {
    "VolumeSize": 30,
    "VolumeType": "gp3",
    "DeleteOnTermination": True,
}
SMALL_DISK: Final[dict[str, Any]] = {
    "VolumeSize": 1,
    "VolumeType": "gp3",
    "DeleteOnTermination": False,
}


class Network(NamedTuple):
    """A VPC of this run, with a subnet and a security group."""

    vpc: str
    subnet: str
    group: str


def template(account: Account) -> None:
    """Make the launch template that all fleets use; what it says of type and data is overridden."""
    data = {
        "InstanceType": "t3.micro",
        "UserData": "IyEvYmluL2ZhbHNl",
        "InstanceInitiatedShutdownBehavior": "terminate",
        "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
        "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": BIG_DISK}],
        "TagSpecifications": [{"ResourceType": "volume", "Tags": account.tags}],
    }
    made = account.ec2.create_launch_template(
        LaunchTemplateName=account.name, LaunchTemplateData=data
    )
    account.template = {
        "LaunchTemplateId": made["LaunchTemplate"]["LaunchTemplateId"],
        "Version": "1",
    }


def machine(account: Account) -> str:
    """Give the spot machine of the run; the first call launches it."""
    launched = account.once("machine", lambda: account.launch(account.fleet("one")))
    found = str(launched["InstanceIds"][0])
    account.once("first look", lambda: _first_look(account, found))
    return found


def first_look(account: Account) -> dict[str, Any]:
    """Give the spot machine as it was seen first: right after its launch; empty: not at all."""
    machine(account)
    seen: dict[str, Any] = account.once("first look", dict)
    return seen


def plain(account: Account) -> str:
    """Give a protected on-demand machine of which nothing else is said, with a disk that stays."""
    return str(account.once("plain", lambda: _plain(account)))


def network(account: Account) -> Network:
    """Give a network of the run's own."""
    found: Network = account.once("network", lambda: _network(account))
    return found


def clean_up(account: Account) -> None:
    """Terminate and delete all that the run has made."""
    ec2 = account.ec2
    with suppress(Unseen, AssertionError):
        # what is not shown yet cannot be terminated either
        account.described(account.once("machine", _none)["InstanceIds"][0])
    with suppress(Unseen, AssertionError):
        if is_alive(account.described(account.once("plain", _none))):
            unprotect(account, account.once("plain", _none))
    for one in [key for key, one in account.machines().items() if is_alive(one)]:
        ec2.terminate_instances(InstanceIds=[one])
    account.until(
        lambda: all(one["State"]["Name"] == "terminated" for one in account.machines().values())
    )
    for volume in account.volumes():
        if volume["State"] == "available":
            ec2.delete_volume(VolumeId=volume["VolumeId"])
    if account.template:
        ec2.delete_launch_template(LaunchTemplateName=account.name)
    with suppress(Unseen):
        made = account.once("network", _none)
        ec2.delete_security_group(GroupId=made.group)
        ec2.delete_subnet(SubnetId=made.subnet)
        ec2.delete_vpc(VpcId=made.vpc)


def unprotect(account: Account, machine: str) -> None:
    """Let a machine be terminated."""
    account.ec2.modify_instance_attribute(
        InstanceId=machine, DisableApiTermination={"Value": False}
    )


def _none() -> Any:
    raise Unseen("none was made")


def _first_look(account: Account, wanted: str) -> dict[str, Any]:
    try:
        seen = account.ec2.describe_instances(InstanceIds=[wanted])
    except ClientError:
        return {}
    found: dict[str, Any] = seen["Reservations"][0]["Instances"][0]
    return found


def _plain(account: Account) -> str:
    tagged = [{"ResourceType": kind, "Tags": account.tags} for kind in ("instance", "volume")]
    try:
        answer = account.ec2.run_instances(
            ImageId=account.image,
            InstanceType=TYPE,
            MinCount=1,
            MaxCount=1,
            DisableApiTermination=True,
            BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": SMALL_DISK}],
            TagSpecifications=tagged,
        )
    except ClientError as error:
        raise Unseen(f"no on-demand machine was to be had: {error}") from error
    return str(answer["Instances"][0]["InstanceId"])


def _network(account: Account) -> Network:
    ec2 = account.ec2
    vpc = ec2.create_vpc(CidrBlock=ADDRESSES)["Vpc"]["VpcId"]
    subnet = ec2.create_subnet(VpcId=vpc, CidrBlock=ADDRESSES)["Subnet"]["SubnetId"]
    group = ec2.create_security_group(GroupName=account.name, Description="a check", VpcId=vpc)
    return Network(vpc=vpc, subnet=subnet, group=group["GroupId"])


__all__ = [
    "ROOM",
    "SMALL_DISK",
    "clean_up",
    "first_look",
    "machine",
    "network",
    "plain",
    "template",
    "unprotect",
]
