"""The window opens and closes by the clock on the wall."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from jobsched_night_window.window import Window

NIGHT = Window(begin=time(22), end=time(6), zone=ZoneInfo("UTC"))
LUNCH = Window(begin=time(12), end=time(13, 30), zone=ZoneInfo("UTC"))
BERLIN = Window(begin=time(22), end=time(6), zone=ZoneInfo("Europe/Berlin"))


def at(text: str) -> datetime:
    """Read a time; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("asked", "open_at"),
    [
        ("2026-11-23T12:00", "2026-11-23T22:00"),
        ("2026-11-23T21:59:59", "2026-11-23T22:00"),
        ("2026-11-23T22:00", "2026-11-23T22:00"),
        ("2026-11-24T00:00", "2026-11-24T00:00"),
        ("2026-11-24T05:59:59", "2026-11-24T05:59:59"),
        ("2026-11-24T06:00", "2026-11-24T22:00"),
    ],
)
def test_a_window_over_midnight(asked: str, open_at: str) -> None:
    """It is open from its begin to before its end, in the next morning."""
    assert NIGHT.opening(at(asked)) == at(open_at)


@pytest.mark.parametrize(
    ("asked", "open_at"),
    [
        ("2026-11-23T11:00", "2026-11-23T12:00"),
        ("2026-11-23T12:30", "2026-11-23T12:30"),
        ("2026-11-23T13:30", "2026-11-24T12:00"),
        ("2026-12-31T23:00", "2027-01-01T12:00"),
    ],
)
def test_a_window_within_a_day(asked: str, open_at: str) -> None:
    """It opens once a day."""
    assert LUNCH.opening(at(asked)) == at(open_at)


def test_the_window_follows_the_clock_of_its_place() -> None:
    """In summer 22:00 of Berlin is 20:00 UTC, in winter 21:00 UTC."""
    assert BERLIN.opening(at("2026-07-01T12:00")) == at("2026-07-01T20:00")
    assert BERLIN.opening(at("2026-12-01T12:00")) == at("2026-12-01T21:00")


@pytest.mark.parametrize(
    ("opens", "last", "closes", "hours"),
    [
        # the clock is put forward: a night of seven hours
        ("2026-03-28T21:00", "2026-03-29T03:59", "2026-03-29T04:00", 7),
        # and back again: one of nine
        ("2026-10-24T20:00", "2026-10-25T04:59", "2026-10-25T05:00", 9),
    ],
)
def test_nights_in_which_the_clock_changes(opens: str, last: str, closes: str, hours: int) -> None:
    """The window closes when the clock shows its end, an hour earlier or later."""
    assert BERLIN.opening(at(opens)) == at(opens)
    assert BERLIN.opening(at(last)) == at(last)
    assert BERLIN.opening(at(closes)) > at(closes)
    assert (at(closes) - at(opens)).total_seconds() == hours * 3600


def test_a_window_that_the_clock_jumps_over_is_left_out() -> None:
    """02:30 to 03:15 does not come to pass while 02:00 becomes 03:00; the next day it does."""
    early = Window(begin=time(2, 30), end=time(3, 15), zone=ZoneInfo("Europe/Berlin"))
    assert early.opening(at("2026-03-28T12:00")) == at("2026-03-30T02:30+02:00")


def test_an_hour_that_comes_twice_counts_the_first_time() -> None:
    """02:30 of the autumn night is the one of summer time."""
    early = Window(begin=time(2, 30), end=time(4), zone=ZoneInfo("Europe/Berlin"))
    assert early.opening(at("2026-10-24T12:00")) == at("2026-10-25T02:30+02:00")
