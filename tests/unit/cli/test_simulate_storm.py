"""`jobsched simulate` as somebody calls it who wants to see the promises hold, or break."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Generator
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from signal import SIGINT, SIGKILL, Signals
from subprocess import PIPE, Popen
from typing import Any

import click.testing
import pytest

from jobsched.cli.main import cli
from jobsched.domain.job import Ending, Launch, Outcome, Spec
from jobsched.domain.outcome import _ended
from jobsched.testing.simulator.crash import PLACES
from jobsched.testing.simulator.faults import FAULTS, WISHES
from jobsched.testing.simulator.result import Result
from jobsched.testing.simulator.world import Setting

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
    assert told["counted_jobs"] in {0, 5}


def test_all_that_happened_is_written_down(tmp_path: Path) -> None:
    """`--history`: the same file for the same seed."""
    first, second = tmp_path / "first", tmp_path / "second"
    for file in (first, second):
        _simulated(*FEW, "--history", str(file))
    assert first.read_bytes() == second.read_bytes()
    assert ": save.StartGranted\n" in first.read_text()


def test_a_history_that_is_not_whole_is_told() -> None:
    """One sentence: whoever reads it must not take a part for all."""
    found = _simulated(*FEW, "--history", "/dev/full")
    assert found.exit_code == 2
    assert found.stderr == "Error: /dev/full cannot be written: No space left on device\n"


def test_what_fails_beside_a_history_is_not_its_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as a computer with too little memory for another process."""

    def result(*_: Any, **__: Any) -> Result:
        raise OSError(12, "Cannot allocate memory")

    monkeypatch.setattr("jobsched.testing.simulator.run.result", result)
    found = _simulated(*FEW, "--history", str(tmp_path / "history"))
    assert isinstance(found.exception, OSError)


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


def test_a_figure_that_is_not_met_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """`--covered`: a sentence for each, on a line of its own; without it they are shown alone."""
    monkeypatch.setattr("jobsched.testing.simulator.report.EXTRA", -1.0)
    found = _simulated(*FEW, "--covered")
    assert found.exit_code == 1
    assert found.stderr.endswith("\n0.00 extra machines per 1,000 jobs are more than -1\n")
    assert _simulated(*FEW).exit_code == 0


def test_what_was_found_until_ctrl_c_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A broken promise was told and kept at once; exit code 130, and nothing on stdout."""
    file = tmp_path / "seeds.json"
    coming = iter([Result(seed=3, setting=Setting(), violations=["no leak: m"], explained="why")])

    def result(*_: Any, **__: Any) -> Result:
        if (one := next(coming, None)) is None:
            raise KeyboardInterrupt
        return one

    monkeypatch.setattr("jobsched.testing.simulator.run.result", result)
    words = ("--jobs", "200", "--processes", "1", "--json", "--seeds", str(file))
    found = _simulated(*words)
    assert found.exit_code == 130
    assert found.stdout == ""
    line = '{"seed": 3, "jobs": 100, "heat": 1.0, "lossy": false, "broke": "no leak: m"}'
    assert found.stderr.splitlines() == [
        "world 3, 100 jobs:",
        "why",
        "",
        f"added to {file}, and tried from now on:",
        line,
        "interrupted after 100 of 200 jobs; promises broken until then: 1",
    ]
    assert json.loads(file.read_text()) == [json.loads(line)]


@pytest.mark.slow
@pytest.mark.timeout(120)
@pytest.mark.parametrize(("signal", "at"), [(SIGINT, 0), (SIGINT, 1), (SIGKILL, 1)])
def test_nothing_goes_on_when_it_is_ended(tmp_path: Path, signal: Signals, at: int) -> None:
    """Ctrl-C in a terminal is heard by all of its processes; a kill by the first alone."""
    history = tmp_path / "history"
    words = ("--jobs", "100000", "--processes", "2", "--history", str(history))
    program = Popen(
        [sys.executable, "-m", "jobsched", "simulate", *words],
        stdout=PIPE,
        stderr=PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        # opened when the processes are about to begin, written when a world is over
        while not history.exists() or history.stat().st_size < at:
            assert program.poll() is None
            time.sleep(0.05)
        # while its processes begin, and work: nothing tells of where they are
        time.sleep(0.3)
        (os.killpg if signal == SIGINT else os.kill)(program.pid, signal)
        # comes to its end when nobody holds stderr any more
        stdout, stderr = program.communicate(timeout=30)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(program.pid, SIGKILL)
    assert stdout == ""
    if signal == SIGINT:
        assert program.returncode == 130
        (line,) = stderr.splitlines()
        assert line.startswith("interrupted after ")


def test_a_process_that_is_killed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when memory is short: one sentence, and how far it came."""

    def simulate(*_: Any, **__: Any) -> Generator[Result]:
        yield Result(seed=1, setting=Setting())
        raise BrokenProcessPool

    monkeypatch.setattr("jobsched.cli.simulate_storm.simulate", simulate)
    found = _simulated("--jobs", "200")
    assert found.exit_code == 1
    sentence = "a process was killed after 100 of 200 jobs; promises broken until then: 0"
    assert found.stderr == f"Error: {sentence}\n"


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
        # the same chances as with 1
        (("--seed", "-1"), "-1 is not in the range x>=0"),
        (("--processes", "0"), "0 is not in the range x>=1"),
        (("--heat", "11"), "11.0 is not in the range 0<=x<=10"),
        (("--history", "/nonexistent/h"), "/nonexistent/h cannot be written"),
        (("--seeds", "/nonexistent/s"), "there is no folder /nonexistent for s"),
        # a folder in which nobody may write
        (("--history", "/proc/h"), "/proc/h cannot be written"),
        (("--seeds", "/proc/s"), "/proc/s cannot be written"),
    ],
)
def test_what_cannot_be_is_told_at_once(words: tuple[str, ...], sentence: str) -> None:
    """One sentence, before the first world."""
    found = _simulated(*FEW, *words)
    assert found.exit_code == 2
    assert sentence in found.stderr
