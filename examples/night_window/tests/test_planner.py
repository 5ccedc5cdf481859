"""Jobs start in the window, and nowhere else."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from marshmallow import ValidationError

from jobsched.domain.job import Attempt, Job, JobId, Outcome, Plan, Retry, Spec
from jobsched_night_window import NightWindow, Window, jobsched_planners
from jobsched_night_window.config import NightWindowSchema

MINUTE = timedelta(minutes=1)
WINDOW = Window(begin=time(22), end=time(6), zone=ZoneInfo("UTC"))


@dataclass
class Lead:
    """A history in which every provider has this lead."""

    time: timedelta = 3 * MINUTE

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:
        """Give none."""
        return ()

    def lead(self, provider: str) -> timedelta:
        """Give it."""
        return self.time


def at(clock: str) -> datetime:
    """Give a time of one day, or of the night after it."""
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, 11, 23, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)


def job_at(schedule: str) -> Job:
    """Make a job that is asked for a time."""
    spec = Spec(
        schedule=at(schedule), docker_image="a", provider="p", runner="r", planner="night_window"
    )
    return Job(id=JobId("j" * 32), spec=spec, accepted_at=at("0:00"))


def planned(schedule: str, now: str) -> Plan:
    """Plan a job that is asked for a time."""
    return NightWindow(WINDOW).plan(job_at(schedule), Lead(), at(now))


def test_a_job_of_the_day_waits_for_the_window() -> None:
    """Its machine is asked for the provider's lead before."""
    plan = planned("12:00", now="11:00")
    assert (plan.provision_at, plan.start_at) == (at("21:57"), at("22:00"))
    assert plan.why == "the window 22:00 to 06:00 UTC opens then"


def test_a_job_of_the_night_starts_at_its_schedule() -> None:
    """The window is open then."""
    plan = planned("23:30", now="11:00")
    assert (plan.provision_at, plan.start_at) == (at("23:27"), at("23:30"))
    assert plan.why == "the window 22:00 to 06:00 UTC is open"


@pytest.mark.parametrize("schedule", ["12:00", "22:30", "23:00"])
def test_a_job_that_comes_inside_the_window_starts_at_once(schedule: str) -> None:
    """Whatever time in the past it is asked for."""
    assert planned(schedule, now="23:00").start_at == at("23:00")


def test_a_past_schedule_inside_the_window_does_not_open_it() -> None:
    """A job for 05:00 that is posted at noon waits for the next night."""
    assert planned("5:00", now="12:00").start_at == at("22:00")


def test_a_machine_that_would_come_too_late_waits_for_the_next_night() -> None:
    """At 05:58 a machine of three minutes is there at 06:01, when the window is closed."""
    assert planned("20:00", now="29:58").start_at == at("46:00")
    assert planned("20:00", now="29:56").start_at == at("29:56")


def test_a_retry_whose_pause_ends_after_the_window_waits_for_the_next_night() -> None:
    """The core asks for a plan before each attempt; `retry.earliest` knows when the pause ends."""
    spec = replace(job_at("22:00").spec, retry=Retry(on=("error",), backoff=10 * MINUTE))
    failed = Outcome(at=at("29:55"), reason="exited", started=True, code=1)
    plan = Plan(provision_at=at("29:50"), start_at=at("29:50"))
    attempt = Attempt(no=1, planned_at=at("29:50"), plan=plan, outcome=failed)
    job = replace(job_at("22:00"), spec=spec, attempt=attempt)
    assert NightWindow(WINDOW).plan(job, Lead(), at("29:55")).start_at == at("46:00")


def test_the_defaults() -> None:
    """Without a section the window is 22:00 to 06:00 UTC."""
    (planner,) = jobsched_planners({"night_window": NightWindowSchema().load({})})
    assert isinstance(planner, NightWindow)
    assert planner.window == WINDOW


@pytest.mark.parametrize(
    ("section", "sentence"),
    [
        ({"begin": "10 pm"}, "Not a valid time"),
        ({"zone": "Berlin"}, "no time zone 'Berlin': write one as Europe/Berlin"),
        ({"zone": 3}, "no time zone 3"),
        ({"zone": ""}, "no time zone ''"),
        ({"begin": "06:00"}, "the window has no length"),
        ({"until": "06:00"}, "Unknown field"),
    ],
)
def test_what_cannot_be_used_is_told(section: dict[str, object], sentence: str) -> None:
    """`jobsched config check` shows these sentences."""
    with pytest.raises(ValidationError, match=sentence):
        NightWindowSchema().load(section)
