"""A subnet, and the refusal of one that is full."""

from __future__ import annotations

from dataclasses import dataclass

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


def no_address(subnet: str) -> Refusal:
    """Make the refusal of a subnet that is full."""
    words = f"There are not enough free addresses in subnet '{subnet}' to satisfy the request."
    return Refusal("InsufficientFreeAddressesInSubnet", words)


__all__ = ["Subnet", "no_address"]
