"""The ways in which a job's machine could be had: a spot fleet, an on-demand fleet, or both."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Offer
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.settings import OnDemand, Settings
from jobsched.plugins.ec2_spot.wish import Market, Needs, Wish, arch_of
from jobsched.plugins.ec2_spot.wording import first_of

MARKETS: Final[Mapping[OnDemand, tuple[Market, ...]]] = {
    "never": ("spot",),
    "fallback": ("spot", "on-demand"),
    "always": ("on-demand",),
}
#: what a machine has at the least, where the job does not say
LEAST_VCPUS: Final = 1
LEAST_MEMORY_MIB: Final = 2048
#: resources by which a job says what its machine must have
CHOOSING: Final = frozenset({"vcpus", "memory_mib", "gpus", "arch"})
#: types that a label names; it is for people
NAMED: Final = 3


def offers_for(order: MachineOrder, settings: Settings) -> tuple[Offer, ...]:
    """Give the offers of an order, best first. Pure.

    Raises:
        OperationFailed: the job asks for what the configuration rules out; it cannot be served.
    """
    allowed = MARKETS[settings.on_demand]
    asked = MARKETS[order.options.get("on_demand", settings.on_demand)]
    markets = [market for market in allowed if market in asked]
    if not markets:
        raise _impossible(
            f"the job wants {' or '.join(asked)} machines, and the configuration allows "
            f"{' or '.join(allowed)} ones only"
        )
    types, arch = _types(order, settings)
    needs = _needs(order.resources, types)
    price = _max_price(order, settings)
    wishes = (
        Wish(
            market=market,
            arch=arch,
            types=types,
            needs=needs,
            gpus=int(order.resources.get("gpus", 0)),
            max_price=price if market == "spot" else None,
            by_job="instance_types" in order.options or bool(CHOOSING & order.resources.keys()),
        )
        for market in markets
    )
    return tuple(Offer(label=label_of(wish), state=wish.written()) for wish in wishes)


def label_of(wish: Wish) -> str:
    """Say for people what is asked for: ``spot m7i.large, m7a.large``. Pure."""
    words = [f"{wish.market} {_named(wish.types)}" if wish.types else f"{wish.market} {wish.arch}"]
    if wish.needs:
        words.append(f"from {wish.needs.vcpus} vCPU and {wish.needs.memory_mib} MiB")
    if wish.gpus:
        words.append(f"from {wish.gpus} GPU")
    if wish.max_price is not None:
        words.append(f"up to {wish.max_price} USD an hour")
    return ", ".join(words)


def _types(order: MachineOrder, settings: Settings) -> tuple[tuple[str, ...], str]:
    """Give the types to choose from, best first, and their architecture.

    A container is built for one architecture: that of the job, else that of the best type.
    """
    configured = settings.instance_types
    asked: Sequence[str] = order.options.get("instance_types", configured)
    types = [one for one in asked if one in configured or not configured]
    if asked and not types:
        raise _impossible(
            f"the job wants {_named(asked)}, and the configuration allows {_named(configured)} only"
        )
    arch = order.resources.get("arch") or (arch_of(types[0]) if types else "x86_64")
    fitting = tuple(dict.fromkeys(one for one in types if arch_of(one) == arch))
    if types and not fitting:
        raise _impossible(f"none of {_named(types)} is of the architecture {arch}")
    return fitting, arch


def _needs(resources: Mapping[str, Any], types: Sequence[str]) -> Needs | None:
    """Give what types are chosen by; None: the types that are named are all there is to choose."""
    if types and not {"vcpus", "memory_mib", "gpus"} & resources.keys():
        return None
    # of types that are named, none is too small by itself
    memory_mib = resources.get("memory_mib", 1 if types else LEAST_MEMORY_MIB)
    return Needs(
        vcpus=math.ceil(resources.get("vcpus", LEAST_VCPUS)), memory_mib=math.ceil(memory_mib)
    )


def _max_price(order: MachineOrder, settings: Settings) -> Decimal | None:
    # a number of JSON may be a float: its shortest text is what was written
    asked = order.options.get("max_price")
    prices = [settings.max_price, None if asked is None else Decimal(str(asked))]
    return min((price for price in prices if price is not None), default=None)


def _named(types: Sequence[str]) -> str:
    return first_of(types, NAMED)


def _impossible(sentence: str) -> OperationFailed:
    return OperationFailed("configuration", sentence, then="fail")


__all__ = ["LEAST_MEMORY_MIB", "LEAST_VCPUS", "MARKETS", "label_of", "offers_for"]
