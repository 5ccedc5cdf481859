"""Launches that are refused before they have an effect: these checks cost nothing."""

from __future__ import annotations

from typing import Any, Final

from tools.assumptions import made
from tools.assumptions.account import TOO_LOW, TYPE, Account
from tools.assumptions.outcome import Unseen, code, codes, holds, rule, same

NO_IMAGE: Final = f"ami-{'0' * 17}"
#: what two types of the smallest sizes have
SMALL: Final = {
    "VCpuCount": {"Min": 2, "Max": 2},
    "MemoryMiB": {"Min": 512, "Max": 1024},
    "BurstablePerformance": "required",
    "AllowedInstanceTypes": ["t3.*"],
}
NO_CODE: Final = "it was accepted"
LONGEST: Final = 64


def nothing(account: Account, token: str, **override: Any) -> dict[str, Any]:
    """Give a fleet that gets no machine even if it is accepted: its price is too low."""
    return account.fleet(token, MaxPrice=TOO_LOW, **override)


def of_template(asked: dict[str, Any], **changed: Any) -> dict[str, Any]:
    """Change what a fleet says of its template; None: it says nothing."""
    (config,) = asked["LaunchTemplateConfigs"]
    said = config["LaunchTemplateSpecification"] | changed
    said = {key: value for key, value in said.items() if value is not None}
    return asked | {"LaunchTemplateConfigs": [config | {"LaunchTemplateSpecification": said}]}


@rule("token-length")
def token_length(account: Account) -> None:
    """A token of 65 characters is refused."""
    asked = nothing(account, "long") | {"ClientToken": "x" * (LONGEST + 1)}
    same(code(account.ec2.create_fleet, **asked), "InvalidParameterValue")


@rule("empty-fleet-uses-token")
def empty_fleet_uses_token(account: Account) -> None:
    """A fleet that got no machine is answered a second time as the first time."""
    first, second = (account.ec2.create_fleet(**nothing(account, "cheap")) for _ in range(2))
    same((first["Instances"], second["Instances"]), ([], []))
    same(second["FleetId"], first["FleetId"])


@rule("refusal-keeps-token")
def refusal_keeps_token(account: Account) -> None:
    """A token whose call was refused can be sent again with other parameters."""
    asked = nothing(account, "refused")
    holds(code(account.ec2.create_fleet, **of_template(asked, Version="99")), NO_CODE)
    same(code(account.ec2.create_fleet, **asked), "")


@rule("instant-answer")
def instant_answer(account: Account) -> None:
    """The answer names each pool that had no machine, with its error."""
    answer = account.ec2.create_fleet(**nothing(account, "pools"))
    seen = {_subnet(one) for one in answer["Errors"]}
    same(seen, {one["SubnetId"] for one in account.subnets()})


@rule("errors-in-band")
def errors_in_band(account: Account) -> None:
    """An image that is not there stands in the answer; a template version is refused."""
    answer = account.ec2.create_fleet(**account.fleet("image", ImageId=NO_IMAGE))
    same((codes(answer), answer["Instances"]), ({"InvalidAMIID.NotFound"}, []))
    asked = of_template(nothing(account, "version"), Version="99")
    same(code(account.ec2.create_fleet, **asked), "InvalidLaunchTemplateId.VersionNotFound")


@rule("template-version")
def template_version(account: Account) -> None:
    """A fleet that names no version of its template is refused."""
    asked = of_template(nothing(account, "none"), Version=None)
    holds(code(account.ec2.create_fleet, **asked), NO_CODE)


@rule("user-data-limit")
def user_data_limit(account: Account) -> None:
    """User data of 16,385 bytes are refused, in the answer or as an error."""
    seen = _codes(account, account.fleet("long data", "x" * 16385))
    holds(seen and seen <= {"InvalidParameterValue", "InvalidUserData.Malformed"}, seen)


@rule("architecture")
def architecture(account: Account) -> None:
    """A machine with another processor than its image's is refused."""
    same(_codes(account, account.fleet("arm", InstanceType="t4g.nano")), {"InvalidParameterValue"})


@rule("one-vpc")
def one_vpc(account: Account) -> None:
    """A subnet and a security group of two VPCs are refused."""
    group = made.network(account).group
    subnet = account.subnets()[0]["SubnetId"]
    asked = _machines(account, 1, SubnetId=subnet, SecurityGroupIds=[group])
    same(code(account.ec2.run_instances, **asked), "InvalidParameter")


@rule("min-count")
def min_count(account: Account) -> None:
    """Of more machines than there are addresses for, not one is launched."""
    holds(_too_many(account), NO_CODE)
    subnet = made.network(account).subnet
    same([one for one in account.machines().values() if one.get("SubnetId") == subnet], [])


@rule("full-subnet")
def full_subnet(account: Account) -> None:
    """More machines than there are addresses for are refused with their own code."""
    seen = _too_many(account)
    if seen == "VcpuLimitExceeded":
        raise Unseen(f"the account may not have {made.ROOM + 1} machines: raise its quota")
    same(seen, "InsufficientFreeAddressesInSubnet")


@rule("max-price")
def max_price(account: Account) -> None:
    """A fleet with too low a price succeeds without a machine."""
    answer = account.ec2.create_fleet(**nothing(account, "price"))
    same((codes(answer), answer["Instances"]), ({"SpotMaxPriceTooLow"}, []))


@rule("max-total-price")
def max_total_price(account: Account) -> None:
    """So does one whose machines together may cost too little."""
    asked = account.fleet("total")
    asked["SpotOptions"] |= {"MaxTotalPrice": TOO_LOW}
    answer = account.ec2.create_fleet(**asked)
    same((codes(answer), answer["Instances"]), ({"SpotMaxPriceTooLow"}, []))


@rule("requirements-alone")
def requirements_alone(account: Account) -> None:
    """A type beside requirements is refused."""
    asked = nothing(account, "both", InstanceRequirements=SMALL)
    holds(code(account.ec2.create_fleet, **asked), NO_CODE)


@rule("four-requirements")
def four_requirements(account: Account) -> None:
    """Five overrides with requirements are refused."""
    asked = nothing(account, "five", InstanceType=None, InstanceRequirements=SMALL)
    (config,) = asked["LaunchTemplateConfigs"]
    config["Overrides"] = config["Overrides"][:1] * 5
    holds(code(account.ec2.create_fleet, **asked), NO_CODE)


def _codes(account: Account, asked: dict[str, Any]) -> set[str]:
    refused = code(account.ec2.create_fleet, **asked)
    # the same token gives the same answer
    return {refused} if refused else codes(account.ec2.create_fleet(**asked))


def _machines(account: Account, number: int, **more: Any) -> dict[str, Any]:
    tagged = [{"ResourceType": "instance", "Tags": account.tags}]
    count = {"MinCount": number, "MaxCount": number}
    return {"ImageId": account.image, "InstanceType": TYPE, "TagSpecifications": tagged} | (
        count | more
    )


def _too_many(account: Account) -> str:
    def ask() -> str:
        asked = _machines(account, made.ROOM + 1, SubnetId=made.network(account).subnet)
        return code(account.ec2.run_instances, **asked)

    return str(account.once("too many", ask))


def _subnet(error: dict[str, Any]) -> object:
    return error["LaunchTemplateAndOverrides"]["Overrides"].get("SubnetId")
