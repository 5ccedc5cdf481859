"""Faults by chance: the same seed, the same faults."""

from __future__ import annotations

import pytest

from jobsched.testing.simulator.faults import FAULTS, GROUPS, KINDS, WISHES
from jobsched.testing.simulator.weather import Weather

#: every kind as often as the catalogue says
EVENLY = dict.fromkeys(KINDS, 1.0)


def drawn(weather: Weather) -> list[object]:
    """Ask it for this and that."""
    asked: list[object] = [weather.strikes("wake lost") for _ in range(200)]
    asked += [weather.befalls("effects") for _ in range(200)]
    return [*asked, weather.between(2, 3), weather.one_of("abc")]


def test_the_same_seed_gives_the_same_faults() -> None:
    """Another seed gives others."""
    first, again, other = (Weather(seed, lambda: 0.0, heat=20) for seed in (1, 1, 2))
    assert drawn(first) == drawn(again) != drawn(other)
    assert first.faults == again.faults
    assert first.faults.total() > 0


def test_nothing_goes_wrong_when_all_is_calm() -> None:
    """After the calm no fault strikes, whatever the chance."""
    weather = Weather(1, lambda: 4000.0, heat=1e6, often=EVENLY)
    assert not any(weather.strikes(one) for one in KINDS)
    assert not any(weather.befalls(group) for group in GROUPS)
    assert weather.faults.total() == 0


def test_a_fault_that_a_world_is_without_does_not_strike() -> None:
    """The others do."""
    weather = Weather(1, lambda: 0.0, heat=1e6, often=EVENLY)
    weather.without("wake lost")
    assert not weather.strikes("wake lost")
    assert weather.strikes("wake doubled")


@pytest.mark.parametrize("group", GROUPS)
def test_of_a_group_one_fault_strikes_about_as_often_as_its_chance(group: str) -> None:
    """One number decides for all of them."""
    weather = Weather(5, lambda: 0.0, heat=3, often=EVENLY)
    times = 20_000
    found = [weather.befalls(group) for _ in range(times)]
    for name, chance in GROUPS[group].items():
        expected = 3 * chance * times
        assert abs(found.count(name) - expected) < 5 * expected**0.5


def test_each_fault_is_told_and_counted() -> None:
    """The history has it."""
    said: list[str] = []
    weather = Weather(1, lambda: 0.0, heat=1e6, often=EVENLY, note=said.append)
    weather.strikes("pull fails")
    weather.count("cap reached")
    assert said == ["pull fails", "cap reached"]
    assert weather.faults == {"pull fails": 1, "cap reached": 1}


def test_no_wish_is_a_fault() -> None:
    """They are counted for themselves, and a world has chances for both."""
    assert not FAULTS.keys() & WISHES.keys()
    assert KINDS.keys() == FAULTS.keys() | WISHES.keys()
