"""What an engine's description of a container means."""

from datetime import UTC, datetime
from typing import Any

import pytest

from jobsched.plugins.docker_runner import state

NEVER = "0001-01-01T00:00:00Z"
BEGAN, ENDED = "2026-11-23T10:00:00.123456789Z", "2026-11-23T10:00:01Z"


def described(status: str, **fields: Any) -> dict[str, Any]:
    """A `State` as the engine tells it, of a container that never ran."""
    usual = {"ExitCode": 0, "Error": "", "StartedAt": NEVER, "FinishedAt": NEVER}
    return {"Status": status, "OOMKilled": False, **usual, **fields}


@pytest.mark.parametrize(
    ("told", "phase", "code"),
    [
        (described("created"), "created", None),
        (described("created", ExitCode=127, Error="no such file"), "start_failed", 127),
        (described("created", ExitCode=126), "start_failed", 126),
        (described("created", Error="driver failed"), "start_failed", 0),
        (described("exited", ExitCode=127, Error="no such file"), "start_failed", 127),
        (described("running", StartedAt=BEGAN), "running", None),
        (described("paused", StartedAt=BEGAN), "running", None),
        (described("restarting", StartedAt=BEGAN, FinishedAt=ENDED), "running", None),
        (described("exited", StartedAt=BEGAN, FinishedAt=ENDED), "exited", 0),
        (described("exited", StartedAt=BEGAN, FinishedAt=ENDED, ExitCode=3), "exited", 3),
        (described("dead", StartedAt=BEGAN, FinishedAt=ENDED, ExitCode=137), "exited", 137),
        (described("removing", StartedAt=BEGAN, FinishedAt=ENDED, ExitCode=1), "exited", 1),
        (described("removing"), "gone", None),
        (described("dead"), "gone", None),
        (described("removing", StartedAt=BEGAN), "unknown", None),
        (described("a later version's word"), "unknown", None),
    ],
)
def test_each_state_has_one_meaning(told: dict[str, Any], phase: str, code: int | None) -> None:
    """A container that the engine refused to start is not one that was not started yet."""
    status = state.status(told)
    assert (status.phase, status.code) == (phase, code)


def test_an_end_is_told_with_its_times_and_its_cause() -> None:
    """Out of memory and the engine's own times are handed on."""
    status = state.status(
        described("exited", StartedAt=BEGAN, FinishedAt=ENDED, ExitCode=137, OOMKilled=True)
    )
    assert status.oom
    assert status.started_at == datetime(2026, 11, 23, 10, 0, 0, 123456, UTC)
    assert status.finished_at == datetime(2026, 11, 23, 10, 0, 1, 0, UTC)


@pytest.mark.parametrize(
    ("code", "limit", "is_told"), [(137, 1, True), (137, 0, False), (143, 1, False), (0, 1, False)]
)
def test_a_kill_within_a_limit_may_have_been_for_memory(
    code: int, limit: int, *, is_told: bool
) -> None:
    """The engine may miss the cause: who reads the end is told so."""
    told = described("exited", StartedAt=BEGAN, FinishedAt=ENDED, ExitCode=code)
    status = state.status(told, memory_limit=limit)
    assert (status.oom, "more memory" in status.message) == (False, is_told)


def test_a_run_never_lasts_less_than_nothing() -> None:
    """The engine may note the start of a very short run after its end."""
    status = state.status(described("exited", StartedAt=ENDED, FinishedAt=BEGAN))
    assert status.started_at == status.finished_at


def test_a_long_message_is_cut() -> None:
    """The engine quotes commands of any length."""
    assert len(state.status(described("created", ExitCode=1, Error="x" * 9999)).message) == 500
