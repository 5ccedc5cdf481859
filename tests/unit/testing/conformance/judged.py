"""Runs kit classes in a pytest of their own, and tells which of their tests failed, and how."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

#: class → failed test → what it said
Verdicts = dict[str, dict[str, str]]


def judge(module: Path, folder: Path) -> Verdicts:
    """Run all classes of a module; those without a failed test are in the answer, too."""
    report = folder / "report.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider"]
    told = subprocess.run(
        [*command, f"--junitxml={report}", str(module)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[4],
    )
    assert report.exists(), told.stdout + told.stderr
    verdicts: Verdicts = {}
    for case in ET.parse(report).iter("testcase"):  # noqa: S314 - our own
        failed = verdicts.setdefault(case.get("classname", "").rpartition(".")[2], {})
        for kind in ("failure", "error"):
            for found in case.iter(kind):
                failed[case.get("name", "")] = found.text or ""
    return verdicts
