"""Whether AWS permits what jobsched changes and removes, and what it asks the price list."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jobsched.contracts.check import Finding
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import list_price, tags
from jobsched.plugins.ec2_spot.checks_failure import NO_RIGHT, POLICY, Ec2Check, code_of, setting
from jobsched.plugins.ec2_spot.checks_rights import NO_DEPLOYMENT, TYPES, Tried, dry_run, told
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.group import rule_of
from jobsched.plugins.ec2_spot.settings import Settings

#: of nothing; their forms are right
NO_GROUP: Final = "sg-00000000000000000"
NO_VOLUME: Final = "vol-00000000000000000"
#: who is told that there is no such thing may change one
NOTHING_THERE: Final = ("InvalidGroup", "InvalidPermission", "InvalidVolume")
UNLESS: Final = "they may be permitted for what has our tag alone; ask again while a machine is on"
#: some workers' addresses, for a rule that is never made
SOMEBODY: Final = "10.0.0.0/16"


class RightToChange(Ec2Check):
    """The rules of the security group that is made, and volumes that are left, can be changed.

    Args:
        aws: the way to EC2.
        settings: whether groups are configured; then none is changed.
        deployment: whose group and volumes.
    """

    name = "ec2.rights.change"

    def __init__(self, aws: Aws, settings: Settings, deployment: str) -> None:
        self._aws = aws
        self._settings = settings
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if not self._deployment:
            return Finding("unknown", NO_DEPLOYMENT)
        surely: list[Tried] = []
        perhaps: list[Tried] = []
        for action, ours, asked in await self._asked():
            (surely if ours else perhaps).append(await self._tried(action, asked))
        if any(one.right == "missing" for one in surely):
            return told(surely)
        return told([*surely, *perhaps], unless=UNLESS)

    async def _asked(self) -> list[tuple[str, bool, Mapping[str, Any]]]:
        ours = [tags.having(tags.DEPLOYMENT, self._deployment)]
        volume = await self._one("describe_volumes", "Volumes", "VolumeId", ours)
        found: list[tuple[str, bool, Mapping[str, Any]]] = [
            ("ec2:DeleteVolume", bool(volume), {"VolumeId": volume or NO_VOLUME})
        ]
        if not self._settings.security_groups:
            group = await self._one("describe_security_groups", "SecurityGroups", "GroupId", ours)
            asked = {"GroupId": group or NO_GROUP, "IpPermissions": [rule_of(SOMEBODY)]}
            found += [
                (f"ec2:{verb}SecurityGroupIngress", bool(group), asked)
                for verb in ("Authorize", "Revoke")
            ]
        return found

    async def _one(self, operation: str, key: str, name: str, filters: Any) -> str | None:
        found = await self._aws.pages(operation, key, Filters=filters)
        return str(found[0][name]) if found else None

    async def _tried(self, action: str, asked: Mapping[str, Any]) -> Tried:
        tried = await dry_run(self._aws, action, **asked)
        is_there = tried.words.startswith(NOTHING_THERE)
        return Tried(action=action, right="there") if is_there else tried


class RightToPrices(Ec2Check):
    """The price list can be asked; without it a job on an on-demand machine shows no price.

    Args:
        aws: the way to the price list, which is only read.
        settings: whether there are on-demand machines, and prices of them.
    """

    name = "ec2.rights.prices"

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws = aws
        self._settings = settings

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if self._settings.on_demand == "never":
            return Finding("pass", "not needed: no on-demand machine is launched")
        region, _ = await self._aws.place()
        try:
            await list_price.look_up(self._aws, TYPES["x86_64"], region)
        except OperationFailed as error:
            if code_of(error) not in NO_RIGHT:
                raise
            words = "not permitted: pricing:GetProducts, so that on-demand jobs show no price"
            return Finding("warn", f"{words}: set {setting('on_demand_prices')}, or {POLICY}")
        except LookupError:
            # it answered; whether it has a price is another matter
            pass
        return Finding("pass", "permitted: pricing:GetProducts")


__all__ = ["RightToChange", "RightToPrices"]
