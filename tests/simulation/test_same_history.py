"""One seed, one history, byte for byte. CI compares all Pythons that it has: tools/same_history."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from jobsched.testing.simulator.world import Setting, tell
from tools import pythons, same_history


@pytest.mark.slow
@pytest.mark.timeout(120)
def test_the_same_seed_gives_the_same_history_in_every_process() -> None:
    """Nothing hangs on the order of a set, on an address, or on this computer's time."""
    seeds = same_history.seeds()
    one, other = (same_history.history(sys.executable, seeds, by) for by in ("1", "2"))
    assert same_history.difference(one, other) == ""
    assert one.count("world ") >= len(seeds)
    assert len(one.splitlines()) > 100 * len(seeds)


def test_another_seed_gives_another_history() -> None:
    """The seed decides, and nothing was left out of the history."""
    one, other = (tell(seed, Setting(jobs=3)).history for seed in (1, 2))
    assert one.digest() != other.digest()
    assert len(list(one.lines())) > 3 * 9


@pytest.mark.parametrize(
    ("other", "where"),
    [
        ("world 1\na\nworld 2\nb\n", ""),
        ("world 1\na\nworld 2\nc\n", "world 2:\n  b\n  c"),
        ("world 1\na\nworld 2\nb\nd\n", "world 2:\n  (the end)\n  d"),
        ("world 1\na\nworld 2\nb\r\n", "the ends of lines"),
    ],
)
def test_where_two_histories_part_is_told(other: str, where: str) -> None:
    """The first line that differs, and its world."""
    assert same_history.difference("world 1\na\nworld 2\nb\n", other) == where


def test_pythons_are_found_on_the_path_and_in_a_pyenv(tmp_path: Path) -> None:
    """What leads nowhere, or to another version than its name says, is passed over."""
    on_path, pyenv = tmp_path / "bin", tmp_path / "pyenv" / "versions"
    _program(on_path / "python3.11", "python3.11")
    _program(on_path / "python3.12", "no such version")
    right = _program(pyenv / "3.12.1" / "bin" / "python3.12", "python3.12")
    _program(pyenv / "3.13.0" / "bin" / "python3.13", "python3.11")
    environ = {"PATH": str(on_path), "PYENV_ROOT": str(tmp_path / "pyenv")}
    assert pythons.others(environ, but="python3.11") == {"python3.12": right}
    assert pythons.others({"PATH": str(on_path), "HOME": str(tmp_path)}, but="python3.11") == {}


def _program(file: Path, says: str) -> str:
    """Write a program that says something, whatever it is asked."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\necho {says}\n")
    file.chmod(0o755)
    return str(file)
