"""Check on a real AWS account that EC2 behaves as the fake of jobsched.testing.ec2 does.

It launches a few machines of the smallest type, one after the other, and terminates them; the cost
is some cents at most. Run it by hand only:

    .venv/bin/python tools/check_assumptions.py --region eu-central-1

`docs/explanation/assumptions.md` says which rule each check is for. It ends with 0 if all hold.
"""

from __future__ import annotations

import argparse
import base64
import secrets
import sys
import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

TYPE = "t3.nano"
PARAMETER = "/aws/service/ecs/optimized-ami/amazon-linux-2023/recommended/image_id"
#: seconds between two looks
PAUSE = 5
UNKNOWN = "i-0123456789abcdef0"


class Account:
    """A real account, or a fake one, and what this run has made in it.

    Args:
        ec2: boto3's client of EC2.
        image: the image to launch.
        patience: seconds that a machine may take to come or go.
    """

    def __init__(self, ec2: Any, image: str, patience: float) -> None:
        self.ec2 = ec2
        self.patience = patience
        self.image = image
        self.name = f"jobsched-check-{secrets.token_hex(4)}"
        self.tags = [{"Key": "jobsched:check", "Value": self.name}]
        self.template: dict[str, str] = {}
        self.machine = ""

    def make_template(self) -> None:
        """Make the launch template that all fleets use."""
        disk = {"VolumeSize": 30, "VolumeType": "gp3", "DeleteOnTermination": True}
        data = {
            "InstanceInitiatedShutdownBehavior": "terminate",
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}],
            "TagSpecifications": [{"ResourceType": "volume", "Tags": self.tags}],
        }
        made = self.ec2.create_launch_template(
            LaunchTemplateName=self.name, LaunchTemplateData=data
        )
        key = made["LaunchTemplate"]["LaunchTemplateId"]
        self.template = {"LaunchTemplateId": key, "Version": "1"}

    def fleet(self, token: str, user_data: str = "#!/bin/sh", **override: Any) -> dict[str, Any]:
        """Give the parameters of a fleet of one spot machine."""
        packed = base64.b64encode(user_data.encode()).decode()
        pool = {"InstanceType": TYPE, "ImageId": self.image} | override
        config = {
            "LaunchTemplateSpecification": self.template
            | {"LaunchTemplateSpecificationUserData": packed},
            "Overrides": [{key: value for key, value in pool.items() if value is not None}],
        }
        return {
            "Type": "instant",
            "ClientToken": f"{self.name}-{token}",
            "LaunchTemplateConfigs": [config],
            "SpotOptions": {"AllocationStrategy": "price-capacity-optimized"},
            "TargetCapacitySpecification": {
                "TotalTargetCapacity": 1,
                "DefaultTargetCapacityType": "spot",
            },
            "TagSpecifications": [{"ResourceType": "instance", "Tags": self.tags}],
        }

    def launch(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Launch a fleet that must give a machine."""
        answer: dict[str, Any] = self.ec2.create_fleet(**asked)
        if not answer["Instances"]:
            raise AssertionError(f"no machine: {answer['Errors']}")
        return answer

    def machines(self) -> list[dict[str, Any]]:
        """Give all machines of this run that EC2 shows."""
        wanted = [{"Name": "tag:jobsched:check", "Values": [self.name]}]
        pages = self.ec2.get_paginator("describe_instances").paginate(Filters=wanted)
        found = [one for page in pages for one in page["Reservations"]]
        return [machine for one in found for machine in one["Instances"]]

    def volumes(self) -> list[dict[str, Any]]:
        """Give all disks of this run that EC2 shows."""
        wanted = [{"Name": "tag:jobsched:check", "Values": [self.name]}]
        return list(self.ec2.describe_volumes(Filters=wanted)["Volumes"])

    def described(self) -> dict[str, Any]:
        """Give the machine of this run, once EC2 shows it."""
        self.until(lambda: any(one["InstanceId"] == self.machine for one in self.machines()))
        return next(one for one in self.machines() if one["InstanceId"] == self.machine)

    def until(self, holds: Callable[[], bool]) -> None:
        """Look until something holds.

        Raises:
            AssertionError: it does not, within the patience.
        """
        end = time.monotonic() + self.patience
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"it did not come within {self.patience} s")
            time.sleep(PAUSE)

    def clean_up(self) -> None:
        """Terminate and delete all that this run has made."""
        alive = [one["InstanceId"] for one in self.machines() if is_alive(one)]
        if alive:
            self.ec2.terminate_instances(InstanceIds=alive)
        self.until(lambda: all(one["State"]["Name"] == "terminated" for one in self.machines()))
        for volume in self.volumes():
            if volume["State"] == "available":
                self.ec2.delete_volume(VolumeId=volume["VolumeId"])
        if self.template:
            self.ec2.delete_launch_template(LaunchTemplateName=self.name)


def is_alive(machine: dict[str, Any]) -> bool:
    """Whether a machine costs money."""
    return machine["State"]["Name"] not in {"shutting-down", "terminated"}


def code(function: Callable[..., Any], **asked: Any) -> str:
    """Give the code of the error that a call ends with; empty: it succeeds."""
    try:
        function(**asked)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


def same(seen: Any, expected: Any) -> None:
    """Say what was seen where something else was expected."""
    if seen != expected:
        raise AssertionError(f"expected {expected!r}, seen {seen!r}")


def codes(answer: dict[str, Any]) -> set[str]:
    """Give the codes of a fleet's errors."""
    return {one["ErrorCode"] for one in answer["Errors"]}


# The checks, in their order: the first ones launch the machine that the later ones look at.


def token_gives_the_same_machine(account: Account) -> None:
    """The same call with the same token gives the same fleet and machine."""
    asked = account.fleet("one")
    first, second = account.launch(asked), account.launch(asked)
    account.machine = first["Instances"][0]["InstanceIds"][0]
    same(second["FleetId"], first["FleetId"])
    same(second["Instances"][0]["InstanceIds"], [account.machine])


def token_refuses_other_parameters(account: Account) -> None:
    """The same token with other parameters is refused."""
    asked = account.fleet("one", "#!/bin/bash")
    same(code(account.ec2.create_fleet, **asked), "IdempotentParameterMismatch")


def template_is_honoured(account: Account) -> None:
    """The machine is set as the template says."""
    seen = account.described()
    same(seen["MetadataOptions"]["HttpTokens"], "required")
    same(seen["MetadataOptions"]["HttpPutResponseHopLimit"], 1)
    same(seen.get("InstanceLifecycle"), "spot")
    account.until(lambda: bool(account.described()["BlockDeviceMappings"]))
    (disk,) = account.described()["BlockDeviceMappings"]
    same(disk["Ebs"]["DeleteOnTermination"], True)  # noqa: FBT003  # the value that is looked for
    attribute = "instanceInitiatedShutdownBehavior"
    answer = account.ec2.describe_instance_attribute(
        InstanceId=account.machine, Attribute=attribute
    )
    same(answer["InstanceInitiatedShutdownBehavior"]["Value"], "terminate")


def user_data_of_the_call(account: Account) -> None:
    """The machine's user data are those of the call."""
    answer = account.ec2.describe_instance_attribute(
        InstanceId=account.machine, Attribute="userData"
    )
    same(base64.b64decode(answer["UserData"]["Value"]), b"#!/bin/sh")


def tags_at_creation(account: Account) -> None:
    """Machine and disk carry their tags."""
    wanted = account.tags[0]
    same(wanted in account.described()["Tags"], True)  # noqa: FBT003  # the value that is looked for
    account.until(lambda: bool(account.volumes()))


def price_limit(account: Account) -> None:
    """A fleet with too low a price succeeds without a machine, and its token is used up."""
    asked = account.fleet("cheap", MaxPrice="0.0011")
    first = account.ec2.create_fleet(**asked)
    same((codes(first), first["Instances"]), ({"SpotMaxPriceTooLow"}, []))
    second = account.ec2.create_fleet(**asked)
    same((second["FleetId"], second["Instances"]), (first["FleetId"], []))


def wrong_image(account: Account) -> None:
    """A fleet with an unknown image has the error in its answer."""
    answer = account.ec2.create_fleet(**account.fleet("image", ImageId=f"ami-{'0' * 17}"))
    same(codes(answer), {"InvalidAMIID.NotFound"})


def user_data_limit(account: Account) -> None:
    """User data of 16,385 bytes are refused, in the answer or as an error."""
    asked = account.fleet("long", "x" * 16385)
    try:
        seen = codes(account.ec2.create_fleet(**asked))
    except ClientError as error:
        seen = {error.response["Error"]["Code"]}
    same(seen <= {"InvalidParameterValue", "InvalidUserData.Malformed"} and bool(seen), True)  # noqa: FBT003  # the value that is looked for


def requirements_find_a_type(account: Account) -> None:
    """InstanceRequirements give a type that has what is asked for."""
    wanted = {
        "VCpuCount": {"Min": 2, "Max": 2},
        "MemoryMiB": {"Min": 512, "Max": 1024},
        "BurstablePerformance": "required",
        "AllowedInstanceTypes": ["t3.*"],
    }
    asked = account.fleet("needs", InstanceType=None, InstanceRequirements=wanted)
    answer = account.launch(asked)
    account.ec2.terminate_instances(InstanceIds=answer["Instances"][0]["InstanceIds"])
    same(answer["Instances"][0]["InstanceType"] in {"t3.nano", "t3.micro"}, True)  # noqa: FBT003  # the value that is looked for


def dry_run(account: Account) -> None:
    """A dry run that would succeed is refused with DryRunOperation."""
    asked = {"ImageId": account.image, "InstanceType": TYPE, "MinCount": 1, "MaxCount": 1}
    same(code(account.ec2.run_instances, **asked, DryRun=True), "DryRunOperation")


def unknown_machine(account: Account) -> None:
    """An unknown machine is not found, described or terminated."""
    for call in (account.ec2.describe_instances, account.ec2.terminate_instances):
        same(code(call, InstanceIds=[UNKNOWN]), "InvalidInstanceID.NotFound")


def pages(account: Account) -> None:
    """Pages of fewer than five, and pages of named machines, are refused."""
    describe = account.ec2.describe_instances
    same(code(describe, MaxResults=4), "InvalidParameterValue")
    named = {"InstanceIds": [account.machine], "MaxResults": 5}
    same(code(describe, **named), "InvalidParameterCombination")


def spot_prices(account: Account) -> None:
    """The price history has the price of the machine's type and zone."""
    answer = account.ec2.describe_spot_price_history(
        InstanceTypes=[TYPE],
        ProductDescriptions=["Linux/UNIX"],
        AvailabilityZone=account.described()["Placement"]["AvailabilityZone"],
        MaxResults=1,
    )
    same([float(one["SpotPrice"]) > 0 for one in answer["SpotPriceHistory"]], [True])


def one_bad_id_spares_all(account: Account) -> None:
    """A termination that names an unknown machine terminates none."""
    asked = {"InstanceIds": [account.machine, UNKNOWN]}
    same(code(account.ec2.terminate_instances, **asked), "InvalidInstanceID.NotFound")
    same(is_alive(account.described()), True)  # noqa: FBT003  # the value that is looked for


def termination(account: Account) -> None:
    """A termination may be repeated, is described with its reason, and takes the disk along."""
    mine = {one["Ebs"]["VolumeId"] for one in account.described()["BlockDeviceMappings"]}
    for _ in range(2):
        answer = account.ec2.terminate_instances(InstanceIds=[account.machine])
        (state,) = [one["CurrentState"]["Name"] for one in answer["TerminatingInstances"]]
        same(state in {"shutting-down", "terminated"}, True)  # noqa: FBT003  # the value that is looked for
    account.until(lambda: account.described()["State"]["Name"] == "terminated")
    same(account.described()["StateReason"]["Code"], "Client.UserInitiatedShutdown")
    account.until(lambda: mine.isdisjoint(one["VolumeId"] for one in account.volumes()))


def token_of_a_dead_machine(account: Account) -> None:
    """The token of a terminated machine gives that machine, or says that it is terminated."""
    try:
        answer = account.ec2.create_fleet(**account.fleet("one"))
    except ClientError as error:
        same(error.response["Error"]["Code"], "IdempotentInstanceTerminated")
    else:
        same(answer["Instances"][0]["InstanceIds"], [account.machine])


CHECKS = (
    token_gives_the_same_machine,
    token_refuses_other_parameters,
    template_is_honoured,
    user_data_of_the_call,
    tags_at_creation,
    price_limit,
    wrong_image,
    user_data_limit,
    requirements_find_a_type,
    dry_run,
    unknown_machine,
    pages,
    spot_prices,
    one_bad_id_spares_all,
    termination,
    token_of_a_dead_machine,
)


def run(account: Account) -> list[str]:
    """Run all checks; give the names of those that do not hold."""
    failed = []
    for check in CHECKS:
        try:
            check(account)
        except (AssertionError, ClientError, KeyError, ValueError) as error:
            failed.append(check.__name__)
            print(f"DOES NOT HOLD  {check.__name__}: {error}")
        else:
            print(f"holds          {check.__name__}")
    return failed


def main() -> None:
    """Ask, run the checks, and clean up whatever happens."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--region", help="else what boto3 finds")
    parser.add_argument("--endpoint-url", help="a fake EC2, to try this script itself")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--patience", type=float, default=600, help="seconds to wait for a machine")
    options = parser.parse_args()
    where = {"region_name": options.region, "endpoint_url": options.endpoint_url}
    session: Any = boto3.Session()
    config = Config(retries={"mode": "standard", "total_max_attempts": 5})
    number = session.client("sts", **where, config=config).get_caller_identity()["Account"]
    ec2 = session.client("ec2", **where, config=config)
    print(f"account {number}, region {ec2.meta.region_name}: launches machines of type {TYPE}")
    if not options.yes and input("Go on? (yes) ") != "yes":
        sys.exit("nothing was done")
    image = session.client("ssm", **where, config=config).get_parameter(Name=PARAMETER)
    account = Account(ec2, image["Parameter"]["Value"], options.patience)
    try:
        account.make_template()
        failed = run(account)
    finally:
        account.clean_up()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
