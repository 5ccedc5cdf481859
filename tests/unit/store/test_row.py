"""What stores index of a record."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from jobsched.domain.job import Job, JobId, Spec
from jobsched.store.row import checked, place, to_number, to_time

times = st.datetimes(timezones=st.just(UTC))


def job(schedule: datetime) -> Job:
    """Make a job for that time."""
    spec = Spec(schedule=schedule, docker_image="i", provider="p", runner="r", planner="d")
    return Job(id=JobId("a"), spec=spec, accepted_at=schedule)


@given(times, times)
def test_places_sort_as_their_times(one: datetime, other: datetime) -> None:
    """Places are in the order of schedules, of any year, and are cursors."""
    places = [place(job(one)), place(job(other))]
    assert (places[0] < places[1]) == (one < other)
    assert checked(places[0]) == places[0]


@given(times.filter(lambda at: 1700 < at.year < 2200))
def test_times_survive_as_numbers(at: datetime) -> None:
    """A score holds a time to the microsecond."""
    assert to_time(float(to_number(at))) == at


def test_no_cursor_is_the_first_page() -> None:
    """Without a cursor a list begins at its head."""
    assert checked(None) == checked("") == ""
    assert to_time(0) + timedelta(0) == datetime(1970, 1, 1, tzinfo=UTC)
