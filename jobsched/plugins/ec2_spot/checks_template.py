"""Whether machines end with their shutdown, leave no disk, and keep their secrets to themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from jobsched.contracts.check import Finding
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.checks_failure import Ec2Check, listed
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.plugins.ec2_spot.template import NOT_FOUND, content_of, hash_of

#: how a version of ours is described
OURS: Final = hash_of({}).partition(":")[0]


class LaunchTemplate(Ec2Check):
    """What all machines are launched with; before the first launch, what they would be."""

    name = "ec2.template"

    def __init__(self, aws: Aws, settings: Settings, deployment: str) -> None:
        self._aws = aws
        self._settings = settings
        self._deployment = deployment

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        where, content = await self._newest()
        if wrong := wrong_in(content):
            way = f"delete the launch template {tags.name_of(self._deployment)}: it is made anew"
            return Finding("fail", f"{where}: {listed(wrong)}; {way}")
        kept = "machines end when they shut down, leave no disk, and tell containers no secret"
        return Finding("pass", f"{where}: {kept}")

    async def _newest(self) -> tuple[str, Mapping[str, Any]]:
        name = tags.name_of(self._deployment)
        try:
            versions = await self._aws.pages(
                "describe_launch_template_versions",
                "LaunchTemplateVersions",
                LaunchTemplateName=name,
            )
        except OperationFailed as error:
            if not has_code(error, NOT_FOUND):
                raise
            versions = []
        ours = [one for one in versions if one.get("VersionDescription", "").startswith(OURS)]
        if not ours:
            return "no template yet", content_of(self._settings, (), self._deployment)
        newest = max(ours, key=lambda one: int(one["VersionNumber"]))
        return f"template {name}, version {newest['VersionNumber']}", newest["LaunchTemplateData"]


def wrong_in(content: Mapping[str, Any]) -> list[str]:
    """Say what is dangerous in what machines are launched with. Pure."""
    metadata = content.get("MetadataOptions", {})
    disks = content.get("BlockDeviceMappings", ())
    looked = {
        "a machine that powers itself off is kept and paid for (shutdown behaviour)": (
            content.get("InstanceInitiatedShutdownBehavior") == "terminate"
        ),
        "the metadata service answers without a token (IMDSv1)": (
            metadata.get("HttpTokens") == "required"
        ),
        "the metadata service answers containers (hop limit)": (
            metadata.get("HttpPutResponseHopLimit") == 1
        ),
        "a disk outlives its machine (DeleteOnTermination)": bool(disks)
        and all(one.get("Ebs", {}).get("DeleteOnTermination") is True for one in disks),
    }
    return [words for words, well in looked.items() if not well]


__all__ = ["LaunchTemplate", "wrong_in"]
