"""When jobs are due, and how long they take: by hand, and by many of them."""

from datetime import timedelta

import pytest

from jobsched.testing.simulator.scenario.chance import Chance
from jobsched.testing.simulator.scenario.scenario import DAY, Times
from jobsched.testing.simulator.scenario.spread import Always, Between, Percentiles

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


def test_all_at_once() -> None:
    """Every job of a group is due at its time."""
    assert {Times(at=HOUR).of(number, 3, 0.5) for number in range(3)} == {HOUR}


def test_some_every_so_often() -> None:
    """Two at a time, and after ten minutes the next two."""
    times = Times(at=HOUR, every=10 * MINUTE, each=2)
    assert [times.of(number, 5, 0.5) for number in range(5)] == [
        HOUR,
        HOUR,
        HOUR + 10 * MINUTE,
        HOUR + 10 * MINUTE,
        HOUR + 20 * MINUTE,
    ]


def test_anywhere_in_a_window() -> None:
    """Chance says where in the window."""
    assert [Times(at=HOUR, over=HOUR).of(0, 1, share) for share in (0, 0.5)] == [HOUR, 1.5 * HOUR]


def test_a_daily_peak() -> None:
    """Each day has its part, two thirds of it within the width of the peak."""
    times = Times(peak=14 * HOUR, width=2 * HOUR, days=2)
    chance = Chance(1)
    found = [times.of(number, 1000, chance.of("at", number)) for number in range(1000)]
    first, second = found[:500], found[500:]
    assert all(at < DAY for at in first)
    assert all(DAY <= at < 2 * DAY for at in second)
    near = sum(12 * HOUR <= at <= 16 * HOUR for at in first)
    assert 300 <= near <= 380


def test_a_peak_at_midnight_has_two_sides() -> None:
    """What would be before the day is at its end."""
    times = Times(peak=timedelta(0), width=HOUR)
    assert times.of(0, 1, 0.1) > 20 * HOUR
    assert times.of(0, 1, 0.9) < 4 * HOUR


@pytest.mark.parametrize(
    ("spread", "expected"),
    [
        (Always(MINUTE), (60, 60, 60)),
        (Between(MINUTE, 3 * MINUTE), (72, 120, 174)),
        (Percentiles(MINUTE, 3 * MINUTE), (25.493, 60, 180)),
        (Percentiles(MINUTE, MINUTE), (60, 60, 60)),
    ],
)
def test_spreads(
    spread: Always | Between | Percentiles, expected: tuple[float, float, float]
) -> None:
    """By how many are shorter: the tenth part, half of them, 95 of 100."""
    assert tuple(spread.at(share).total_seconds() for share in (0.1, 0.5, 0.95)) == expected


def test_a_tail_has_an_end() -> None:
    """Whatever chance says, nothing is further out than one of a thousand."""
    spread = Percentiles(MINUTE, 3 * MINUTE)
    assert spread.at(1.0) == spread.at(0.999)
    assert spread.at(0.0) == spread.at(0.001) > timedelta(0)


def test_chance_is_of_a_thing() -> None:
    """The same seed and name give the same number, and others another, from 0 to 1."""
    assert Chance(1).of("boot", 3) == Chance(1).of("boot", 3)
    numbers = {Chance(seed).of(what, 3) for seed in (1, 2) for what in ("boot", "runs")}
    assert len(numbers) == 4
    assert all(0 <= number < 1 for number in numbers)
