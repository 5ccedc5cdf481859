"""What an account has that its launches are checked against, whoever keeps it.

The fake's is kept by moto (`account.Account`); the model of EC2 keeps its own.
"""

from __future__ import annotations

from typing import Any, Protocol

from jobsched.testing.ec2.catalogue import InstanceType
from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.subnet import Subnet


class Estate(Protocol):
    """Images, types, templates, the network. Each look-up raises a `Refusal` of what is not there.

    Nothing is changed by a look-up.
    """

    @property
    def number(self) -> str:
        """Give the account's number."""

    def catalogue(self) -> list[str]:
        """Give the names of the types that have a price here."""

    def template(self, wanted: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
        """Give a launch template's id, name and version, and the data of that version."""

    def type(self, name: str) -> InstanceType:
        """Give an instance type."""

    def architecture(self, image: str) -> str | None:
        """Give the processor that an image is made for; None: it is not known."""

    def check_key_pair(self, name: str | None) -> None:
        """Raise a Refusal if there is no such key pair."""

    def profile(self, wanted: dict[str, str] | None) -> str | None:
        """Give the ARN of an instance profile; of none: None."""

    def subnet(self, wanted: str | None, zone: str | None = None) -> Subnet:
        """Give a subnet by id; or the default one of a zone; or the first default one."""

    def zones(self) -> list[str]:
        """Give the names of the region's zones."""

    def groups(self, ids: list[str], vpc: str) -> list[dict[str, str]]:
        """Give security groups; those of no ids: the default one of the VPC."""

    def address(self, cloud: Cloud, subnet: Subnet) -> str:
        """Give a private address of a subnet that no machine has."""


__all__ = ["Estate"]
