"""The few instance types of the fake, with the sizes and prices that they roughly have at AWS."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Final

GIB: Final = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceType:
    """What can be had."""

    name: str
    vcpus: int
    memory_mib: int
    arch: str = "x86_64"
    gpus: int = 0
    #: US dollars an hour
    on_demand: Decimal

    @property
    def manufacturer(self) -> str:
        """Who made the processor, as `CpuManufacturers` names them."""
        if self.arch == "arm64":
            return "amazon-web-services"
        return "amd" if self.name.partition(".")[0].endswith("a") else "intel"

    @property
    def is_burstable(self) -> bool:
        """Whether it is one of the t types."""
        return self.name.startswith("t")


def _type(  # noqa: PLR0917  # the columns of the table below
    name: str, vcpus: int, gib: float, price: str, arch: str = "x86_64", gpus: int = 0
) -> InstanceType:
    return InstanceType(
        name=name,
        vcpus=vcpus,
        memory_mib=int(gib * GIB),
        arch=arch,
        gpus=gpus,
        on_demand=Decimal(price),
    )


TYPES: Final = {
    one.name: one
    for one in (
        _type("t3.nano", 2, 0.5, "0.0052"),
        _type("t3.micro", 2, 1, "0.0104"),
        _type("t3.small", 2, 2, "0.0208"),
        _type("t3.medium", 2, 4, "0.0416"),
        _type("t3.large", 2, 8, "0.0832"),
        _type("t4g.nano", 2, 0.5, "0.0042", "arm64"),
        _type("t4g.micro", 2, 1, "0.0084", "arm64"),
        _type("t4g.small", 2, 2, "0.0168", "arm64"),
        _type("t4g.medium", 2, 4, "0.0336", "arm64"),
        _type("c6i.large", 2, 4, "0.085"),
        _type("c7i.large", 2, 4, "0.08925"),
        _type("c7i.xlarge", 4, 8, "0.1785"),
        _type("c7g.large", 2, 4, "0.0725", "arm64"),
        _type("c7g.xlarge", 4, 8, "0.145", "arm64"),
        _type("m5.large", 2, 8, "0.096"),
        _type("m5.xlarge", 4, 16, "0.192"),
        _type("m6a.large", 2, 8, "0.0864"),
        _type("m6i.large", 2, 8, "0.096"),
        _type("m6i.xlarge", 4, 16, "0.192"),
        _type("m7i.large", 2, 8, "0.1008"),
        _type("m7i.xlarge", 4, 16, "0.2016"),
        _type("m7i.2xlarge", 8, 32, "0.4032"),
        _type("m7i.4xlarge", 16, 64, "0.8064"),
        _type("m6g.large", 2, 8, "0.077", "arm64"),
        _type("m7g.medium", 1, 4, "0.0408", "arm64"),
        _type("m7g.large", 2, 8, "0.0816", "arm64"),
        _type("m7g.xlarge", 4, 16, "0.1632", "arm64"),
        _type("m7g.2xlarge", 8, 32, "0.3264", "arm64"),
        _type("r7i.large", 2, 16, "0.1323"),
        _type("r7g.large", 2, 16, "0.1071", "arm64"),
        _type("g4dn.xlarge", 4, 16, "0.526", gpus=1),
        _type("g5.xlarge", 4, 16, "1.006", gpus=1),
        _type("g5.12xlarge", 48, 192, "5.672", gpus=4),
        _type("g5g.xlarge", 4, 8, "0.42", "arm64", 1),
    )
}

__all__ = ["TYPES", "InstanceType"]
