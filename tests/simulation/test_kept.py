"""Worlds that once broke a promise: they keep it now."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobsched.testing.simulator import kept
from jobsched.testing.simulator.run import Failed
from jobsched.testing.simulator.world import Setting, tell

WORLDS = kept.read(Path(__file__).parent / "seeds.json")


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_worlds_that_broke_a_promise_keep_it() -> None:
    """`make simulate` adds those that it finds to the file."""
    broken = {(seed, setting): tell(seed, setting).violations for seed, setting in WORLDS}
    assert [one for one in broken.items() if one[1]] == []


def test_a_world_is_kept_once(tmp_path: Path) -> None:
    """What is read is what was written, and the same world is not written twice."""
    file = tmp_path / "seeds.json"
    one = Failed(
        seed=3,
        setting=Setting(jobs=5, heat=2.0, lossy=True),
        violations=["one start: twice"],
        explained="",
    )
    other = Failed(seed=3, setting=Setting(jobs=5), violations=["no leak: m-1"], explained="")
    assert kept.add(file, [one]) == 1
    assert kept.add(file, [one, other]) == 1
    assert kept.read(file) == [(3, one.setting), (3, other.setting)]
