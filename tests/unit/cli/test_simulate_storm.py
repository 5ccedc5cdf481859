"""`jobsched simulate` as somebody calls it who wants to see the promises hold, or break."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import click.testing
import pytest

from jobsched.cli.main import cli
from jobsched.domain.job import Ending, Launch, Outcome, Spec
from jobsched.domain.outcome import _ended
from jobsched.testing.simulator.crash import PLACES
from jobsched.testing.simulator.faults import FAULTS, WISHES

FEW = ("--jobs", "5", "--seed", "3")


def _simulated(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(cli, ["simulate", *words])


def test_it_shows_what_came_of_the_worlds() -> None:
    """A table for people; nothing was broken."""
    found = _simulated(*FEW)
    assert found.exit_code == 0, found.stderr
    shown = dict(line.split("  ", maxsplit=1) for line in found.stdout.splitlines()[1:])
    assert shown["jobs"].strip() == "5 in 1 worlds"
    assert shown["violations"].strip() == "0"


def test_it_shows_the_same_as_one_object() -> None:
    """`--json`: one object with the keys that are promised."""
    found = _simulated(*FEW, "--json", "--lossy", "--heat", "3")
    told = json.loads(found.stdout)
    assert told["jobs"] == 5
    assert told["violations"] == 0
    assert set(told["faults"]) >= set(FAULTS)
    assert sum(told["faults"].values()) > 5
    # what people ask for is counted for itself
    assert set(told["wishes"]) == set(WISHES)
    assert not set(told["faults"]) & set(WISHES)
    assert sum(told["wishes"].values()) > 0
    assert told["coverage"]["pause_points"]["required"] == len(PLACES)
    assert set(told["orphan_seconds"]) == {"p99", "max"}
    assert {"extra_machines_per_1000", "coverage", "seconds"} <= told.keys()


def test_all_that_happened_is_written_down(tmp_path: Path) -> None:
    """`--history`: the same file for the same seed."""
    first, second = tmp_path / "first", tmp_path / "second"
    for file in (first, second):
        _simulated(*FEW, "--history", str(file))
    assert first.read_bytes() == second.read_bytes()
    assert ": save.StartGranted\n" in first.read_text()


def test_a_broken_promise_is_told_kept_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 1, the history before it, how to see it again; and its world in the file."""
    file = tmp_path / "seeds.json"
    with monkeypatch.context() as patched:
        patched.setattr("jobsched.domain.outcome._ended", _finished)
        found = _simulated("--jobs", "12", "--seed", "3", "--seeds", str(file))
    assert found.exit_code == 1
    assert "no false success: " in found.stderr
    assert ": running -> finishing rev " in found.stderr
    assert found.stderr.endswith("again: jobsched simulate --jobs 12 --seed 3\n")
    (kept,) = json.loads(file.read_text())
    assert (kept["seed"], kept["jobs"], kept["lossy"]) == (3, 12, False)
    assert kept["broke"]

    again = _simulated("--jobs", "1", "--seed", "9", "--seeds", str(file))
    assert again.exit_code == 0, again.stderr
    assert "13 in 2 worlds" in again.stdout
    assert json.loads(file.read_text()) == [kept]


def _finished(spec: Spec, launch: Launch, ending: Ending) -> Outcome:
    """Believe that whatever has ended has ended well."""
    return replace(_ended(spec, launch, ending), reason="finished")


def test_what_was_not_reached_is_named() -> None:
    """`--covered` fails: five jobs cannot have been everywhere."""
    found = _simulated(*FEW, "--covered")
    assert found.exit_code == 1
    assert "not reached in 5 jobs: " in found.stderr
    assert " more" in found.stderr


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    """One sentence, and nothing is lost."""
    file = tmp_path / "seeds.json"
    file.write_text("{")
    found = _simulated(*FEW, "--seeds", str(file))
    assert found.exit_code == 2
    assert found.stderr.startswith(f"Error: {file} is not JSON")
    assert file.read_text() == "{"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--heat", "nan"), "--heat is a number"),
        (("--heat", "11"), "11.0 is not in the range 0<=x<=10"),
        (("--history", "/nonexistent/h"), "/nonexistent/h cannot be written"),
        (("--seeds", "/nonexistent/s"), "there is no folder /nonexistent to keep seeds in"),
    ],
)
def test_what_cannot_be_is_told_at_once(words: tuple[str, ...], sentence: str) -> None:
    """One sentence, before the first world."""
    found = _simulated(*FEW, *words)
    assert found.exit_code == 2
    assert sentence in found.stderr
