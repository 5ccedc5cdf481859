"""The pools of a fleet: each override with each type that fits it, in the order of the strategy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from jobsched.testing.ec2 import prices, requirements
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.launching import Pool
from jobsched.testing.ec2.refusal import Refusal

#: what an override may set that a template's data has too
OVERRIDDEN: Final = (
    "BlockDeviceMappings",
    "IamInstanceProfile",
    "ImageId",
    "KeyName",
    "MetadataOptions",
)
#: strategies that take the cheapest first; the others take the pools in their order
BY_PRICE: Final = frozenset({"price-capacity-optimized", "lowest-price", "lowestPrice"})
#: InstanceRequirements in one request, at most
REQUIREMENTS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One way to get a machine; or why there is none (`refusal` instead of `pool`)."""

    #: as the answer names the template
    template: dict[str, str]
    override: dict[str, Any]
    priority: float
    pool: Pool | None = None
    refusal: Refusal | None = None


def choices(cloud: Cloud, account: Estate, asked: dict[str, Any], market: str) -> list[Choice]:
    """Give what a fleet may choose from, best first.

    Raises:
        Refusal: no such template; more InstanceRequirements than are allowed.
    """
    _check(asked["LaunchTemplateConfigs"])
    found = [
        choice
        for one in asked["LaunchTemplateConfigs"]
        for choice in _of_template(account, asked, one, market)
    ]
    return sorted(found, key=lambda choice: _rank(cloud, asked, choice, market))


def _rank(cloud: Cloud, asked: dict[str, Any], choice: Choice, market: str) -> tuple[Any, ...]:
    told = asked.get("SpotOptions" if market == "spot" else "OnDemandOptions") or {}
    strategy = told.get("AllocationStrategy") or "lowest-price"
    if choice.pool is None:
        return (0,)
    if strategy in BY_PRICE:
        return (1, prices.of(cloud, choice.pool.kind, choice.pool.subnet.zone, market))
    return (1, choice.priority)


def _of_template(
    account: Estate, asked: dict[str, Any], one: dict[str, Any], market: str
) -> Iterator[Choice]:
    wanted = one["LaunchTemplateSpecification"]
    if not wanted.get("Version"):
        raise Refusal("MissingParameter", "The request must contain the parameter Version")
    named, data = account.template(wanted)
    overrides = one.get("Overrides") or [{}]
    user_data = wanted.get("LaunchTemplateSpecificationUserData") or data.get("UserData")
    tags = [*(data.get("TagSpecifications") or ()), *(asked.get("TagSpecifications") or ())]
    settings = data | {"UserData": user_data, "TagSpecifications": tags}
    for override in overrides:
        yield from _of_override(account, asked, settings, override, named=named, market=market)


def _check(configs: list[dict[str, Any]]) -> None:
    overrides = [override for one in configs for override in one.get("Overrides") or ()]
    by_need = [one for one in overrides if one.get("InstanceRequirements")]
    if len(by_need) > REQUIREMENTS:
        words = f"More than {REQUIREMENTS} InstanceRequirements in a request"
        raise Refusal("InvalidParameterValue", words)
    for one in by_need:
        requirements.check(one["InstanceRequirements"])
        if one.get("InstanceType"):
            words = "InstanceRequirements and InstanceType cannot be used together"
            raise Refusal("InvalidParameterCombination", words)


def _of_override(
    account: Estate,
    asked: dict[str, Any],
    data: dict[str, Any],
    override: dict[str, Any],
    *,
    named: dict[str, str],
    market: str,
) -> Iterator[Choice]:
    settings = data | {key: override[key] for key in OVERRIDDEN if override.get(key)}
    about: dict[str, Any] = {
        "template": named,
        "override": override,
        "priority": override.get("Priority") or 0.0,
    }
    try:
        subnet = account.subnet(_subnet(override, data), override.get("AvailabilityZone"))
        types = _types(account, settings, override)
    except Refusal as refusal:
        yield Choice(**about, refusal=refusal)
        return
    limit = _limit(asked, data, override) if market == "spot" else None
    for kind in types:
        pool = Pool(market=market, kind=kind, subnet=subnet, settings=settings, limit=limit)
        yield Choice(**about, pool=pool)


def _subnet(override: dict[str, Any], data: dict[str, Any]) -> str | None:
    inside = (data.get("NetworkInterfaces") or [{}])[0].get("SubnetId")
    wanted = override.get("SubnetId") or inside
    return str(wanted) if wanted else None


def _types(account: Estate, settings: dict[str, Any], override: dict[str, Any]) -> list[Any]:
    name = override.get("InstanceType")
    wanted = override.get("InstanceRequirements")
    if not name and not wanted:
        name, wanted = settings.get("InstanceType"), settings.get("InstanceRequirements")
    if name:
        return [account.type(name)]
    if not wanted:
        raise Refusal("MissingParameter", "The request must contain InstanceType")
    types = [account.type(one) for one in account.catalogue()]
    made_for = account.architecture(settings.get("ImageId") or "")
    found = [
        one for one in types if requirements.fitting(one, wanted) and made_for in {None, one.arch}
    ]
    if not found:
        words = "No instance type fits the InstanceRequirements."
        raise Refusal("InvalidParameterValue", words)
    return found


def _limit(asked: dict[str, Any], data: dict[str, Any], override: dict[str, Any]) -> Decimal | None:
    market = (data.get("InstanceMarketOptions") or {}).get("SpotOptions") or {}
    told = (
        (asked.get("SpotOptions") or {}).get("MaxTotalPrice"),
        override.get("MaxPrice") or market.get("MaxPrice"),
    )
    limits = [Decimal(str(one)) for one in told if one]
    return min(limits) if limits else None


__all__ = ["Choice", "choices"]
