"""Where processes die: worlds of successive seeds aim at every place."""

from __future__ import annotations

from collections import Counter

from jobsched.engine.outside import POINTS
from jobsched.testing.simulator.crash import PLACES, Crashes, aimed


def test_the_places_are_the_fail_points_of_the_product() -> None:
    """Before and after each."""
    assert sorted(PLACES) == sorted((one, side) for one in POINTS for side in ("before", "after"))


def test_a_hundred_worlds_aim_at_every_place_several_times() -> None:
    """Whatever the first seed."""
    for first in (0, 1, 987_654):
        times = Counter(place for seed in range(first, first + 100) for place in aimed(seed))
        assert min(times[place] for place in PLACES) >= 10


def test_whoever_comes_first_dies_and_the_next_one_passes() -> None:
    """A save of several facts is a place for each of them."""
    crashes = Crashes([("save.Gone", "after")])
    names = ("save.Provisioned", "save.Gone")
    assert not crashes.hits(names, "before")
    assert not crashes.hits(("save.Provisioned",), "after")
    assert crashes.hits(names, "after")
    assert not crashes.hits(names, "after")


def test_deaths_are_counted_by_place() -> None:
    """A save of several facts counts for each of them."""
    said: list[str] = []
    crashes = Crashes(())
    crashes.note = said.append
    crashes.died("worker 1", ("save.Provisioned", "save.Gone"), "after")
    assert crashes.met == {("save.Provisioned", "after"): 1, ("save.Gone", "after"): 1}
    assert said == ["worker 1 dies after save.Provisioned save.Gone"]
