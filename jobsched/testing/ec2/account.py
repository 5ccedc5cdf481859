"""What moto keeps for the fake: subnets, groups, templates, images, key pairs, profiles."""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import itertools
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.core.types import Base64EncodedString
from moto.ec2.models import ec2_backends
from moto.ec2.models.instance_types import INSTANCE_TYPES
from moto.iam.models import iam_backends
from moto.utilities.utils import load_resource

from jobsched.testing.ec2.catalogue import TYPES, InstanceType
from jobsched.testing.ec2.refusal import Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """Where a machine may stand."""

    id: str
    zone: str
    vpc: str
    addresses: str
    #: its machines get a public address
    is_public: bool


class Account:
    """Looks things up in moto's models; changes nothing there.

    Args:
        region: the one that is served.
    """

    def __init__(self, region: str) -> None:
        self.region = region

    @property
    def number(self) -> str:
        """Give the account's number."""
        return str(DEFAULT_ACCOUNT_ID)

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

    def catalogue(self) -> list[str]:
        """Give the names of the types that have a price here."""
        return sorted(TYPES)

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

    def address(self, subnet: Subnet, taken: set[str]) -> str:
        """Give a free private address of a subnet.

        Raises:
            Refusal: there is none.
        """
        # The first four and the last one of each subnet are AWS' own.
        hosts = itertools.islice(ipaddress.ip_network(subnet.addresses).hosts(), 3, None)
        for one in hosts:
            if str(one) not in taken:
                return str(one)
        raise no_address(subnet.id)


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


def no_address(subnet: str) -> Refusal:
    """Make the refusal of a subnet that is full."""
    words = f"There are not enough free addresses in subnet '{subnet}' to satisfy the request."
    return Refusal("InsufficientFreeAddressesInSubnet", words)


GONE = "does not exist."


def plain(value: Any) -> Any:
    """Give parameters without moto's own types in them."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return str(value) if isinstance(value, Base64EncodedString) else value


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


__all__ = ["Account", "Subnet", "no_address", "plain"]
