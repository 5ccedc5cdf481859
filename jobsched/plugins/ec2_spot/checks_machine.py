"""Whether what machines are made of is there: image, types, key pair, instance profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
from jobsched.plugins.ec2_spot.image import Images
from jobsched.plugins.ec2_spot.network import Network
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.plugins.ec2_spot.wish import arch_of


class Image(Ec2Check):
    """For each architecture that may be launched there is an image, and it fits the disk."""

    name = "ec2.image"

    def __init__(self, aws: Aws, settings: Settings) -> None:
        self._aws = aws
        self._settings = settings
        self._images = Images(aws, settings.image)

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        found: list[str] = []
        for arch in sorted(archs_of(self._settings)):
            try:
                image = await self._images.find(arch, gpus=False)
                described = await self._described(image)
            except OperationFailed as error:
                if cause_of(error) and not code_of(error).startswith("InvalidAMI"):
                    raise
                return Finding("fail", f"{words_of(error)}: correct {setting('image')}")
            if wrong := wrong_with(described, arch, self._settings):
                return Finding("fail", f"{image} {wrong}")
            found.append(f"{image} for {arch}")
        return Finding("pass", f"machines begin with {', '.join(found)}")

    async def _described(self, image: str) -> Mapping[str, Any]:
        answer = await self._aws.call("describe_images", ImageIds=[image])
        return next(iter(answer["Images"]), {})


def archs_of(settings: Settings) -> set[str]:
    """Give the architectures that jobs get which ask for none. Pure."""
    return {arch_of(name) for name in settings.instance_types} or {"x86_64"}


def wrong_with(described: Mapping[str, Any], arch: str, settings: Settings) -> str:
    """Say why machines cannot be launched from an image; empty: they can. Pure."""
    if not described:
        return f"is not there for this account: correct {setting('image')}"
    if described.get("State") != "available":
        return f"is {described.get('State')}, and not available: correct {setting('image')}"
    if described.get("Architecture") != arch:
        ways = f"correct {setting('image')} ({{arch}} stands for it) or {setting('instance_types')}"
        return f"is for {described.get('Architecture')}, and machines would be {arch}: {ways}"
    if described.get("RootDeviceName") != settings.disk_device:
        return f"calls its root device {described.get('RootDeviceName')}: {_set('disk_device')}"
    for one in described.get("BlockDeviceMappings", ()):
        size = one.get("Ebs", {}).get("VolumeSize", 0)
        if one.get("DeviceName") == settings.disk_device and size > settings.disk_gib:
            return f"needs a disk of {size} GiB: {_set('disk_gib')}"
    return ""


def _set(key: str) -> str:
    return f"set {setting(key)} to that"


class InstanceTypes(Ec2Check):
    """The configured types exist, and can be had where the subnets are."""

    name = "ec2.instance_types"

    def __init__(self, aws: Aws, network: Network, settings: Settings) -> None:
        self._aws = aws
        self._network = network
        self._wanted = settings.instance_types

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        if not self._wanted:
            return Finding("pass", "none is named: EC2 chooses by what each job asks for")
        offered = await self._aws.pages(
            "describe_instance_type_offerings",
            "InstanceTypeOfferings",
            LocationType="availability-zone",
            Filters=tags.filters(instance_type=self._wanted),
        )
        zones = [one.zone for one in await need("ec2.subnets", self._network.subnets())]
        return of_offerings(self._wanted, offered, zones)


def of_offerings(
    wanted: Iterable[str], offered: Iterable[Mapping[str, str]], zones: Iterable[str]
) -> Finding:
    """Say which types can be had in the zones of the subnets. Pure."""
    where: dict[str, set[str]] = {name: set() for name in wanted}
    for one in offered:
        where.setdefault(one["InstanceType"], set()).add(one["Location"])
    if nowhere := [name for name, found in where.items() if not found]:
        words = f"there is no type {listed(nowhere)} in this region"
        return Finding("fail", f"{words}: correct {setting('instance_types')}")
    here = set(zones)
    elsewhere = [name for name, found in where.items() if not found & here]
    if not elsewhere:
        return Finding("pass", f"there are {listed(where)}")
    words = f"{listed(elsewhere)} cannot be had in {listed(sorted(here))}"
    ways = f"add subnets of other zones to {setting('subnets')}, or other types"
    return Finding("fail" if len(elsewhere) == len(where) else "warn", f"{words}: {ways}")


class KeyPair(Ec2Check):
    """The key pair exists."""

    name = "ec2.key_pair"

    def __init__(self, aws: Aws, key_name: str) -> None:
        self._aws = aws
        self._key_name = key_name

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        try:
            await self._aws.call("describe_key_pairs", KeyNames=[self._key_name])
        except OperationFailed as error:
            if code_of(error).startswith("InvalidKeyPair"):
                return Finding("fail", f"{words_of(error)}: correct {setting('key_name')}")
            raise
        return Finding("pass", f"there is a key pair {self._key_name}")


class InstanceProfile(Ec2Check):
    """The instance profile exists, and has a role."""

    name = "ec2.instance_profile"

    def __init__(self, aws: Aws, profile: str) -> None:
        self._aws = aws
        self._profile = profile

    async def judge(self) -> Finding:
        """See :class:`Ec2Check`."""
        name = self._profile.rpartition("/")[2]
        try:
            answer = await self._aws.call("get_instance_profile", "iam", InstanceProfileName=name)
        except OperationFailed as error:
            if code_of(error) == "NoSuchEntity":
                words = f"there is no instance profile {name}"
                return Finding("fail", f"{words}: correct {setting('instance_profile')}")
            raise
        if not answer["InstanceProfile"].get("Roles"):
            words = f"the instance profile {name} has no role"
            return Finding(
                "fail", f"{words}: add one to it, or unset {setting('instance_profile')}"
            )
        return Finding("pass", f"there is an instance profile {name}")


__all__ = [
    "Image",
    "InstanceProfile",
    "InstanceTypes",
    "KeyPair",
    "archs_of",
    "of_offerings",
    "wrong_with",
]
