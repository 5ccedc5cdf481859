"""What the chaos run sees: the engine's events, and the containers' own lines."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import docker
import pytest

from benchmarks.chaos.engine import EngineStage
from benchmarks.chaos.recorder import Recorder, recording
from benchmarks.chaos.script import scripts
from benchmarks.chaos.stage import told
from tests.unit.benchmarks.chaos.story import JOB, NOON

CONTAINER = "0123456789ab" + "c" * 52


@pytest.fixture
def stage() -> EngineStage:
    """The witness, with no engine behind it."""
    return EngineStage(
        "127.0.0.1", {}, docker.DockerClient.__new__(docker.DockerClient), "", Path()
    )


def event(action: str, second: float, **attributes: str) -> dict[str, Any]:
    """An event as the engine tells it."""
    labels = {"jobsched.job": JOB, "jobsched.attempt": "1"}
    return {
        "Action": action,
        "Actor": {"ID": CONTAINER, "Attributes": labels | attributes},
        "timeNano": int((NOON.timestamp() + second) * 1e9),
    }


def test_a_container_that_is_started_again_has_run_twice(stage: EngineStage) -> None:
    """Each start is a run of its own, with its own end."""
    stage.note(event("create", 0))
    for second, code in ((1, "3"), (5, "0")):
        stage.note(event("start", second))
        stage.note(event("die", second + 1, exitCode=code))
    stage.note(event("destroy", 9))

    assert [run.code for run in stage.runs()] == [3, 0]
    (body,) = stage.bodies()
    assert body.gone_at is not None


def test_events_that_are_not_complete_are_no_evidence(stage: EngineStage) -> None:
    """A stream that breaks may have left out the second start."""

    def stream() -> Any:
        yield event("create", 0)
        raise OSError("the engine went away")

    stage.follow(stream())
    with pytest.raises(RuntimeError, match="not complete"):
        stage.runs()


def test_a_line_that_is_sent_again_is_kept_once(tmp_path: Path, stage: EngineStage) -> None:
    """A container repeats a line whose way out it did not see; a second process is another run."""
    with recording("127.0.0.1", tmp_path / "lines") as recorder:
        for line in (
            "7 1 a host start",
            "7 1 a host start",
            "7 1 a host end 0",
            "7 1 b host start",
        ):
            say(recorder, line)
        say(recorder, "hello")
    runs = told(recorder.lines, {7: JOB}, stage)

    assert [(run.job, run.attempt, run.code) for run in runs] == [(JOB, 1, 0), (JOB, 1, None)]
    assert len((tmp_path / "lines").read_text().splitlines()) == 5


def say(recorder: Recorder, line: str) -> None:
    """Send a line as `nc` does, until the recorder has it."""
    with socket.create_connection(("127.0.0.1", recorder.port), timeout=5) as connection:
        connection.sendall(f"{line}\n".encode())
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""


def test_a_seed_gives_the_same_jobs_again() -> None:
    """And another one others."""
    assert scripts(7, 50, 60.0) == scripts(7, 50, 60.0)
    assert scripts(7, 50, 60.0) != scripts(8, 50, 60.0)
    assert {one.kind for one in scripts(7, 200, 60.0)} == {
        "quick",
        "ahead",
        "fails",
        "retried",
        "exhausted",
        "cancelled",
        "timeout",
    }
