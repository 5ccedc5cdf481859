"""CreateFleet of the type `instant`: one answer, with machines, or with the errors of each pool."""

from __future__ import annotations

from collections import Counter
from typing import Any

from jobsched.testing.ec2 import pools, tokens
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.estate import Estate
from jobsched.testing.ec2.launching import launch
from jobsched.testing.ec2.machine import Machine
from jobsched.testing.ec2.pools import Choice
from jobsched.testing.ec2.refusal import Refusal


def create(cloud: Cloud, account: Estate, asked: dict[str, Any]) -> dict[str, Any]:
    """Answer CreateFleet.

    Raises:
        Refusal: the call itself is wrong. What is wrong with a pool stands in the answer.
    """
    if asked.get("Type") != "instant":
        raise Refusal("InvalidParameterValue", "The fake makes fleets of the type instant only")
    return tokens.once(cloud, "CreateFleet", asked, lambda: _fleet(cloud, account, asked))


def _fleet(
    cloud: Cloud, account: Estate, asked: dict[str, Any]
) -> tuple[dict[str, Any], list[str]]:
    fleet, token = cloud.new_id("fleet"), asked.get("ClientToken")
    got: list[tuple[Choice, Machine]] = []
    errors: list[dict[str, Any]] = []
    for market, number in _wanted(asked).items():
        choices = pools.choices(cloud, account, asked, market)
        for _ in range(number):
            one, failed = _one(cloud, account, choices, market, (token, fleet))
            got += [one] if one else []
            errors += [error for error in failed if error not in errors]
    machines = [machine for _, machine in got]
    answer = {
        "FleetId": fleet,
        "Errors": errors,
        "Instances": [_launched(choice, machine) for choice, machine in got],
    }
    return answer, [machine.id for machine in machines]


def _one(
    cloud: Cloud,
    account: Estate,
    choices: list[Choice],
    market: str,
    named: tuple[str | None, str],
) -> tuple[tuple[Choice, Machine] | None, list[dict[str, Any]]]:
    """Launch one machine of the best pool that has one; give it, and the errors on the way."""
    token, fleet = named
    errors: list[dict[str, Any]] = []
    for choice in choices:
        try:
            if choice.pool is None:
                raise choice.refusal or Refusal("InternalError", "neither a pool nor a reason")
            machine = launch(cloud, account, choice.pool, token=token, fleet=fleet)
        except Refusal as refusal:
            errors.append(_error(choice, market, refusal))
        else:
            return (choice, machine), errors
    return None, errors


def _wanted(asked: dict[str, Any]) -> Counter[str]:
    told = asked["TargetCapacitySpecification"]
    total = told["TotalTargetCapacity"]
    if told.get("DefaultTargetCapacityType") == "spot":
        on_demand = told.get("OnDemandTargetCapacity") or 0
        return Counter({"on-demand": on_demand, "spot": total - on_demand})
    spot = told.get("SpotTargetCapacity") or 0
    return Counter({"on-demand": total - spot, "spot": spot})


def _described(choice: Choice, market: str) -> dict[str, Any]:
    override = dict(choice.override)
    if choice.pool is not None and "InstanceRequirements" in override:
        override["InstanceType"] = choice.pool.kind.name
        override["AvailabilityZone"] = choice.pool.subnet.zone
    return {
        "LaunchTemplateAndOverrides": {
            "LaunchTemplateSpecification": choice.template,
            "Overrides": override,
        },
        "Lifecycle": market,
    }


def _error(choice: Choice, market: str, refusal: Refusal) -> dict[str, Any]:
    words = {"ErrorCode": refusal.code, "ErrorMessage": refusal.message}
    return _described(choice, market) | words


def _launched(choice: Choice, machine: Machine) -> dict[str, Any]:
    return _described(choice, machine.market) | {
        "InstanceIds": [machine.id],
        "InstanceType": machine.type,
        "AvailabilityZone": machine.zone,
        "SubnetId": machine.subnet,
    }


__all__ = ["create"]
