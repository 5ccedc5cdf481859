"""Whole worlds in bad weather: whatever goes wrong beside whatever else, the promises hold."""

from __future__ import annotations

import pytest

from jobsched.testing.simulator.world import Setting, tell


@pytest.mark.parametrize("lossy", [False, True])
@pytest.mark.parametrize("seed", range(2))
def test_the_promises_hold_in_any_weather(seed: int, *, lossy: bool) -> None:
    """P2 to P6: every job ends, starts once an attempt, alone, as told, and leaves nothing on."""
    told = tell(seed, Setting(lossy=lossy))
    assert told.violations == [], told.explained()
    assert told.faults.total() > told.jobs
