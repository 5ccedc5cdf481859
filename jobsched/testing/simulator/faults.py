"""The kinds of faults, each with its chance to strike where it may, at heat 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

#: of processes: at each call between one of them and the outside
PROCESSES: Final[Mapping[str, float]] = {
    "worker dies": 0.002,
    "worker stands still": 0.001,
    "store away": 0.002,
    "store's answer lost": 0.002,
}

#: of signals, which may all be lost
SIGNALS: Final[Mapping[str, float]] = {
    "wake lost": 0.05,
    "wake doubled": 0.05,
    "hint lost": 0.1,
    "hint doubled": 0.1,
    "callback lost": 0.05,
    "callback doubled": 0.05,
}

#: of the provider: at each call, or for each machine
PROVIDER: Final[Mapping[str, float]] = {
    "throttled": 0.05,
    "no capacity": 0.05,
    "launch's question lost": 0.04,
    "launch's answer lost": 0.04,
    "find's question lost": 0.04,
    "find's answer lost": 0.04,
    "describe's question lost": 0.02,
    "describe's answer lost": 0.02,
    "terminate's question lost": 0.04,
    "terminate's answer lost": 0.04,
    "spot": 0.06,
    "ends slowly": 0.2,
    "shown late": 0.1,
    "never boots": 0.03,
}

#: of the engine on a machine, at each call
ENGINE: Final[Mapping[str, float]] = {
    "cut off": 0.005,
    "prepare's question lost": 0.03,
    "prepare's answer lost": 0.04,
    "start carried out late": 0.06,
    "start's question lost": 0.04,
    "start's answer lost": 0.05,
    "inspect's question lost": 0.04,
    "inspect's answer lost": 0.04,
    "withdraw's question lost": 0.04,
    "withdraw's answer lost": 0.04,
    "stop's question lost": 0.05,
    "stop's answer lost": 0.05,
}

#: of people
USERS: Final[Mapping[str, float]] = {
    "cancelled": 0.1,
    "ends well when told to": 0.1,
}

FAULTS: Final[Mapping[str, float]] = {**PROCESSES, **SIGNALS, **PROVIDER, **ENGINE, **USERS}

__all__ = ["ENGINE", "FAULTS", "PROCESSES", "PROVIDER", "SIGNALS", "USERS"]
