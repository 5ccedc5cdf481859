"""What the pages for plugin authors show is what happens."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from jobsched.hooks import specs
from jobsched.schemas.config import CoreSchema
from tests.known_types import known_types
from tests.unit.docs.markdown import PAGES, ROOT, Block, blocks

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

TUTORIAL = ROOT / "docs" / "tutorial" / "first-provider.md"
TESTING = ROOT / "docs" / "how-to" / "test-a-plugin.md"
PROVIDER = ROOT / "docs" / "how-to" / "write-a-provider.md"


def python(page: Path) -> list[Block]:
    """Give the page's blocks of Python."""
    return [block for block in blocks(page) if block.language == "python"]


def in_folder(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in a folder, as an author would there."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JOBSCHED_")}
    return subprocess.run(
        [sys.executable, *words],
        check=False,
        cwd=folder,
        env={**kept, "PYTHONPATH": os.pathsep.join([str(folder), str(ROOT)])},
        capture_output=True,
        text=True,
        timeout=280,
    )


def pytest_in(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run pytest there; our own plugins of pytest are none of an author's."""
    ours = ["asyncio", "aiohttp", "xdist", "timeout", "cacheprovider", "valkey"]
    off = [word for name in ours for word in ("-p", f"no:{name}")]
    return in_folder(folder, "-m", "pytest", *off, "-c", os.devnull, "--rootdir", ".", ".")


def test_the_kit_finds_what_the_tutorial_owns_up_to(tmp_path: Path) -> None:
    """The failure that is shown is had, and what fails is what the tutorial says is missing."""
    (tmp_path / "first.py").write_text(python(TUTORIAL)[0].text)
    (tmp_path / "test_first.py").write_text(python(TESTING)[0].text)
    said = pytest_in(tmp_path)
    shown = next(block.text for block in blocks(TESTING) if block.text.startswith("A promise of"))
    assert shown in said.stdout, said.stdout + said.stderr
    broken = set(re.findall(r"^A promise of (\S+) is broken", said.stdout, re.MULTILINE))
    forgets = {"find", "describe_all", "provision", "owned"}
    assert broken == {"OwnedMachine", *(f"Provider.{name}" for name in forgets)}


@pytest.mark.parametrize("block", python(TESTING)[1:], ids=lambda block: block.name)
def test_tests_that_are_shown_pass(block: Block, tmp_path: Path) -> None:
    """Typed into a file alone, with the fixtures that come with jobsched."""
    (tmp_path / "test_shown.py").write_text(block.text)
    said = pytest_in(tmp_path)
    assert said.returncode == 0, said.stdout + said.stderr


def test_code_for_a_provider_has_types(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Every block of the how-to is a module that mypy takes strictly."""
    for number, block in enumerate(python(PROVIDER)):
        (tmp_path / f"block_{number}.py").write_text(block.text)
    files = [path.name for path in sorted(tmp_path.glob("*.py"))]
    cache = known_types(tmp_path_factory, tmp_path / "mypy")
    said = in_folder(
        tmp_path, "-m", "mypy", "--strict", "--config-file", "", "--cache-dir", cache, *files
    )
    assert said.returncode == 0, said.stdout + said.stderr
    assert len(files) >= 3


def test_a_request_and_its_failures_are_as_shown() -> None:
    """The same order gives the same bytes; a doubt is one."""
    names: dict[str, object] = {}
    for block in python(PROVIDER):
        exec(compile(block.text, block.name, "exec", dont_inherit=True), names)  # noqa: S102 - our own page
    code = """
order = MachineOrder(deployment="d", job="j", attempt=1, launch=1, token="ab", boot_script="")
offer = Offer(label="small", state={"type": "small"})
same = frozen(order, offer, "i-1") == frozen(order, offer, "i-1")
doubts = [failure(one, "…").effect for one in ("InsufficientCapacity", "WhatIsThis")]
"""
    exec(code, names)  # noqa: S102 - the same
    assert (names["same"], names["doubts"]) == (True, ["none", "unknown"])


def test_a_new_provider_is_made_as_shown(tmp_path: Path) -> None:
    """The folder and the files that the page names are there."""
    text = PROVIDER.read_text()
    [line] = re.findall(r"^jobsched (plugin new .+)$", text, re.MULTILINE)
    said = in_folder(tmp_path, "-m", "jobsched", *line.split())
    assert said.returncode == 0, said.stderr
    named = re.findall(r"`(src/jobsched_acme/\S+)`", text)
    assert "`jobsched-acme`" in text
    assert [name for name in named if not (tmp_path / "jobsched-acme" / name).is_file()] == []
    assert "CLOUD" in (tmp_path / "jobsched-acme/src/jobsched_acme/provider.py").read_text()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_hooks_and_settings_that_are_named_exist(page: Path) -> None:
    """No page speaks of a hook, or of a key of `[jobsched]`, that there is not."""
    text = page.read_text()
    made_wrong = {"jobsched_provider", "jobsched_provison", "jobsched_job", "jobsched_acme"}
    hooks = set(re.findall(r"\bjobsched_(?:config|job|[a-z]+s|startup|shutdown)\w*\b", text))
    assert hooks - made_wrong <= set(specs.__all__)
    tables = re.findall(r"^\[jobsched\]\n((?:\w+ = .*\n)+)", text, re.MULTILINE)
    keys = {line.partition(" ")[0] for table in tables for line in table.splitlines()}
    assert keys <= set(CoreSchema().fields)
