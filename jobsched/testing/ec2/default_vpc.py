"""The addresses of the default VPC: AWS' own range, or another one that is free."""

from __future__ import annotations

import ipaddress
from typing import Any, Final

from moto.ec2.models.vpcs import VPCBackend

#: what moto cuts a default VPC's subnets out of
PREFIX: Final = 16


def use(network: str) -> None:
    """Let the default VPC of this process have a range; before anything else is asked of moto.

    Raises:
        ValueError: it is no range of IPv4 with a prefix of 16.
    """
    wanted = ipaddress.IPv4Network(network)
    if wanted.prefixlen != PREFIX:
        raise ValueError(f"a default VPC has a prefix of {PREFIX}, as 172.31.0.0/16: {network}")
    make = VPCBackend.create_vpc

    def create_vpc(self: Any, cidr_block: str, *rest: Any, **named: Any) -> Any:
        block = network if named.get("is_default") else cidr_block
        return make(self, block, *rest, **named)

    VPCBackend.create_vpc = create_vpc  # type: ignore[method-assign] # moto has no setting for it


__all__ = ["use"]
