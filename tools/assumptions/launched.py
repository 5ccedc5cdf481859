"""Launches that give a machine: one spot machine for most of them."""

from __future__ import annotations

import base64
from typing import Any, Final

from botocore.exceptions import ClientError

from tools.assumptions import made
from tools.assumptions.account import TYPE, Account
from tools.assumptions.outcome import Unseen, code, holds, rule, same
from tools.assumptions.refused import SMALL

V2_ONLY: Final = "the image or the account asks for IMDSv2: try it with an older image"


@rule("same-token")
def same_token(account: Account) -> None:
    """The same call with the same token gives the same fleet and machine."""
    machine = made.machine(account)
    asked = account.fleet("one")
    first, second = account.launch(asked), account.launch(asked)
    same((first["FleetId"], first["InstanceIds"]), (second["FleetId"], [machine]))
    same(second["InstanceIds"], [machine])


@rule("other-parameters")
def other_parameters(account: Account) -> None:
    """The same token with other parameters is refused."""
    made.machine(account)
    asked = account.fleet("one", "#!/bin/bash")
    same(code(account.ec2.create_fleet, **asked), "IdempotentParameterMismatch")


@rule("late-visibility")
def late_visibility(account: Account) -> None:
    """A machine that was just launched is not found, and later is."""
    seen = made.first_look(account)
    account.described(made.machine(account))
    if seen:
        raise Unseen("EC2 showed the machine at once this time; it mostly does: run it again")


@rule("pending")
def pending(account: Account) -> None:
    """A fresh machine is pending, with its private address; it has its public one when it runs."""
    machine = made.machine(account)
    seen = account.described(machine)
    account.until(lambda: account.described(machine)["State"]["Name"] == "running")
    if seen["State"]["Name"] != "pending":
        raise Unseen("the machine ran already when it was seen first: run it again")
    holds(seen.get("PrivateIpAddress") and not seen.get("PublicIpAddress"), seen)
    zone = seen["Placement"]["AvailabilityZone"]
    (subnet,) = [one for one in account.subnets() if one["AvailabilityZone"] == zone]
    if subnet["MapPublicIpOnLaunch"]:
        account.until(lambda: account.described(machine).get("PublicIpAddress"))


@rule("override-wins")
def override_wins(account: Account) -> None:
    """The machine has the override's type, and not the template's."""
    same(account.described(made.machine(account))["InstanceType"], TYPE)


@rule("template-is-honoured")
def template_is_honoured(account: Account) -> None:
    """The machine is set as the template says."""
    machine = made.machine(account)
    seen = account.described(machine)["MetadataOptions"]
    same((seen["HttpTokens"], seen["HttpPutResponseHopLimit"]), ("required", 1))
    account.until(lambda: account.described(machine)["BlockDeviceMappings"])
    (disk,) = account.described(machine)["BlockDeviceMappings"]
    holds(disk["Ebs"]["DeleteOnTermination"], disk)
    same(_attribute(account, machine, "instanceInitiatedShutdownBehavior"), "terminate")


@rule("imds-without-a-word")
def imds_without_a_word(account: Account) -> None:
    """A machine of which nothing is said answers IMDSv1, unless its image or account says no."""
    seen = account.described(made.plain(account))["MetadataOptions"]["HttpTokens"]
    if seen == "required" and _asks_for_v2(account):
        raise Unseen(V2_ONLY)
    same(seen, "optional")


@rule("shutdown-without-a-word")
def shutdown_without_a_word(account: Account) -> None:
    """A machine of which nothing is said stops when it shuts itself down."""
    machine = made.plain(account)
    account.described(machine)
    same(_attribute(account, machine, "instanceInitiatedShutdownBehavior"), "stop")


@rule("user-data-of-the-call")
def user_data_of_the_call(account: Account) -> None:
    """The machine's user data are those of the call, and not the template's."""
    machine = made.machine(account)
    account.described(machine)
    same(base64.b64decode(_attribute(account, machine, "userData")), b"#!/bin/sh")


@rule("tags-at-creation")
def tags_at_creation(account: Account) -> None:
    """Machine and disk carry their tags."""
    holds(account.tags[0] in account.described(made.machine(account))["Tags"], "no tag")
    account.until(account.volumes)


@rule("cheapest-pool")
def cheapest_pool(account: Account) -> None:
    """The machine is of the cheapest pool that was asked for and had one."""
    launched = account.launch(account.fleet("one"))
    zone = launched["LaunchTemplateAndOverrides"]["Overrides"]["SubnetId"]
    prices = {one["SubnetId"]: _price(account, one) for one in account.subnets()}
    cheapest = min(prices.values())
    if prices[zone] > cheapest:
        raise Unseen(f"it costs {prices[zone]} and {cheapest} was to be had: EC2 weighs capacity")


@rule("requirements")
def requirements(account: Account) -> None:
    """Requirements give a type that has what is asked for."""
    asked = account.fleet("needs", InstanceType=None, InstanceRequirements=SMALL)
    launched = account.launch(asked)
    account.described(launched["InstanceIds"][0])
    account.ec2.terminate_instances(InstanceIds=launched["InstanceIds"])
    holds(launched["InstanceType"] in {"t3.nano", "t3.micro"}, launched["InstanceType"])


@rule("price-history")
def price_history(account: Account) -> None:
    """The price history has one price of each type and zone from before the time that is asked."""
    holds(all(_price(account, one) > 0 for one in account.subnets()), "no price")


def _price(account: Account, subnet: dict[str, Any]) -> float:
    now = account.launched_at(made.machine(account))
    history = account.ec2.describe_spot_price_history(
        InstanceTypes=[TYPE],
        ProductDescriptions=["Linux/UNIX"],
        AvailabilityZone=subnet["AvailabilityZone"],
        StartTime=now,
        EndTime=now,
    )["SpotPriceHistory"]
    same(len(history), 1)
    holds(history[0]["Timestamp"] <= now, history)
    return float(history[0]["SpotPrice"])


def _attribute(account: Account, machine: str, name: str) -> Any:
    answer = account.ec2.describe_instance_attribute(InstanceId=machine, Attribute=name)
    return answer[name[0].upper() + name[1:]]["Value"]


def _asks_for_v2(account: Account) -> bool:
    (image,) = account.ec2.describe_images(ImageIds=[account.image])["Images"]
    if image.get("ImdsSupport") == "v2.0":
        return True
    try:
        said = account.ec2.get_instance_metadata_defaults()["AccountLevel"]
    except ClientError:
        return False
    return bool(said.get("HttpTokens") == "required")
