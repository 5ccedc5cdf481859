"""What happened to a machine of the local cloud."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing in the life of a machine."""

    #: id of the instance
    machine: str
    #: launched, started (systemd runs), booted (its user data comes next), notice, rebalance,
    #: rebooted, powered_off, failed, gone
    what: str
    #: since the launch
    seconds: float
    #: more about it, for a person
    detail: str = ""

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Event:
        """Read it from the keeper's JSON."""
        return cls(**value)

    @property
    def line(self) -> str:
        """Give it as a line for a person."""
        words = self.what.replace("_", " ")
        tail = f": {self.detail}" if self.detail else ""
        return f"{self.machine} {words} ({self.seconds:.1f} s after its launch){tail}"


__all__ = ["Event"]
