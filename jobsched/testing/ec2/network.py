"""Where machines stand, as moto keeps it: subnets, their addresses, and security groups."""

from __future__ import annotations

import ipaddress
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ec2.models import ec2_backends

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.refusal import Refusal
from jobsched.testing.ec2.subnet import Subnet, no_address


class Network:
    """Looks subnets and groups up in moto's models; changes nothing there.

    Args:
        region: the one that is served.
    """

    def __init__(self, region: str) -> None:
        self.region = region

    @property
    def _ec2(self) -> Any:
        return ec2_backends[DEFAULT_ACCOUNT_ID][self.region]

    def subnet(self, wanted: str | None, zone: str | None = None) -> Subnet:
        """Give a subnet by id; or the default one of a zone; or the first default one.

        Raises:
            Refusal: there is none.
        """
        if wanted:
            found = next((one[wanted] for one in self._ec2.subnets.values() if wanted in one), None)
            if found is None:
                code = "InvalidSubnetID.NotFound"
                raise Refusal(code, f"The subnet ID '{wanted}' does not exist")
            return _subnet(found)
        defaults = self._ec2.get_default_subnets()
        if zone and zone not in defaults:
            raise Refusal("InvalidParameterValue", f"Invalid availability zone: [{zone}]")
        if not defaults:
            code = "MissingInput"
            raise Refusal(code, "No subnets found for the default VPC. Please specify a subnet.")
        return _subnet(defaults[zone] if zone else defaults[min(defaults)])

    def zones(self) -> list[str]:
        """Give the names of the region's zones that have a default subnet."""
        return sorted(self._ec2.get_default_subnets())

    def groups(self, ids: list[str], vpc: str) -> list[dict[str, str]]:
        """Give security groups; those of no ids: the default one of the VPC.

        Raises:
            Refusal: one does not exist, or belongs to another VPC.
        """
        if not ids:
            return [_group(self._ec2.get_default_security_group(vpc))]
        found = [(wanted, self._ec2.get_security_group_from_id(wanted)) for wanted in ids]
        for wanted, group in found:
            if group is None:
                code = "InvalidGroup.NotFound"
                raise Refusal(code, f"The security group '{wanted}' does not exist")
            if group.vpc_id != vpc:
                words = f"Security group {wanted} and subnet belong to different networks."
                raise Refusal("InvalidParameter", words)
        return [_group(group) for _, group in found]

    def address(self, cloud: Cloud, subnet: Subnet) -> str:
        """Give a free private address of a subnet: the next one after the last that was given.

        Raises:
            Refusal: there is none.
        """
        now = cloud.now()
        mine = [one for one in cloud.machines.values() if one.subnet == subnet.id]
        taken = {one.private_address for one in mine if not one.is_over(now)}
        last = mine[-1].private_address if mine else None
        network = ipaddress.IPv4Network(subnet.addresses)
        # The first four and the last one of each subnet are AWS' own.
        first, many = network[4], network.num_addresses - 5
        begin = int(ipaddress.IPv4Address(last)) - int(first) + 1 if last else 0
        for step in range(many):
            one = str(first + (begin + step) % many)
            if one not in taken:
                return one
        raise no_address(subnet.id)


def _subnet(one: Any) -> Subnet:
    return Subnet(
        id=one.id,
        zone=one.availability_zone,
        vpc=one.vpc_id,
        addresses=one.cidr_block,
        is_public=str(one.map_public_ip_on_launch).lower() == "true",
    )


def _group(one: Any) -> dict[str, str]:
    return {"GroupId": one.id, "GroupName": one.name}


__all__ = ["Network"]
