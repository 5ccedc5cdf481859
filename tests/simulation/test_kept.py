"""Worlds that once broke a promise: they keep it now."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any

import pytest

from jobsched.errors import InvalidInput
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
    one = _failed(3, heat=2.0, lossy=True)
    other = _failed(3)
    assert len(kept.add(file, [one])) == 1
    (line,) = kept.add(file, [one, other, other])
    assert json.loads(line) == {
        "seed": 3,
        "jobs": 5,
        "heat": 1.0,
        "lossy": False,
        "broke": "one start: twice",
    }
    assert kept.read(file) == [(3, one.setting), (3, other.setting)]
    assert kept.add(file, [one, other]) == []
    assert [one.name for one in tmp_path.iterdir()] == ["seeds.json"]


def test_what_is_added_at_the_same_time_is_all_there(tmp_path: Path) -> None:
    """None is lost, and who reads meanwhile finds a whole file."""
    file, crews = tmp_path / "seeds.json", 4
    together = Barrier(crews + 1)

    def add(crew: int) -> None:
        together.wait()
        for number in range(10):
            kept.add(file, [_failed(10 * crew + number)])

    with ThreadPoolExecutor(crews) as pool:
        done = [pool.submit(add, crew) for crew in range(crews)]
        together.wait()
        while not all(one.done() for one in done):
            kept.read(file)
        for one in done:
            one.result()
    assert sorted(seed for seed, _ in kept.read(file)) == list(range(10 * crews))


def test_a_linked_file_stays_a_link(tmp_path: Path) -> None:
    """What is written is the file that it leads to."""
    file, link = tmp_path / "there" / "seeds.json", tmp_path / "seeds.json"
    file.parent.mkdir()
    link.symlink_to(file)
    kept.add(link, [_failed(1)])
    assert link.is_symlink()
    assert len(kept.read(file)) == 1


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ({"jobs": 1}, "seed: Missing data for required field."),
        ({"seed": -1, "jobs": 1}, "seed: Must be greater than or equal to 0."),
        ({"seed": 1.5, "jobs": 1}, "seed: Not a valid integer."),
        ({"seed": 1, "jobs": 0}, "jobs: Must be greater than or equal to 1."),
        ({"seed": 1, "jobs": 1, "heat": -1}, "heat: Must be greater than or equal to 0."),
        ({"seed": 1, "jobs": 1, "lossi": True}, "lossi: Unknown field."),
    ],
)
def test_a_line_that_is_no_world_is_told(tmp_path: Path, line: dict[str, Any], why: str) -> None:
    """It is shown with what is wrong with it, and the file stays as it is."""
    file = tmp_path / "seeds.json"
    file.write_text(json.dumps([line]))
    with pytest.raises(InvalidInput) as refused:
        kept.add(file, [_failed(1)])
    assert refused.value.message == f"{file} has no world in {json.dumps(line)}: {why}"
    assert json.loads(file.read_text()) == [line]


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "is not JSON: Expecting property name"),
        ("3", "is not a list of worlds"),
        ("[3]", "is not a list of worlds"),
        (b"\xff", "is not JSON: 'utf-8' codec"),
        (None, "cannot be read: Is a directory"),
    ],
)
def test_a_file_that_is_none_is_told(tmp_path: Path, content: str | bytes | None, why: str) -> None:
    """Its name, and what is wrong."""
    file = tmp_path / "seeds.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InvalidInput, match=f"seeds.json {why}"):
        kept.read(file)


def test_a_folder_that_is_none_is_told(tmp_path: Path) -> None:
    """What is to be kept cannot be kept there."""
    with pytest.raises(InvalidInput, match=r"seeds.json cannot be written: No such file"):
        kept.add(tmp_path / "none" / "seeds.json", [_failed(1)])


def _failed(seed: int, **setting: Any) -> Failed:
    return Failed(
        seed=seed,
        setting=Setting(jobs=5, **setting),
        violations=["one start: twice"],
        explained="",
    )
