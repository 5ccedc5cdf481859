"""What the time that AWS tells means."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobsched.plugins.ec2_spot.checks_clock import of_skew

BEFORE = datetime(2026, 11, 30, 12, tzinfo=UTC)
AFTER = BEFORE + timedelta(seconds=0.2)


@pytest.mark.parametrize(
    ("seconds", "verdict"),
    [
        (0, "pass"),
        (-1.9, "pass"),
        (1.1, "pass"),
        (-2.1, "warn"),
        (3, "warn"),
        (-7, "fail"),
        (6, "fail"),
    ],
)
def test_a_clock_that_differs_is_told(seconds: float, verdict: str) -> None:
    """Beyond a second it is a warning, beyond five a failure; AWS tells whole seconds (Q16)."""
    found = of_skew(BEFORE + timedelta(seconds=seconds), BEFORE, AFTER)
    assert (found.verdict, "s apart" in found.sentence) == (verdict, True), found
