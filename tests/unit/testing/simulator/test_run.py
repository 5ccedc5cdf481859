"""Many worlds, here or in processes of their own."""

from __future__ import annotations

import os
from concurrent.futures.process import BrokenProcessPool
from typing import Any
from unittest.mock import Mock

import pytest

from jobsched.testing.simulator.run import simulate, worlds
from jobsched.testing.simulator.world import Setting, tell
from jobsched.testing.virtual_time import NothingLeft

# other processes import the whole engine, and the machine may be busy
pytestmark = pytest.mark.timeout(60)


def test_jobs_are_shared_among_worlds() -> None:
    """Each has the next seed, and the last one what is left."""
    shared = [(seed, setting.jobs) for seed, setting in worlds(25, 7, Setting(jobs=10, heat=2.0))]
    assert shared == [(7, 10), (8, 10), (9, 5)]


@pytest.mark.slow
def test_the_same_comes_of_any_number_of_processes() -> None:
    """What came of each world, in their order, with all that happened."""
    of = [(seed, Setting(jobs=4, lossy=seed == 3)) for seed in (3, 1, 2)]
    here = list(simulate(of, with_history=True))
    assert [one.seed for one in here] == [3, 1, 2]
    assert all(one.history for one in here)
    assert list(simulate(of, processes=2, with_history=True)) == here


def test_a_world_that_comes_to_no_end_breaks_a_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its seed is told and kept like that of any other, with where the bug is; the others go on."""
    coming = iter([NothingLeft(), tell(2, Setting(jobs=1))])
    monkeypatch.setattr("jobsched.testing.simulator.result.tell", Mock(side_effect=coming))
    broken, sound = simulate([(1, Setting(jobs=1)), (2, Setting(jobs=1))])
    assert (broken.seed, broken.setting.jobs) == (1, 1)
    assert broken.violations == ["no bug: the world came to no end: NothingLeft()"]
    assert "Traceback" in broken.explained
    assert sound.violations == []


class _Deadly:
    """Ends the process that it is sent to."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (9,)


@pytest.mark.slow
def test_a_process_that_is_killed_is_not_waited_for() -> None:
    """All others are ended, too."""
    of: Any = [(1, _Deadly()), (2, Setting(jobs=1))]
    with pytest.raises(BrokenProcessPool):
        list(simulate(of, processes=2))
