"""What the model's account has: one template, one image, one subnet in each of three zones."""

from __future__ import annotations

from typing import Any, Final

from jobsched.testing.ec2.catalogue import TYPES, InstanceType
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.refusal import Refusal
from jobsched.testing.ec2.subnet import Subnet

REGION: Final = "us-east-1"
VPC: Final = "vpc-model"
TEMPLATE: Final = {"LaunchTemplateId": "lt-model", "LaunchTemplateName": "model", "Version": "1"}
#: as the provider ec2_spot makes it: whoever switches itself off is gone
DATA: Final[dict[str, Any]] = {
    "ImageId": "ami-model",
    "InstanceInitiatedShutdownBehavior": "terminate",
}
GROUP: Final = {"GroupId": "sg-model", "GroupName": "model"}
SUBNETS: Final = {
    f"subnet-{letter}": Subnet(
        id=f"subnet-{letter}",
        zone=f"{REGION}{letter}",
        vpc=VPC,
        addresses="10.0.0.0/8",
        is_public=False,
    )
    for letter in "abc"
}


class ModelEstate:
    """An `Estate` that is the same in every world."""

    number = "123456789012"

    def catalogue(self) -> list[str]:
        """Give the types of the fake."""
        return sorted(TYPES)

    def template(self, _: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """Give the one there is."""
        return TEMPLATE, DATA

    def type(self, name: str) -> InstanceType:
        """Give a type of the catalogue.

        Raises:
            Refusal: it has none of that name.
        """
        if name not in TYPES:
            raise Refusal("InvalidParameterValue", f"Invalid value '{name}' for InstanceType.")
        return TYPES[name]

    def architecture(self, _: str) -> str | None:
        """Tell nothing: the one image fits every type."""
        return None

    def check_key_pair(self, _: str | None) -> None:
        """Accept it: machines of the model have none."""

    def profile(self, _: dict[str, str] | None) -> str | None:
        """Give none."""
        return None

    def subnet(self, wanted: str | None, zone: str | None = None) -> Subnet:
        """Give a subnet by id, or the first one of a zone, or the first one.

        Raises:
            Refusal: there is none.
        """
        for one in SUBNETS.values():
            if wanted in {None, one.id} and zone in {None, one.zone}:
                return one
        raise Refusal("InvalidSubnetID.NotFound", f"The subnet ID '{wanted}' does not exist")

    def zones(self) -> list[str]:
        """Give the three zones."""
        return [one.zone for one in SUBNETS.values()]

    def groups(self, ids: list[str], vpc: str) -> list[dict[str, str]]:
        """Give the one there is."""
        del ids, vpc
        return [GROUP]

    def address(self, cloud: Cloud, _: Subnet) -> str:
        """Give an address that no machine ever had."""
        number = cloud.launched
        return f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


__all__ = ["REGION", "SUBNETS", "ModelEstate"]
