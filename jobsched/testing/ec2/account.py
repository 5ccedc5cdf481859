"""What moto keeps for the fake: templates, images, key pairs, profiles, and the network."""

from __future__ import annotations

import contextlib
import functools
from decimal import Decimal
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.types import Base64EncodedString
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.models import iam_backends
from moto.utilities.utils import load_resource

from jobsched.testing.ec2.catalogue import TYPES, InstanceType
from jobsched.testing.ec2.network import Network
from jobsched.testing.ec2.refusal import Refusal


class Account(Network):
    """Looks things up in moto's models; changes nothing there."""

    @property
    def number(self) -> str:
        """Give the account's number."""
        return str(DEFAULT_ACCOUNT_ID)

    def catalogue(self) -> list[str]:
        """Give the names of the types that have a price here."""
        return sorted(TYPES)

    def template(self, wanted: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """Give a launch template's id, name and version, and the data of that version.

        Raises:
            Refusal: no such template, or no such version of it.
        """
        one = self.template_of(wanted)
        number = str(wanted.get("Version") or "$Default")
        numbers = {"$latest": len(one.versions), "$default": one.default_version_number}
        version = numbers.get(number.lower()) or (int(number) if number.isdigit() else 0)
        if not 1 <= version <= len(one.versions):
            words = f"Could not find the specified version {number} for the launch template "
            raise Refusal("InvalidLaunchTemplateId.VersionNotFound", f"{words}with ID {one.id}.")
        named = {"LaunchTemplateId": one.id, "LaunchTemplateName": one.name}
        return named | {"Version": str(version)}, dict(plain(one.versions[version - 1].data))

    def templates(self) -> list[Any]:
        """Give all launch templates, as moto keeps them."""
        return list(self._ec2.launch_templates.values())

    def template_of(self, wanted: dict[str, Any]) -> Any:
        """Give a launch template by id or name, as moto keeps it.

        Raises:
            Refusal: there is none.
        """
        backend, name = self._ec2, wanted.get("LaunchTemplateName")
        key = wanted.get("LaunchTemplateId") or backend.launch_template_name_to_ids.get(name)
        if key in backend.launch_templates:
            return backend.launch_templates[key]
        if name:
            code = "InvalidLaunchTemplateName.NotFoundException"
            raise Refusal(code, f"The specified launch template, with template name {name}, {GONE}")
        code = "InvalidLaunchTemplateId.NotFound"
        raise Refusal(code, f"The specified launch template, with template ID {key}, {GONE}")

    def type(self, name: str) -> InstanceType:
        """Give an instance type: the catalogue's, or any other that moto knows.

        Raises:
            Refusal: nobody knows it.
        """
        if name in TYPES:
            return TYPES[name]
        if name not in INSTANCE_TYPES:
            words = f"Invalid value '{name}' for InstanceType."
            raise Refusal("InvalidParameterValue", words)
        return _other_type(name, INSTANCE_TYPES[name])

    def architecture(self, image: str) -> str | None:
        """Give the processor that a known image is made for."""
        return _amazons(self.region).get(image)

    def check_key_pair(self, name: str | None) -> None:
        """Raise a Refusal if there is no such key pair."""
        if name and name not in self._ec2.key_pairs:
            raise Refusal("InvalidKeyPair.NotFound", f"The key pair '{name}' does not exist")

    def profile(self, wanted: dict[str, str] | None) -> str | None:
        """Give the ARN of an instance profile.

        Raises:
            Refusal: there is none of that name.
        """
        if not wanted:
            return None
        name = wanted.get("Name") or wanted.get("Arn", "").rpartition("/")[2]
        profiles = iam_backends[DEFAULT_ACCOUNT_ID]["aws"].instance_profiles.values()
        found = next((one.arn for one in profiles if one.name == name), None)
        if found is None:
            words = f"Value ({name}) for parameter iamInstanceProfile.name is invalid. "
            words += "Invalid IAM Instance Profile name"
            raise Refusal("InvalidParameterValue", words)
        return str(found)


@functools.cache
def _amazons(region: str) -> dict[str, str]:
    """Read which processors the images are made for that SSM tells of."""
    found: dict[str, str] = {}
    for name in ("latest_amis", "ecs/optimized_amis"):
        # moto has no images for young regions.
        with contextlib.suppress(FileNotFoundError):
            images = load_resource(f"ec2/resources/{name}/{region}.json")
            found |= {one["ami_id"]: one["architecture"] for one in images}
    return found


GONE = "does not exist."


def plain(value: Any) -> Any:
    """Give parameters without moto's own types in them."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Base64EncodedString) else value


def _other_type(name: str, known: Any) -> InstanceType:
    vcpus = known["VCpuInfo"]["DefaultVCpus"]
    return InstanceType(
        name=name,
        vcpus=vcpus,
        memory_mib=known["MemoryInfo"]["SizeInMiB"],
        arch=known["ProcessorInfo"]["SupportedArchitectures"][-1],
        gpus=sum(one["Count"] for one in known.get("GpuInfo", {}).get("Gpus", [])),
        # a guess: nobody lists all prices here
        on_demand=Decimal(vcpus) * Decimal("0.05"),
    )


__all__ = ["Account", "plain"]
