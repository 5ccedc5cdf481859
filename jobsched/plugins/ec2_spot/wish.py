"""What one offer asks EC2 for: kept in the record as the offer's state."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from jobsched.domain.job import Json

Market = Literal["spot", "on-demand"]

#: families with AWS' own processors have a g after their generation (m7g, c7gn, im4gn, g5g), as
#: "Amazon EC2 instance type naming conventions" says; a1 came before the rule
_ARM: Final = re.compile(r"a1\.|[a-z]+[0-9]+g[a-z]*[.-]|[a-z0-9]+-gb[0-9]+\.")


def arch_of(instance_type: str) -> str:
    """Give the architecture of a type by its name: ``x86_64`` or ``arm64``. Pure."""
    return "arm64" if _ARM.match(instance_type) else "x86_64"


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a machine must have at the least."""

    vcpus: int
    memory_mib: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A fleet of one machine, in one market, of whichever pool EC2 chooses."""

    market: Market
    #: ``x86_64`` or ``arm64``
    arch: str
    #: to choose from, best first; empty: any
    types: tuple[str, ...] = ()
    #: None: the types are taken as they are
    needs: Needs | None = None
    gpus: int = 0
    #: US dollars an hour; of a spot machine only
    max_price: Decimal | None = None
    #: whether the job itself says which types, or what they must have
    by_job: bool = False

    def written(self) -> Json:
        """Give it as the offer keeps it."""
        needs = self.needs and {"vcpus": self.needs.vcpus, "memory_mib": self.needs.memory_mib}
        return {
            "market": self.market,
            "arch": self.arch,
            "types": list(self.types),
            "needs": needs,
            "gpus": self.gpus,
            # a number would not come back as it was
            "max_price": None if self.max_price is None else format(self.max_price, "f"),
            "by_job": self.by_job,
        }

    @classmethod
    def read(cls, state: Json) -> Wish:
        """Make it again of what the offer kept."""
        price = state["max_price"]
        return cls(
            market=state["market"],
            arch=state["arch"],
            types=tuple(state["types"]),
            needs=Needs(**state["needs"]) if state["needs"] else None,
            gpus=state["gpus"],
            max_price=None if price is None else Decimal(price),
            by_job=state.get("by_job", False),
        )


__all__ = ["Market", "Needs", "Wish", "arch_of"]
