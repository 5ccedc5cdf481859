"""The offers, the frozen request, and the call of EC2 that it stands for."""

from __future__ import annotations

import json
from typing import Any, Final

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Json, Offer
from jobsched.testing.model_ec2.estate import SUBNETS

#: market, type and subnet, best first
POOLS: Final = (
    ("spot", "m7i.large", "subnet-a"),
    ("spot", "m6i.large", "subnet-b"),
    ("spot", "m7i.large", "subnet-c"),
    ("on-demand", "m7i.large", "subnet-a"),
)
OFFERS: Final = tuple(
    Offer(
        label=f"{market} {kind} in {SUBNETS[subnet].zone}",
        state={"market": market, "type": kind, "subnet": subnet},
    )
    for market, kind, subnet in POOLS
)
#: the tag by which a machine is found
LAUNCH: Final = "jobsched:launch"
TEMPLATE: Final = {"LaunchTemplateId": "lt-model", "Version": "1"}
TAGGED: Final = ("instance", "volume")


def frozen(order: MachineOrder, offer: Offer) -> str:
    """Write a request: the same order and offer give the same bytes. Pure."""
    written = {
        "token": order.token,
        "deployment": order.deployment,
        "job": order.job,
        "attempt": order.attempt,
        "launch": order.launch,
        "dies_at": order.dies_at.isoformat() if order.dies_at else None,
        "pool": offer.state,
    }
    return json.dumps(written, sort_keys=True)


def fleet_of(written: Json) -> dict[str, Any]:
    """Give the parameters of CreateFleet that a frozen request stands for. Pure."""
    pool, told = written["pool"], {"jobsched:deployment": written["deployment"]}
    told |= {f"jobsched:{key}": str(written[key] or "") for key in ("job", "attempt", "dies_at")}
    tags = [{"Key": key, "Value": told[key]} for key in told]
    tags.append({"Key": LAUNCH, "Value": written["token"]})
    return {
        "ClientToken": written["token"],
        "Type": "instant",
        "TargetCapacitySpecification": {
            "TotalTargetCapacity": 1,
            "DefaultTargetCapacityType": pool["market"],
        },
        "LaunchTemplateConfigs": [
            {
                "LaunchTemplateSpecification": TEMPLATE,
                "Overrides": [{"InstanceType": pool["type"], "SubnetId": pool["subnet"]}],
            }
        ],
        "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in TAGGED],
    }


__all__ = ["LAUNCH", "OFFERS", "POOLS", "fleet_of", "frozen"]
