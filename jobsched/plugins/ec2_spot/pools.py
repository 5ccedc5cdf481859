"""The pools of a fleet: instance types, or what they must have, in each subnet."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import Any, Final

from jobsched.plugins.ec2_spot.network import Subnet
from jobsched.plugins.ec2_spot.wish import Needs, Wish

#: pools of a fleet, at the most ("EC2 Fleet quotas": launch specifications of a fleet)
MOST: Final = 300
#: pools of a fleet whose types EC2 chooses by what they must have
MOST_BY_NEEDS: Final = 4
MAKERS: Final = {"x86_64": ["intel", "amd"], "arm64": ["amazon-web-services"]}


def pools_of(wish: Wish, subnets: Sequence[Subnet], image: str) -> list[dict[str, Any]]:
    """Give ``Overrides`` of CreateFleet, always in the same order. Pure."""
    if wish.needs is None:
        pairs = product(enumerate(wish.types), subnets)
        pools = [_by_type(wish, place, name, subnet) for (place, name), subnet in pairs][:MOST]
    else:
        required = requirements_of(wish, wish.needs)
        pools = [
            {"InstanceRequirements": required, "SubnetId": subnet.id}
            for subnet in subnets[:MOST_BY_NEEDS]
        ]
    for pool in pools:
        pool["ImageId"] = image
        if wish.max_price is not None:
            pool["MaxPrice"] = format(wish.max_price, "f")
    return pools


def requirements_of(wish: Wish, needs: Needs) -> dict[str, Any]:
    """Give ``InstanceRequirements``. Pure.

    EC2 also leaves out types whose price is far above that of the cheapest fitting one of today's
    generation: by default more than 100 % above it for spot, and more than 20 % for on-demand
    ("Attribute-based instance type selection", price protection).
    """
    required: dict[str, Any] = {
        "VCpuCount": {"Min": needs.vcpus},
        "MemoryMiB": {"Min": needs.memory_mib},
        # EC2 tells the architecture by the template's image, and ours is named in each pool
        "CpuManufacturers": MAKERS[wish.arch],
        "AcceleratorCount": {"Max": 0},
    }
    if wish.gpus:
        required["AcceleratorCount"] = {"Min": wish.gpus}
        required["AcceleratorTypes"] = ["gpu"]
        required["AcceleratorManufacturers"] = ["nvidia"]
    if wish.types:
        # who names types means them, also bursting ones
        required |= {"AllowedInstanceTypes": list(wish.types), "BurstablePerformance": "included"}
    else:
        required["InstanceGenerations"] = ["current"]
    return required


def _by_type(wish: Wish, place: int, name: str, subnet: Subnet) -> dict[str, Any]:
    pool: dict[str, Any] = {"InstanceType": name, "SubnetId": subnet.id}
    if wish.market == "on-demand":
        # of a spot fleet the cheapest pool with room is taken
        pool["Priority"] = place
    return pool


__all__ = ["MOST", "MOST_BY_NEEDS", "pools_of", "requirements_of"]
