"""Which state may follow which, in one save (design, "States")."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: an attempt's end where nothing is left of its machines: for good, or until the next attempt
_OVER: Final = frozenset({"failed", "cancelled", "scheduled"})

LEGAL: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"scheduled"}),
    "scheduled": _OVER | {"provisioning"},
    "provisioning": _OVER | {"provisioning", "booting", "finishing"},
    "booting": _OVER | {"booting", "provisioning", "ready", "finishing"},
    # back to booting: its start was withdrawn, and it is prepared again
    "ready": _OVER | {"ready", "provisioning", "booting", "running", "finishing"},
    "running": _OVER | {"running", "finishing"},
    "finishing": _OVER | {"finishing", "finished"},
    "finished": frozenset(),
    "failed": frozenset(),
    "cancelled": frozenset(),
}
#: from → to: the design names it, and no single save of the engine can make it
NO_ONE_SAVE: Final[Mapping[tuple[str, str], str]] = {
    ("booting", "cancelled"): "a cancel ends the attempt at once, and its machine goes after that",
    ("booting", "scheduled"): "a machine that is lost before its start is replaced, or goes later",
}


__all__ = ["LEGAL", "NO_ONE_SAVE"]
