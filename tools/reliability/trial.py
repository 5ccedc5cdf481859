"""Try rows: break each one's line in a copy of the tree, and run its tests there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.reliability.breakage import broken
from tools.reliability.row import ROOT, Row

#: seconds for a test; most have a shorter limit of their own
MOST_SECONDS = 300


class Verdict(StrEnum):
    """What a trial shows."""

    #: the test fails when the line is broken: it is held
    RED = "red"
    #: the test passes all the same: nothing holds the line
    GREEN = "green"
    #: the test does not pass as things stand, or is skipped here: it says nothing
    UNTRIED = "could not try"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What became of one test of a row."""

    test: str
    verdict: Verdict
    #: the last words of pytest
    said: str


@contextmanager
def copied() -> Iterator[Path]:
    """Give a folder with a copy of the tree: what git knows, and what is new."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True).stdout
    with TemporaryDirectory(prefix="jobsched-rows-") as folder:
        for name in filter(None, names.decode().split("\0")):
            if os.path.lexists(ROOT / name):
                there = Path(folder, name)
                there.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, there, follow_symlinks=False)
        yield Path(folder)


def tried(tree: Path, row: Row) -> Iterator[Trial]:
    """Break the row's line in the copy, run its tests one by one, and mend the line.

    Raises:
        NotHeld: the line is not in its file.
    """
    file = tree / row.file
    whole = file.read_text(encoding="utf-8")
    without = broken(whole, row.line, row.instead)
    for test in row.tests:
        passes, said = _run(tree, test)
        if passes:
            file.write_text(without, encoding="utf-8")
            try:
                passes_still, said = _run(tree, test)
            finally:
                file.write_text(whole, encoding="utf-8")
            verdicts = {True: Verdict.GREEN, False: Verdict.RED, None: Verdict.UNTRIED}
            yield Trial(test=test, verdict=verdicts[passes_still], said=said)
        else:
            yield Trial(test=test, verdict=Verdict.UNTRIED, said=said)


def _run(tree: Path, test: str) -> tuple[bool | None, str]:
    """Say whether a test passes in the copy; None if it could not be run, or was skipped."""
    report = tree / "rows-report.xml"
    report.unlink(missing_ok=True)
    pytest = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    # of what a subprocess imports, too, the copy comes first
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        done = subprocess.run(
            [*pytest, f"--junitxml={report}", test],
            cwd=tree,
            env=environment,
            check=False,
            capture_output=True,
            text=True,
            timeout=MOST_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return None, f"not over within {MOST_SECONDS} s"
    said = (done.stdout.strip() or done.stderr.strip()).rpartition("\n")[2]
    if done.returncode == 1:
        return False, said
    return (True if done.returncode == 0 and _passed(report) else None), said


def _passed(report: Path) -> int:
    suites = ET.parse(report).getroot().iter("testsuite")  # noqa: S314 - pytest's own file
    return sum(int(one.attrib["tests"]) - int(one.attrib["skipped"]) for one in suites)


__all__ = ["Trial", "Verdict", "copied", "tried"]
