"""The launch template of a deployment: what all its machines have in common, by fixed versions."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from jobsched.contracts.services import Services
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot import tags
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.failure import has_code
from jobsched.plugins.ec2_spot.group import SecurityGroups
from jobsched.plugins.ec2_spot.kept import Kept
from jobsched.plugins.ec2_spot.settings import Settings

#: a version never changes; it is looked for again in case somebody deleted it
KEEP: Final = timedelta(minutes=5)
#: how long EC2 may take to show a new template to its own other calls ("Eventual consistency in
#: the Amazon EC2 API" names no time)
SHOWN_WITHIN: Final = timedelta(minutes=1)
NOT_FOUND: Final = ("InvalidLaunchTemplateName.NotFoundException",)
EXISTS: Final = ("InvalidLaunchTemplateName.AlreadyExistsException",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """A template in one version, which never changes."""

    id: str
    number: str
    #: None: EC2 does not say
    made_at: datetime | None = field(default=None, compare=False)


class Template:
    """Finds the version that holds the configured content, and makes it where there is none.

    Two workers may make the same version at one time: both are equal, and harmless.

    Args:
        aws: the way to EC2.
        services: lends time, log and the deployment's id.
        groups: the machines' security groups.
        settings: the rest of the content.
    """

    def __init__(
        self, aws: Aws, services: Services, groups: SecurityGroups, settings: Settings
    ) -> None:
        self._aws = aws
        self._clock = services.clock
        self._log = services.log
        self._groups = groups
        self._settings = settings
        self._deployment = services.deployment
        self._name = tags.name_of(services.deployment)
        self._kept = Kept(self._look, services.clock, KEEP)
        self._made_at: datetime | None = None

    async def version(self) -> Version:
        """Give the version to be launched from. May be repeated.

        Raises:
            OperationFailed: it can be neither found nor made.
        """
        return await self._kept.get()

    def forget(self) -> None:
        """Look for it anew the next time."""
        self._kept.forget()

    @property
    def is_new(self) -> bool:
        """Whether it was made so lately, by whichever worker, that other calls may not see it yet.

        So may what it names: a security group that was made is older by a moment only.
        """
        return self._made_at is not None and self._clock.now() - self._made_at < SHOWN_WITHIN

    async def _look(self) -> Version:
        version = await self._found_or_made()
        self._made_at = version.made_at
        return version

    async def _found_or_made(self) -> Version:
        content = content_of(self._settings, await self._groups.ids(), self._deployment)
        found = await self._versions()
        if found is None:
            if made := await self._make(content):
                return made
            found = await self._versions()
        if found is None:
            words = f"EC2 does not show the launch template {self._name}, and says that it is there"
            raise OperationFailed("not_shown_yet", words, then="later")
        return newest(found, hash_of(content)) or await self._make_version(content)

    async def _versions(self) -> Sequence[Mapping[str, Any]] | None:
        """Give all versions; None: there is no template."""
        try:
            return await self._aws.pages(
                "describe_launch_template_versions",
                "LaunchTemplateVersions",
                LaunchTemplateName=self._name,
            )
        except OperationFailed as error:
            if has_code(error, NOT_FOUND):
                return None
            raise

    async def _make(self, content: dict[str, Any]) -> Version | None:
        """Make the template with its first version; None: another worker was faster."""
        try:
            answer = await self._aws.call(
                "create_launch_template",
                LaunchTemplateName=self._name,
                VersionDescription=hash_of(content),
                LaunchTemplateData=content,
                TagSpecifications=[_tagged("launch-template", self._deployment)],
            )
        except OperationFailed as error:
            if has_code(error, EXISTS):
                return None
            raise
        made = answer["LaunchTemplate"]
        return self._noted(made["LaunchTemplateId"], made["LatestVersionNumber"])

    async def _make_version(self, content: dict[str, Any]) -> Version:
        answer = await self._aws.call(
            "create_launch_template_version",
            LaunchTemplateName=self._name,
            VersionDescription=hash_of(content),
            LaunchTemplateData=content,
        )
        made = answer["LaunchTemplateVersion"]
        return self._noted(made["LaunchTemplateId"], made["VersionNumber"])

    def _noted(self, template: str, number: int) -> Version:
        self._log.info("template.made", template=template, version=number)
        return Version(id=template, number=str(number), made_at=self._clock.now())


def content_of(settings: Settings, groups: Sequence[str], deployment: str) -> dict[str, Any]:
    """Give what all machines have in common. Pure; the image stands in each request."""
    content: dict[str, Any] = {
        "SecurityGroupIds": list(groups),
        # the machine's own timer powers it off: that must end it, and not only stop it
        "InstanceInitiatedShutdownBehavior": "terminate",
        # with a hop limit of 1 no container on a bridge gets an answer, and without a token nobody
        "MetadataOptions": {
            "HttpEndpoint": "enabled",
            "HttpTokens": "required",
            "HttpPutResponseHopLimit": 1,
            "InstanceMetadataTags": "disabled",
        },
        "BlockDeviceMappings": [
            {
                "DeviceName": settings.disk_device,
                "Ebs": {
                    "DeleteOnTermination": True,
                    "VolumeSize": settings.disk_gib,
                    "VolumeType": "gp3",
                },
            }
        ],
        # a volume that is left behind is known by it
        "TagSpecifications": [_tagged("volume", deployment)],
    }
    if settings.key_name:
        content["KeyName"] = settings.key_name
    if settings.instance_profile:
        kind = "Arn" if settings.instance_profile.startswith("arn:") else "Name"
        content["IamInstanceProfile"] = {kind: settings.instance_profile}
    return content


def hash_of(content: Mapping[str, Any]) -> str:
    """Give what a version of this content is known by: its description. Pure."""
    written = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(written.encode()).hexdigest()}"


def newest(versions: Sequence[Mapping[str, Any]], description: str) -> Version | None:
    """Give the newest version of that description, or None. Pure."""
    same = [one for one in versions if one.get("VersionDescription") == description]
    if not same:
        return None
    last = max(same, key=lambda one: int(one["VersionNumber"]))
    return Version(
        id=last["LaunchTemplateId"],
        number=str(last["VersionNumber"]),
        made_at=last.get("CreateTime"),
    )


def _tagged(kind: str, deployment: str) -> dict[str, Any]:
    return {"ResourceType": kind, "Tags": tags.listed({tags.DEPLOYMENT: deployment})}


__all__ = ["KEEP", "SHOWN_WITHIN", "Template", "Version", "content_of", "hash_of", "newest"]
