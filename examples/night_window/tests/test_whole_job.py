"""Whole jobs with this planner, in virtual time: the rest of jobsched is the production code."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from jobsched.testing.clock import FakeClock
from jobsched.testing.fakes import FakeProvider
from jobsched.testing.run_job import RunJob
from jobsched_night_window import NightWindow, Window

OPENS = datetime(2026, 11, 23, 22, tzinfo=UTC)
NIGHT = NightWindow(Window(begin=time(22), end=time(6), zone=ZoneInfo("UTC")))


@pytest.mark.parametrize(
    ("minutes", "waits"), [(-5, 0), (0, 0), (7, 7)], ids=["21:55", "22:00", "22:07"]
)
def test_the_container_starts_in_the_window(
    run_job: RunJob, fake_clock: FakeClock, fake_provider: FakeProvider, minutes: int, waits: int
) -> None:
    """Posted before: as soon as the window opens, or at its schedule if it is open then."""
    fake_clock.set(OPENS - timedelta(minutes=5))
    # long enough for a boot, so that the machine is there in time
    fake_provider.lead = timedelta(minutes=1)
    ran = run_job(
        provider=fake_provider, planner=NIGHT, schedule=OPENS + timedelta(minutes=minutes)
    )
    assert (ran.state, ran.starts) == ("finished", 1)
    assert ran.job.attempt is not None
    started_at = ran.job.attempt.launches[0].tries[0].started_at
    assert started_at is not None
    late = started_at - OPENS - timedelta(minutes=waits)
    assert timedelta(0) <= late < timedelta(seconds=1)
