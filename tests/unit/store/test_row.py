"""What stores index of a record."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId, Spec
from jobsched.store.row import checked, interval, place, to_number, to_time

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


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_an_interval_never_makes_the_pace_faster(per_second: float) -> None:
    """Rounded to what both stores count in, it is not shorter than the pace says."""
    between = interval(Caps(per_second=per_second))
    assert between is not None
    assert 0 <= between / timedelta(microseconds=1) - 1_000_000 / per_second <= 1
    assert interval(Caps()) is None


@pytest.mark.parametrize("per_second", [0, -1.0, float("nan")])
def test_a_pace_at_which_nothing_begins_is_refused(per_second: float) -> None:
    """It would let every job wait for ever, or for no time that there is."""
    with pytest.raises(ValueError, match="above 0"):
        Caps(per_second=per_second)
