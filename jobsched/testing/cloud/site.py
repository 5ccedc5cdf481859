"""Where bodies stand: what the keeper needs of it, whatever a body is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol

from jobsched.testing.cloud.network import Network

Machine = Mapping[str, Any]


class Ending(Enum):
    """How a body has ended by itself."""

    POWERED_OFF = "powered off"
    REBOOTED = "rebooted"


class Site(Protocol):
    """Makes bodies and takes them away; for any number of threads."""

    network: Network
    #: so many bodies boot at one time, further ones wait
    boots_at_once: int

    def make(self, machine: Machine, metadata: str) -> None:
        """Make a machine's body and let it boot.

        Args:
            machine: as the fake tells it.
            metadata: address and port of the metadata service.

        Raises:
            Exception: whatever keeps it from that; what was made is removed by `remove`.
        """

    def boot_again(self, machine: str) -> None:
        """Let a body that has rebooted go on."""

    def remove(self, machine: str) -> None:
        """Take a body away, running or not; keep what its console said. May be repeated."""

    def watch(self, ended: Callable[[str, Ending], None]) -> None:
        """Tell of bodies that end by themselves, until the site is closed."""

    def close(self) -> None:
        """Take everything away. May be repeated."""


__all__ = ["Ending", "Machine", "Site"]
