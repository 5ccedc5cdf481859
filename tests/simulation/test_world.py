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


@pytest.mark.parametrize(("seed", "jobs"), [(2, 1), (8, 3)])
def test_few_jobs_end_before_a_backup_is_put_right(seed: int, jobs: int) -> None:
    """The world goes on until it is: a record that was put aside is mended, the store opened."""
    told = tell(seed, Setting(jobs=jobs))
    assert told.violations == [], told.explained()


def test_a_job_whose_end_is_forgotten_ends_again() -> None:
    """Where it was the last one, the world goes on until it has."""
    told = tell(1, Setting(jobs=1, lossy=True))
    assert told.violations == [], told.explained()


def test_in_good_weather_nothing_goes_wrong() -> None:
    """Every job ends as its program does, in one attempt, on one machine."""
    told = tell(1, Setting(jobs=20, heat=0.0))
    assert told.violations == [], told.explained()
    assert told.faults.total() == 0
    assert told.coverage.deaths.total() == 0
    assert told.money.extra == {}
    assert told.coverage.transitions["", "scheduled"] == 20
