"""Whole worlds in bad weather: whatever goes wrong beside whatever else, the promises hold."""

from __future__ import annotations

import pytest

from jobsched.testing.simulator.world import tell


@pytest.mark.parametrize("seed", range(3))
def test_the_promises_hold_in_any_weather(seed: int) -> None:
    """P2 to P6: every job ends, starts once an attempt, alone, as told, and leaves nothing on."""
    told = tell(seed)
    assert told.violations == []
    assert told.faults.total() > told.jobs
