"""The production engine and dispatch in imagined worlds and virtual time."""

from __future__ import annotations

from jobsched.testing.simulator.afterwards import earliest_start, violations
from jobsched.testing.simulator.simulation import (
    Cast,
    Life,
    NoHistory,
    SimulatedSpawn,
    Simulation,
)

__all__ = [
    "Cast",
    "Life",
    "NoHistory",
    "SimulatedSpawn",
    "Simulation",
    "earliest_start",
    "violations",
]
