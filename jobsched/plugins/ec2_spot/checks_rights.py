"""Whether AWS permits what jobsched does, by dry runs: nothing is done, and nothing costs money.

A right that a policy ties to our tag cannot be tried on something that is not there; what is
refused then may be permitted all the same, and is told as unknown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal

from botocore import xform_name

from jobsched.contracts.check import Finding
from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.checks_failure import (
    NO_RIGHT,
    POLICY,
    Ec2Check,
    code_of,
    need,
    words_of,
)
from jobsched.plugins.ec2_spot.checks_machine import Image, archs_of
from jobsched.plugins.ec2_spot.checks_network import Subnets
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.image import Images
from jobsched.plugins.ec2_spot.network import Network
from jobsched.plugins.ec2_spot.policy import LOOK
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.plugins.ec2_spot.template import NOT_FOUND

#: ``missing``: refused; ``untried``: AWS looked at something else first
Right = Literal["there", "missing", "untried"]
MAY: Final = "DryRunOperation"
#: of no machine; its form is right
NO_MACHINE: Final = "i-00000000000000000"
TYPES: Final = {"x86_64": "m5.large", "arm64": "m6g.large"}
#: dry runs of looking need no more than this
ASKED: Final[dict[str, dict[str, Any]]] = {
    "ec2:DescribeLaunchTemplateVersions": {"Versions": ["$Latest"]},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """What became of a dry run."""

    action: str
    right: Right
    words: str = ""


async def dry_run(aws: Aws, action: str, **parameters: Any) -> Tried:
    """Ask whether an action of EC2 is permitted. May be repeated.

    Args:
        aws: the way to EC2.
        action: as a policy names it: ``ec2:RunInstances``.
        parameters: of the call, as it would be made.

    Raises:
        OperationFailed: AWS could not be asked, or it is none: it did what was not to be done.
    """
    operation = xform_name(action.removeprefix("ec2:"))
    try:
        await aws.call(operation, DryRun=True, **parameters)
    except OperationFailed as error:
        code = code_of(error)
        if code == MAY:
            return Tried(action=action, right="there")
        if code in NO_RIGHT:
            return Tried(action=action, right="missing", words=words_of(error))
        if error.reason != "configuration" or code == "AuthFailure" or not code:
            raise
        return Tried(action=action, right="untried", words=f"{code}: {words_of(error)}")
    raise OperationFailed("no_dry_run", f"{action} was not refused, although it was a dry run")


def told(found: Sequence[Tried], *, unless: str = "") -> Finding:
    """Say what came of several. Pure.

    Args:
        found: the dry runs.
        unless: why what is missing may be there all the same; empty: it is missing.
    """
    missing = [one.action for one in found if one.right == "missing"]
    if missing and unless:
        return Finding("unknown", f"{', '.join(missing)} could not be tried: {unless}")
    if missing:
        return Finding("fail", f"not permitted: {', '.join(missing)}; {POLICY}")
    if untried := [one for one in found if one.right == "untried"]:
        why = "; ".join(f"{one.action} ({one.words[:90]})" for one in untried)
        return Finding("unknown", f"could not be tried: {why}")
    return Finding("pass", f"permitted: {', '.join(one.action for one in found)}")


class RightToLook(Ec2Check):
    """What is described of machines, networks and prices."""

    name = "ec2.rights.look"

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        return told([await dry_run(self._aws, one, **ASKED.get(one, {})) for one in LOOK])


class RightToLaunch(Ec2Check):
    """A machine is launched with our tags, and with what the configuration gives it."""

    name = "ec2.rights.launch"

    def __init__(self, aws: Aws, network: Network, settings: Settings, deployment: str) -> None:
        self._aws = aws
        self._network = network
        self._settings = settings
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if not self._deployment:
            return Finding("unknown", NO_DEPLOYMENT)
        arch = min(archs_of(self._settings))
        images = Images(self._aws, self._settings.image)
        image = await need(Image.name, images.find(arch, gpus=False))
        subnet = (await need(Subnets.name, self._network.subnets()))[0].id
        name = next(iter(self._settings.instance_types), TYPES[arch])
        pool = {"ImageId": image, "InstanceType": name, "SubnetId": subnet}
        run = await dry_run(self._aws, "ec2:RunInstances", **self._machine(pool))
        if run.right == "missing":
            passed = " and a role (iam:PassRole)" if self._settings.instance_profile else ""
            words = f"not permitted: ec2:RunInstances with our tags (ec2:CreateTags){passed}"
            return Finding("fail", f"{words}; {POLICY}")
        there = await template_is_there(self._aws, self._deployment)
        fleet = await dry_run(self._aws, "ec2:CreateFleet", **self._fleet(pool))
        why = "the first launch makes its launch template; ask again after that"
        return told([run, fleet], unless="" if there else why)

    def _machine(self, pool: dict[str, Any]) -> dict[str, Any]:
        asked: dict[str, Any] = {
            **pool,
            "MinCount": 1,
            "MaxCount": 1,
            "TagSpecifications": tagged(self._deployment, "instance", "volume"),
        }
        if self._settings.security_groups:
            asked["SecurityGroupIds"] = [*self._settings.security_groups]
        if self._settings.key_name:
            asked["KeyName"] = self._settings.key_name
        if profile := self._settings.instance_profile:
            asked["IamInstanceProfile"] = {"Arn" if profile.startswith("arn:") else "Name": profile}
        return asked

    def _fleet(self, pool: dict[str, Any]) -> dict[str, Any]:
        market = "on-demand" if self._settings.on_demand == "always" else "spot"
        return {
            "Type": "instant",
            "TargetCapacitySpecification": {
                "TotalTargetCapacity": 1,
                "DefaultTargetCapacityType": market,
            },
            "LaunchTemplateConfigs": [
                {
                    "LaunchTemplateSpecification": {
                        "LaunchTemplateName": tags.name_of(self._deployment),
                        "Version": "$Latest",
                    },
                    "Overrides": [pool],
                }
            ],
            "TagSpecifications": tagged(self._deployment, "fleet", "instance"),
        }


class RightToMake(Ec2Check):
    """The launch template is made, and a security group where none is configured."""

    name = "ec2.rights.make"

    def __init__(self, aws: Aws, network: Network, settings: Settings, deployment: str) -> None:
        self._aws = aws
        self._network = network
        self._settings = settings
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if not self._deployment:
            return Finding("unknown", NO_DEPLOYMENT)
        content = {"InstanceInitiatedShutdownBehavior": "terminate"}
        name = tags.name_of(self._deployment)
        template = {
            "LaunchTemplateName": name,
            "LaunchTemplateData": content,
            "TagSpecifications": tagged(self._deployment, "launch-template"),
        }
        if await template_is_there(self._aws, self._deployment):
            action = "ec2:CreateLaunchTemplateVersion"
            asked = {"LaunchTemplateName": name, "LaunchTemplateData": content}
            found = [await dry_run(self._aws, action, **asked)]
        else:
            found = [await dry_run(self._aws, "ec2:CreateLaunchTemplate", **template)]
        if not self._settings.security_groups:
            found.append(await self._group())
        return told(found)

    async def _group(self) -> Tried:
        tried = await dry_run(
            self._aws,
            "ec2:CreateSecurityGroup",
            GroupName=tags.name_of(self._deployment),
            Description="jobsched doctor: never made",
            VpcId=await need(Subnets.name, self._network.vpc()),
            TagSpecifications=tagged(self._deployment, "security-group"),
        )
        # who is told that it is there already may make one
        is_there = tried.words.startswith("InvalidGroup.Duplicate")
        return Tried(action=tried.action, right="there") if is_there else tried


class RightToTerminate(Ec2Check):
    """A machine is given back: what costs most where it is not permitted."""

    name = "ec2.rights.terminate"

    def __init__(self, aws: Aws, deployment: str) -> None:
        self._aws = aws
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        ours = await self._ours() if self._deployment else None
        asked = {"InstanceIds": [ours or NO_MACHINE]}
        tried = await dry_run(self._aws, "ec2:TerminateInstances", **asked)
        if tried.words.startswith("InvalidInstanceID"):
            # who is told that there is no such machine may end one
            tried = Tried(action=tried.action, right="there")
        why = "it may be permitted for machines with our tag alone; ask again while one is on"
        return told([tried], unless="" if ours else why)

    async def _ours(self) -> str | None:
        """Give a machine of this deployment; it is not touched."""
        narrowed = [
            tags.having(tags.DEPLOYMENT, self._deployment),
            *tags.filters(instance_state_name=["pending", "running"]),
        ]
        found = await self._aws.pages("describe_instances", "Reservations", Filters=narrowed)
        machines = (one["InstanceId"] for reservation in found for one in reservation["Instances"])
        return next(machines, None)


NO_DEPLOYMENT: Final = "not looked at, as this deployment has no id yet: see the check secret"


async def template_is_there(aws: Aws, deployment: str) -> bool:
    """Whether a launch has made the deployment's launch template. May be repeated.

    Raises:
        OperationFailed: it could not be asked.
    """
    asked = {"LaunchTemplateName": tags.name_of(deployment), "Versions": ["$Latest"]}
    try:
        await aws.call("describe_launch_template_versions", **asked)
    except OperationFailed as error:
        if code_of(error) in NOT_FOUND:
            return False
        raise
    return True


def tagged(deployment: str, *kinds: str) -> list[dict[str, Any]]:
    """Give the tags of a launch, as a real one has them. Pure."""
    order = MachineOrder(
        deployment=deployment,
        job=JobId("doctor"),
        attempt=1,
        launch=1,
        token="doctor",  # noqa: S106 - no launch's
        boot_script="",
        dies_at=datetime(2000, 1, 1, tzinfo=UTC),
    )
    ours = tags.listed(tags.of_order(order))
    return [{"ResourceType": kind, "Tags": ours} for kind in kinds]


__all__ = [
    "NO_DEPLOYMENT",
    "TYPES",
    "RightToLaunch",
    "RightToLook",
    "RightToMake",
    "RightToTerminate",
    "Tried",
    "dry_run",
    "told",
]
