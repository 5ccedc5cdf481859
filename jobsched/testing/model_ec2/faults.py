"""What goes wrong in the model, by names in plain words, and how often."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Protocol

#: the calls that a launch makes, and those that are made from time to time for all machines
OF_LAUNCHES: Final = ("launch", "search", "termination")
OF_ALL: Final = ("description", "list", "disk removal")
CALLS: Final = (*OF_LAUNCHES, *OF_ALL)
#: what may become of each call. A question that is lost had no effect; an answer that is lost had.
THROTTLED, QUESTION_LOST, ANSWER_LOST = "throttled", "question lost", "answer lost"
OF_CALLS: Final = (THROTTLED, QUESTION_LOST, ANSWER_LOST)

#: name → chance at heat 1
FAULTS: Final[Mapping[str, float]] = MappingProxyType(
    {f"{call} {what}": 0.03 for call in OF_LAUNCHES for what in OF_CALLS}
    | {f"{call} {what}": 0.06 for call in OF_ALL for what in OF_CALLS}
    | {
        # rare else, as it takes one of these to meet a dead token
        f"launch {ANSWER_LOST}": 0.05,
        # at each launch that is new
        "no capacity": 0.04,
        "quota reached": 0.03,
        # of a spot machine whose launch was not answered; so that a dead token is met
        "spot taken back before it is named": 0.8,
        # at each sending again of a request whose machine has ended
        "dead token refused": 0.8,
        # of each machine
        "machine stillborn": 0.03,
        "machine shown late": 0.06,
        "machine shown very late": 0.03,
        # of each spot machine, at one moment of its first quarter of an hour
        "spot taken back with notice": 0.1,
        "spot taken back without notice": 0.1,
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

__all__ = [
    "ANSWER_LOST",
    "CALLS",
    "CALM",
    "FAULTS",
    "OF_ALL",
    "OF_CALLS",
    "QUESTION_LOST",
    "THROTTLED",
    "Chance",
]
