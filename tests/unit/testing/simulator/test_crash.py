"""Where processes die and stand still: worlds of successive seeds aim at every place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from jobsched.engine.outside import POINTS
from jobsched.testing.simulator.crash import DEATH, PAUSE, PLACES, Traps, aimed, aimed_still

PlacesOf = Callable[[int], tuple[tuple[str, str], ...]]


def test_the_places_are_the_fail_points_of_the_product() -> None:
    """Before and after each."""
    assert sorted(PLACES) == sorted((one, side) for one in POINTS for side in ("before", "after"))


@pytest.mark.parametrize(("places_of", "least"), [(aimed, 10), (aimed_still, 3)])
def test_a_hundred_worlds_aim_at_every_place_several_times(places_of: PlacesOf, least: int) -> None:
    """Whatever the first seed."""
    for first in (0, 1, 987_654):
        times = Counter(place for seed in range(first, first + 100) for place in places_of(seed))
        assert min(times[place] for place in PLACES) >= least


def test_whoever_comes_first_dies_and_the_next_one_passes() -> None:
    """A save of several facts is a place for each of them."""
    traps = Traps([("save.Gone", "after")])
    names = ("save.Provisioned", "save.Gone")
    assert not traps.hits(names, "before")
    assert not traps.hits(("save.Provisioned",), "after")
    assert traps.aims_at(names)
    assert traps.hits(names, "after") == DEATH
    assert not traps.hits(names, "after")
    assert not traps.aims_at(names)


def test_one_dies_and_another_one_stands_still_at_the_same_place() -> None:
    """One thing befalls each."""
    place = ("runner.start", "before")
    traps = Traps([place], [place])
    assert [traps.hits(("runner.start",), "before") for _ in range(3)] == [DEATH, PAUSE, ""]


def test_deaths_and_pauses_are_counted_by_place() -> None:
    """A save of several facts counts for each of them."""
    said: list[str] = []
    traps = Traps()
    traps.note = said.append
    traps.died("worker 1", ("save.Provisioned", "save.Gone"), "after")
    traps.stood_still("API", ("store.accept",), "before", 31.5)
    assert traps.deaths == {("save.Provisioned", "after"): 1, ("save.Gone", "after"): 1}
    assert traps.pauses == {("store.accept", "before"): 1}
    assert said == [
        "worker 1 dies after save.Provisioned save.Gone",
        "API stands still for 31.500 s before store.accept",
    ]
