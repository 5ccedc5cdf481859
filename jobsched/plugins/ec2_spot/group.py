"""The security groups of the machines: those of the configuration, or one that is made.

The one that is made admits nothing but the Docker Engine's port, and that only from the workers.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any, Final

from jobsched.contracts.services import Services
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.described import PORT
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.kept import Kept
from jobsched.plugins.ec2_spot.network import Network

KEEP: Final = timedelta(minutes=5)
#: what precedes every security group's id
GROUP: Final = "sg-"
DESCRIPTION: Final = "jobsched: the Docker Engine's port, from its workers only"


class SecurityGroups:
    """Finds the groups, and makes one where none is configured.

    Args:
        aws: the way to EC2.
        services: lends time, log and the deployment's id.
        network: tells the VPC that a group is made in.
        configured: ids of groups; with any, nothing is looked up and nothing made.
        worker_source: who may reach the machines of a group that is made: ids of security groups,
            and ranges of addresses.
    """

    def __init__(
        self,
        aws: Aws,
        services: Services,
        network: Network,
        *,
        configured: Sequence[str],
        worker_source: Sequence[str],
    ) -> None:
        self._aws = aws
        self._log = services.log
        self._network = network
        self._name = tags.name_of(services.deployment)
        self._deployment = services.deployment
        self._configured = tuple(configured)
        self._sources = frozenset(worker_source)
        self._kept = Kept(self._look, services.clock, KEEP)

    async def ids(self) -> tuple[str, ...]:
        """Give the groups' ids. May be repeated, also by two workers at one time.

        Raises:
            OperationFailed: none is configured and none can be made.
        """
        return self._configured or await self._kept.get()

    def forget(self) -> None:
        """Look for the group anew the next time."""
        self._kept.forget()

    async def _look(self) -> tuple[str, ...]:
        if not self._sources:
            raise OperationFailed(
                "configuration",
                "nothing says who may reach the machines: set ec2_spot.security_groups, or "
                "ec2_spot.worker_source for a security group that is made",
                then="breaker",
            )
        vpc = await self._network.vpc()
        group = await self._find(vpc) or await self._make(vpc)
        await self._admit(group)
        return (group["GroupId"],)

    async def _find(self, vpc: str) -> Mapping[str, Any] | None:
        found = await self._aws.pages(
            "describe_security_groups",
            "SecurityGroups",
            Filters=tags.filters(group_name=self._name, vpc_id=vpc),
        )
        return found[0] if found else None

    async def _make(self, vpc: str) -> Mapping[str, Any]:
        try:
            made = await self._aws.call(
                "create_security_group",
                GroupName=self._name,
                Description=DESCRIPTION,
                VpcId=vpc,
                TagSpecifications=[
                    {
                        "ResourceType": "security-group",
                        "Tags": tags.listed({tags.DEPLOYMENT: self._deployment}),
                    }
                ],
            )
        except OperationFailed as error:
            if not has_code(error, ("InvalidGroup.Duplicate",)):
                raise
            # another worker was faster
            if (found := await self._find(vpc)) is None:
                raise OperationFailed("not_shown_yet", error.message, then="later") from error
            return found
        self._log.info("group.made", group=made["GroupId"], vpc=vpc)
        return {"GroupId": made["GroupId"], "IpPermissions": []}

    async def _admit(self, group: Mapping[str, Any]) -> None:
        """Let in whom the configuration names, and nobody whom it does not name any more."""
        admitted = sources_of(group.get("IpPermissions", ()))
        if missing := self._sources - admitted:
            await self._change("authorize_security_group_ingress", group, missing, "Duplicate")
        if surplus := admitted - self._sources:
            await self._change("revoke_security_group_ingress", group, surplus, "NotFound")

    async def _change(
        self, operation: str, group: Mapping[str, Any], sources: Iterable[str], done: str
    ) -> None:
        rules = [rule_of(source) for source in sorted(sources)]
        try:
            await self._aws.call(operation, GroupId=group["GroupId"], IpPermissions=rules)
        except OperationFailed as error:
            # it was seen a moment ago; another that is not there is a source, wrongly configured
            if has_code(error, ("InvalidGroup.NotFound",)) and group["GroupId"] in error.message:
                raise OperationFailed("not_shown_yet", error.message, then="later") from error
            # another worker did the same at the same time
            if not has_code(error, (f"InvalidPermission.{done}",)):
                raise


def rule_of(source: str) -> dict[str, Any]:
    """Give the rule that admits a source (``sg-…``, or a range of addresses) to the port. Pure."""
    if source.startswith(GROUP):
        who: dict[str, Any] = {"UserIdGroupPairs": [{"GroupId": source}]}
    elif ipaddress.ip_network(source).version == 4:  # noqa: PLR2004 - the version of IP
        who = {"IpRanges": [{"CidrIp": source}]}
    else:
        who = {"Ipv6Ranges": [{"CidrIpv6": source}]}
    return {"IpProtocol": "tcp", "FromPort": PORT, "ToPort": PORT, **who}


def sources_of(rules: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Give whom rules for exactly our port admit; rules of an operator's own are left out. Pure."""
    ours = [rule for rule in rules if (rule.get("FromPort"), rule.get("ToPort")) == (PORT, PORT)]
    groups = (pair["GroupId"] for rule in ours for pair in rule.get("UserIdGroupPairs", ()))
    four = (one["CidrIp"] for rule in ours for one in rule.get("IpRanges", ()))
    six = (one["CidrIpv6"] for rule in ours for one in rule.get("Ipv6Ranges", ()))
    return frozenset([*groups, *four, *six])


__all__ = ["DESCRIPTION", "GROUP", "SecurityGroups", "rule_of", "sources_of"]
