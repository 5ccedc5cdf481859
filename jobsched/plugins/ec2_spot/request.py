"""The frozen request: all look-ups done, and the whole of CreateFleet as byte-stable JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Offer
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags, user_data
from jobsched.plugins.ec2_spot.image import Images
from jobsched.plugins.ec2_spot.network import Network, Subnet
from jobsched.plugins.ec2_spot.pools import pools_of
from jobsched.plugins.ec2_spot.template import Template, Version
from jobsched.plugins.ec2_spot.wish import Wish

#: what is launched carries the launch's tags; volumes get theirs by the template
TAGGED: Final = ("fleet", "instance")


class Requests:
    """Freezes requests.

    Args:
        images: finds the image, once for each launch.
        network: knows the subnets.
        template: knows the version of the launch template.
        callback_url: where machines post, in the place of the deployment's own address.
    """

    def __init__(
        self, images: Images, network: Network, template: Template, callback_url: str | None
    ) -> None:
        self._images = images
        self._network = network
        self._template = template
        self._callback_url = callback_url

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Render the request of a launch. May be repeated: only what is looked up may differ.

        Raises:
            OperationFailed: a look-up failed, or no machine could ever serve this.
        """
        wish = Wish.read(offer.state)
        data = user_data.encoded(user_data.script_for(order, self._url(order)))
        subnets = await self._network.subnets()
        version = await self._template.version()
        image = await self._images.find(wish.arch, gpus=bool(wish.gpus))
        fleet = fleet_of(order, wish, subnets, image=image, version=version, data=data)
        return rendered(fleet, subnets, by_job=wish.by_job)

    def _url(self, order: MachineOrder) -> str:
        url = self._callback_url or order.callback_url
        if not (url and order.callback_token):
            raise OperationFailed(
                "configuration",
                "machines cannot say that they are ready: set callback_url to an address of the "
                "API that they reach",
                then="breaker",
            )
        return url


def fleet_of(
    order: MachineOrder,
    wish: Wish,
    subnets: Sequence[Subnet],
    *,
    image: str,
    version: Version,
    data: str,
) -> dict[str, Any]:
    """Give the parameters of CreateFleet. Pure.

    Args:
        order: the launch; its token makes repeats give the same machine.
        wish: what is asked for.
        subnets: where.
        image: the AMI's id.
        version: the launch template in a version that never changes.
        data: user data in base 64.
    """
    of_order = tags.listed(tags.of_order(order))
    fleet: dict[str, Any] = {
        "ClientToken": order.token,
        "Type": "instant",
        # one machine, whatever its size
        "TargetCapacitySpecification": {
            "TotalTargetCapacity": 1,
            "DefaultTargetCapacityType": wish.market,
        },
        "LaunchTemplateConfigs": [
            {
                "LaunchTemplateSpecification": {
                    "LaunchTemplateId": version.id,
                    "Version": version.number,
                    "LaunchTemplateSpecificationUserData": data,
                },
                "Overrides": pools_of(wish, subnets, image),
            }
        ],
        "TagSpecifications": [{"ResourceType": kind, "Tags": of_order} for kind in TAGGED],
    }
    if wish.market == "spot":
        fleet["SpotOptions"] = {
            "AllocationStrategy": "price-capacity-optimized",
            "InstanceInterruptionBehavior": "terminate",
        }
    else:
        # types in their order; of types that EC2 chose, the cheapest
        named = wish.needs is None
        strategy = "prioritized" if named else "lowest-price"
        fleet["OnDemandOptions"] = {"AllocationStrategy": strategy}
    return fleet


def rendered(fleet: dict[str, Any], subnets: Sequence[Subnet], *, by_job: bool = False) -> str:
    """Write a request. Pure: the same parameters are the same bytes.

    Only ``fleet`` is sent; the rest is for reading the answer: ``zones`` (subnet → zone), as it may
    name the subnet only, and ``by_job``, for who is to blame.
    """
    zones = {one.id: one.zone for one in subnets}
    request = {"fleet": fleet, "zones": zones, "by_job": by_job}
    return json.dumps(request, sort_keys=True, separators=(",", ":"))


__all__ = ["TAGGED", "Requests", "fleet_of", "rendered"]
