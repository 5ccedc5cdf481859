"""Durations in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError

from jobsched.schemas.duration import LONGEST, Duration, human, parse, written


class Timed(Schema):
    """A schema with a duration."""

    timeout = Duration(most=timedelta(hours=2), least=timedelta(seconds=1))


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        (90, 90),
        (1.5, 1.5),
        ("1.5", 1.5),
        (" 15m ", 900),
        ("2h30m", 9000),
        ("1d", 86400),
        ("250ms", 0.25),
        ("1d2h3m4s5ms", 93784.005),
        ("0.5h", 1800),
        (0, 0),
        (timedelta(seconds=3), 3),
    ],
)
def test_a_duration_is_read(text: object, seconds: float) -> None:
    """Numbers are seconds; units may be put together, the greatest first."""
    assert timedelta(seconds=seconds) == parse(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PT1H", "is no duration"),
        ("", "is no duration"),
        ("30m2h", "is no duration"),
        ("5 m", "is no duration"),
        ("٣m", "is no duration"),
        ("1e3", "is no duration"),
        (True, "is no duration"),
        (None, "is no duration"),
        ([], "is no duration"),
        (-1, "negative"),
        ("-1", "negative"),
        (float("nan"), "finite"),
        (float("inf"), "finite"),
        (10**400, "finite"),
        ("nan", "is no duration"),
        ("3651d", "at most 3650 days"),
        (LONGEST.total_seconds() + 1, "at most 3650 days"),
    ],
)
def test_what_is_no_duration_is_refused(text: object, words: str) -> None:
    """One clear sentence says why."""
    with pytest.raises(ValueError, match=words):
        parse(text)


def test_the_field_keeps_its_bounds() -> None:
    """Both bounds belong to it; the sentence names the one that was passed."""
    assert timedelta(hours=2) == Timed().load({"timeout": "2h"})["timeout"]
    for value, words in (("2h1s", "at most 2 h"), ("0", "at least 1 s"), ("x", "is no duration")):
        with pytest.raises(ValidationError, match=words):
            Timed().load({"timeout": value})


def test_the_field_writes_seconds() -> None:
    """A whole number of seconds has no fraction."""
    dumped = [Timed().dump({"timeout": timedelta(seconds=one)})["timeout"] for one in (3, 1.5)]
    assert dumped == [3, 1.5]
    assert isinstance(dumped[0], int)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (192, "3 min 12 s"),
        (0, "0 s"),
        (0.25, "250 ms"),
        (59.9996, "1 min"),
        (3600, "1 h"),
        (3601, "1 h"),
        (90000, "1 d 1 h"),
        (-5, "-5 s"),
        (1.2, "1 s"),
    ],
)
def test_people_read_the_two_greatest_units(seconds: float, text: str) -> None:
    """What is smaller does not matter to them."""
    assert text == human(timedelta(seconds=seconds))


@given(st.timedeltas(min_value=timedelta(0), max_value=LONGEST))
def test_what_is_written_is_read_again(duration: timedelta) -> None:
    """To the millisecond, which is the smallest unit."""
    duration -= duration % timedelta(milliseconds=1)
    assert duration == parse(written(duration))
