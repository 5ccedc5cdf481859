"""A run of one job that ended well, made up; a test changes what it is about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.chaos.evidence import Body, Entry, Evidence, Run
from benchmarks.chaos.script import Script

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
JOB = "j" * 32


def at(seconds: float) -> datetime:
    """A time after noon."""
    return NOON + timedelta(seconds=seconds)


def script(**more: Any) -> Script:
    """A job that exits with 0."""
    usual: dict[str, Any] = {
        "number": 1,
        "kind": "quick",
        "shell": "exit 0",
        "ends": frozenset({"finished"}),
        "code": 0,
        "post_at": 0.0,
    }
    return Script(**usual | more)


def entry(**more: Any) -> Entry:
    """Its line in the client's book: due at noon."""
    usual: dict[str, Any] = {
        "script": script(),
        "schedule": NOON,
        "ids": (JOB,),
        "acknowledged_at": NOON,
        "first_end": ("finished", "finished"),
    }
    return Entry(**usual | more)


def run(begin: float = 1, end: float | None = 3, **more: Any) -> Run:
    """Its container's run."""
    ended_at = None if end is None else at(end)
    usual: dict[str, Any] = {"job": JOB, "attempt": 1, "where": "c1", "code": 0}
    return Run(started_at=at(begin), ended_at=ended_at, **usual | more)


def document(**more: Any) -> dict[str, Any]:
    """What the API says of it at the end."""
    concluded = {"at": at(4).isoformat(), "event": "concluded", "attempt": 1}
    usual = {"status": "finished", "reason": "finished", "exit_code": 0, "message": None}
    return {**usual, "timeline": [concluded], **more}


def seen(*runs: Run, **more: Any) -> Evidence:
    """All that was seen."""
    found: Sequence[Run] = runs or [run()]
    usual: dict[str, Any] = {
        "book": [entry()],
        "documents": {JOB: document()},
        "listed": [JOB],
        "runs": {"the engine": found},
        "bodies": [Body(job=JOB, attempt=1, name="c1", made_at=NOON, gone_at=at(5))],
    }
    return Evidence(**usual | more)
