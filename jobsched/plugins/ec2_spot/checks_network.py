"""Whether machines have somewhere to stand, and nobody but workers reaches their Docker Engine."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobsched.contracts.check import Finding
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.checks_failure import (
    Ec2Check,
    cause_of,
    code_of,
    listed,
    need,
    setting,
    words_of,
)
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.described import PORT
from jobsched.plugins.ec2_spot.everybody import is_everybody
from jobsched.plugins.ec2_spot.group import GROUP
from jobsched.plugins.ec2_spot.network import Network, Subnet
from jobsched.plugins.ec2_spot.settings import Settings


class Subnets(Ec2Check):
    """The subnets exist, in one VPC, with free addresses; public ones where workers use those.

    Args:
        aws: the way to EC2.
        network: tells the subnets.
        settings: which are configured, and by which addresses machines are reached.
    """

    name = "ec2.subnets"

    def __init__(self, aws: Aws, network: Network, settings: Settings) -> None:
        self._aws = aws
        self._network = network
        self._settings = settings

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        try:
            found = await self._network.subnets()
        except OperationFailed as error:
            if cause_of(error) is None:
                return Finding("fail", f"{words_of(error)} (JOBSCHED_EC2_SPOT_SUBNETS)")
            if code_of(error).startswith("InvalidSubnet"):
                return Finding("fail", f"{words_of(error)}: correct {setting('subnets')}")
            raise
        if self._settings.public_address and (private := await self._private(found)):
            words = f"machines get no public address in {listed(private)}, and so are never reached"
            mend = "let these subnets assign public IPv4 addresses (MapPublicIpOnLaunch)"
            others = f"{setting('subnets')} or {setting('public_address')}"
            return Finding("fail", f"{words}: {mend}, or correct {others}")
        return of_room(found)

    async def _private(self, found: Sequence[Subnet]) -> list[str]:
        # all that are configured: which of a zone is used changes with their free addresses
        ids = self._settings.subnets or [one.id for one in found]
        described = await self._aws.pages("describe_subnets", "Subnets", SubnetIds=[*ids])
        return [one["SubnetId"] for one in described if not one.get("MapPublicIpOnLaunch")]


def of_room(found: Sequence[Subnet]) -> Finding:
    """Say whether a machine finds an address in the subnets. Pure."""
    told = listed(f"{one.id} in {one.zone}" for one in found)
    full = [one for one in found if not one.free]
    if not full:
        return Finding("pass", f"machines may stand in {told}")
    names = listed(one.id for one in full)
    words = f"no address is free in {names}: free some, or add subnets to {setting('subnets')}"
    return Finding("fail" if len(full) == len(found) else "warn", words)


class Groups(Ec2Check):
    """The security groups exist, in the subnets' VPC, and admit workers alone to Docker's port.

    Args:
        aws: the way to EC2.
        network: tells the VPC.
        settings: the groups, or who is admitted to one that is made.
        deployment: names the one that is made.
    """

    name = "ec2.security_groups"

    def __init__(self, aws: Aws, network: Network, settings: Settings, deployment: str) -> None:
        self._aws = aws
        self._network = network
        self._settings = settings
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if self._settings.security_groups:
            return await self._configured(self._settings.security_groups)
        return await self._made(self._settings.worker_source)

    async def _configured(self, wanted: Sequence[str]) -> Finding:
        try:
            groups = await self._described(wanted)
        except OperationFailed as error:
            if code_of(error).startswith("InvalidGroup"):
                return Finding("fail", f"{words_of(error)}: correct {setting('security_groups')}")
            raise
        vpc = await need(Subnets.name, self._network.vpc())
        if others := [one["GroupId"] for one in groups if one.get("VpcId") != vpc]:
            words = f"{listed(others)} is not in {vpc}, where the subnets are"
            return Finding("fail", f"{words}: correct {setting('security_groups')}")
        return of_rules(groups)

    async def _made(self, sources: Sequence[str]) -> Finding:
        if not sources:
            words = "nothing says who may reach the machines"
            ways = f"{setting('worker_source')}, or {setting('security_groups')}"
            return Finding("fail", f"{words}: set {ways}")
        try:
            if named := [one for one in sources if one.startswith(GROUP)]:
                await self._described(named)
        except OperationFailed as error:
            if code_of(error).startswith("InvalidGroup"):
                return Finding("fail", f"{words_of(error)}: correct {setting('worker_source')}")
            raise
        name = tags.name_of(self._deployment)
        vpc = await need(Subnets.name, self._network.vpc())
        narrowed = tags.filters(group_name=name, vpc_id=vpc)
        there = await self._aws.pages(
            "describe_security_groups", "SecurityGroups", Filters=narrowed
        )
        if not there:
            return Finding("pass", f"{name} will be made, for {listed(sources)} alone")
        # one that was made as our worker_source says is put right by the next launch
        found = of_rules(there)
        return found if found.verdict == "fail" else Finding("pass", f"{name} is there")

    async def _described(self, wanted: Sequence[str]) -> Sequence[Mapping[str, Any]]:
        return await self._aws.pages(
            "describe_security_groups", "SecurityGroups", GroupIds=[*wanted]
        )


def of_rules(groups: Iterable[Mapping[str, Any]]) -> Finding:
    """Say whom the groups let in to the Docker Engine's port. Pure."""
    sources: list[str] = []
    for group in groups:
        admitted = [who for rule in group.get("IpPermissions", ()) for who in admits(rule)]
        sources += admitted
        if is_everybody(sources):
            # of several groups, each may let a part of everybody in
            words = f"{group['GroupId']} lets everybody ({listed(sources)}) in to port {PORT}"
            return Finding("fail", f"{words}: admit the workers alone in its inbound rules")
    if not sources:
        words = f"no rule of {setting('security_groups')} admits anybody to TCP port {PORT}"
        return Finding("warn", f"{words}: admit the workers, else no job's container is started")
    return Finding("pass", f"port {PORT} is open to {listed(sources)} alone")


def admits(rule: Mapping[str, Any]) -> list[str]:
    """Give whom an inbound rule lets in to the Docker Engine's port. Pure."""
    if rule.get("IpProtocol") not in {"tcp", "6", "-1"}:
        return []
    # a rule for every protocol has no ports
    if rule["IpProtocol"] != "-1" and not rule.get("FromPort", 0) <= PORT <= rule.get("ToPort", 0):
        return []
    return [
        *(one["CidrIp"] for one in rule.get("IpRanges", ())),
        *(one["CidrIpv6"] for one in rule.get("Ipv6Ranges", ())),
        *(one["GroupId"] for one in rule.get("UserIdGroupPairs", ())),
        *(one["PrefixListId"] for one in rule.get("PrefixListIds", ())),
    ]


__all__ = ["Groups", "Subnets", "admits", "of_room", "of_rules"]
