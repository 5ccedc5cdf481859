"""The subnets that machines are launched in: one for each availability zone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from jobsched.contracts.services import Clock
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.kept import Kept

#: subnets hardly ever change; a wrong one is forgotten at once (:meth:`Network.forget`)
KEEP: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """A subnet as EC2 describes it."""

    id: str
    zone: str
    vpc: str
    #: addresses that are free
    free: int


class Network:
    """Looks the subnets up, for all launches of five minutes.

    Args:
        aws: the way to EC2.
        clock: tells the age of what is known.
        configured: ids of subnets, best first; none: those of the default VPC.
    """

    def __init__(self, aws: Aws, clock: Clock, configured: Sequence[str]) -> None:
        self._aws = aws
        self._configured = configured
        self._kept = Kept(self._look, clock, KEEP)

    async def subnets(self) -> tuple[Subnet, ...]:
        """Give the subnets, in the order of the configuration, else by zone. May be repeated.

        Raises:
            OperationFailed: there is none, or they cannot be used together, or not told now.
        """
        return await self._kept.get()

    async def vpc(self) -> str:
        """Give the id of the VPC that the subnets are in; raises as :meth:`subnets`."""
        return (await self.subnets())[0].vpc

    def forget(self) -> None:
        """Look the subnets up anew the next time."""
        self._kept.forget()

    async def _look(self) -> tuple[Subnet, ...]:
        if self._configured:
            asked: dict[str, Any] = {"SubnetIds": list(self._configured)}
        else:
            asked = {"Filters": tags.filters(default_for_az="true")}
        found = await self._aws.pages("describe_subnets", "Subnets", **asked)
        return usable([_subnet(one) for one in found], self._configured)


def usable(found: Iterable[Subnet], configured: Sequence[str]) -> tuple[Subnet, ...]:
    """Choose one subnet for each zone: the one with the most free addresses. Pure.

    A fleet takes each pool (a type in a zone) once only.

    Raises:
        OperationFailed: there is none, or they are in several VPCs.
    """
    in_order = sorted(found, key=lambda one: _rank(one, configured))
    if not in_order:
        raise _wrong("this account has no default VPC in this region: set ec2_spot.subnets")
    vpcs = sorted({one.vpc for one in in_order})
    if len(vpcs) > 1:
        raise _wrong(f"the subnets are in several VPCs ({', '.join(vpcs)}): see ec2_spot.subnets")
    best: dict[str, Subnet] = {}
    for one in in_order:
        if one.zone not in best or one.free > best[one.zone].free:
            best[one.zone] = one
    return tuple(best.values())


def _rank(subnet: Subnet, configured: Sequence[str]) -> tuple[int, str, str]:
    place = configured.index(subnet.id) if subnet.id in configured else len(configured)
    return place, subnet.zone, subnet.id


def _subnet(described: Mapping[str, Any]) -> Subnet:
    return Subnet(
        id=described["SubnetId"],
        zone=described["AvailabilityZone"],
        vpc=described["VpcId"],
        free=described.get("AvailableIpAddressCount", 0),
    )


def _wrong(sentence: str) -> OperationFailed:
    return OperationFailed("configuration", sentence, then="breaker")


__all__ = ["KEEP", "Network", "Subnet", "usable"]
