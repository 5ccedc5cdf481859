"""A scenario comes to its end, or says that it does not."""

import pytest

from jobsched.testing.simulator.scenario.play import NeverEnds, play
from jobsched.testing.simulator.scenario.read import loaded

SCENARIO = {"jobs": [{"count": 3, "runs": "1h"}]}


def test_each_end_is_told() -> None:
    """Who shows a bar hears of each job once, as it ends."""
    told: list[int] = []
    play(loaded(SCENARIO), told=told.append)
    assert told == [1, 1, 1]


def test_jobs_that_never_end_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flaw of the product does not let anybody wait for ever."""
    monkeypatch.setattr(f"{play.__module__}.longest", lambda _: 60.0)
    with pytest.raises(NeverEnds, match="do not end"):
        play(loaded(SCENARIO))
