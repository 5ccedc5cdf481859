"""The examples of the page on interruptions save their work when they are asked to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobsched.contracts.runner import INTERRUPTION_FILE, MachineWarning
from tests.unit.docs.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "interruptions.md"
AT = datetime(2099, 12, 1, 3, tzinfo=UTC)
WARNING = MachineWarning(kind="interruption", deadline=AT + timedelta(minutes=2), noticed_at=AT)


def _shown(language: str) -> str:
    (text,) = (one.text for one in blocks(PAGE) if one.language == language)
    return str(text)


def _asked_to_end(command: list[str], folder: Path, file: Path) -> tuple[int, str]:
    """Run it until it says ``ready``, then send SIGTERM; give its code and what it said."""
    with subprocess.Popen(
        command,
        cwd=folder,
        env={**os.environ, INTERRUPTION_FILE: str(file)},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
    return process.returncode, said


@pytest.fixture(params=["told", "not told"])
def file(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The file, where the container could be told and where not."""
    path = tmp_path / "interruption.json"
    if request.param == "told":
        path.write_bytes(WARNING.document)
    return path


def test_the_shell_script_saves(tmp_path: Path, file: Path) -> None:
    """It says what it was told, and ends its work."""
    work = tmp_path / "work"
    work.write_text("#!/bin/sh\necho ready\nexec sleep 60\n")
    work.chmod(0o755)
    (tmp_path / "job").write_text(_shown("bash"))
    code, said = _asked_to_end(["sh", "job"], tmp_path, file)
    told = WARNING.document.decode() if file.exists() else ""
    assert (code, said) == (75, f"saving; the machine goes at: {told}\n")


def test_the_python_program_saves(tmp_path: Path, file: Path) -> None:
    """It knows how long it has, or that nobody said so."""
    waits = "print('ready', flush=True)\nwhile True:\n    signal.pause()\n"
    (tmp_path / "job.py").write_text(f"{_shown('python')}\n{waits}")
    code, said = _asked_to_end([sys.executable, "job.py"], tmp_path, file)
    assert code == 75
    left = said.removeprefix("saving; seconds left: ").strip()
    assert (float(left) > 0) if file.exists() else (left == "None")


def test_the_shown_file_is_what_is_put_there() -> None:
    """Field by field."""
    fields = ("kind", "deadline", "noticed_at")
    told = next(one.text for one in blocks(PAGE) if one.language == "json")
    assert [name for name in fields if f'"{name}"' in told] == [*fields]
    assert (
        MachineWarning(
            kind="interruption",
            deadline=datetime(2026, 12, 1, 3, 2, tzinfo=UTC),
            noticed_at=datetime(2026, 12, 1, 3, tzinfo=UTC),
        ).document.decode()
        == told.strip()
    )
