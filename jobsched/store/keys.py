"""Names in Redis that Python uses itself; all others are in ``lua/prelude.lua``."""

from __future__ import annotations

EVENTS = "jobsched:events"
#: says whose the store is (:mod:`jobsched.store.owner`)
OWNER = "jobsched:deployment"


def wake_channel(owner: str) -> str:
    """Give the channel on which workers are woken; channels know no database numbers."""
    return f"jobsched:wake:{owner}"


__all__ = ["EVENTS", "OWNER", "wake_channel"]
