"""The production engine and dispatch in imagined worlds and virtual time."""

from __future__ import annotations

from jobsched.testing.simulator.simulation import (
    Cast,
    Life,
    NoHistory,
    SimulatedSpawn,
    Simulation,
    earliest_start,
    violations,
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
