"""What goes wrong in the model, by names in plain words, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

#: the calls of EC2, as faults name them
CALLS: Final = ("launch", "search", "description", "list", "termination", "disk removal")
#: what may become of each call, and its chance at each call at heat 1. A question that is lost had
#: no effect; an answer that is lost had it.
OF_CALLS: Final = {"throttled": 0.03, "question lost": 0.02, "answer lost": 0.02}

#: name → chance at heat 1
FAULTS: Final[Mapping[str, float]] = MappingProxyType(
    {f"{call} {what}": chance for call in CALLS for what, chance in OF_CALLS.items()}
    | {
        # at each launch that is new
        "no capacity": 0.04,
        "quota reached": 0.01,
        # at each sending again of a request whose machine has ended
        "dead token refused": 0.3,
        # of each machine
        "machine stillborn": 0.02,
        "machine shown late": 0.06,
        "machine shown very late": 0.03,
        "spot taken back with notice": 0.03,
        "spot taken back without notice": 0.03,
        # of each end of a machine
        "machine ends slowly": 0.06,
        "machine vanishes at its end": 0.05,
        "disk left behind": 0.03,
    }
)


class Chance(Protocol):
    """The one source of chance of a world."""

    def strikes(self, name: str, /) -> bool:
        """Whether this fault happens here and now."""

    def between(self, least: float, most: float, /) -> float:
        """Give some number in between."""


class _Calm:
    """Nothing goes wrong; each number is the least that it may be."""

    def strikes(self, _: str, /) -> bool:
        """Say no."""
        return False

    def between(self, least: float, _: float, /) -> float:
        """Give the least."""
        return least


CALM: Final[Chance] = _Calm()

__all__ = ["CALLS", "CALM", "FAULTS", "OF_CALLS", "Chance"]
