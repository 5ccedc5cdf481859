"""A machine and a volume as a test sees them: what is so, whatever EC2's calls say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """A machine that the fake launched, alive or not."""

    id: str
    type: str
    zone: str
    #: `spot` or `on-demand`
    market: str
    state: str
    #: the client token of its launch
    token: str | None
    tags: Mapping[str, str]
    #: decoded, and unpacked if it was packed
    user_data: str
    launched_at: datetime
    terminated_at: datetime | None
    #: the private one
    ip_address: str
    #: US dollars an hour, at its launch
    price: str
    #: code of the reason of its end
    reason: str | None
    #: when a spot machine was told that it will be interrupted
    notice_at: datetime | None
    #: what it was launched with: the launch template's data, with what the call changed
    settings: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """A disk that is not deleted."""

    id: str
    #: id of the machine that it was made with
    machine: str | None
    #: `in-use` or `available`
    state: str
    gib: int
    type: str
    tags: Mapping[str, str]


def machine(value: Mapping[str, Any]) -> Machine:
    """Read a machine from the fake's JSON."""
    times = {
        name: datetime.fromisoformat(value[name]) if value[name] else None
        for name in ("launched_at", "terminated_at", "notice_at")
    }
    return Machine(**{**value, **times})


__all__ = ["Machine", "Volume", "machine"]
