"""Names in Redis that Python uses itself; all others are in ``lua/prelude.lua``."""

from __future__ import annotations

EVENTS = "jobsched:events"


def wake_channel(deployment: str) -> str:
    """Give the channel on which workers are woken; channels know no database numbers."""
    return f"jobsched:wake:{deployment}"


__all__ = ["EVENTS", "wake_channel"]
