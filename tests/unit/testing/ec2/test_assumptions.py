"""The page of the fake's assumptions and the script that checks them, held against the fake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pytest

from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tools import check_assumptions

ROOT = Path(__file__).parents[4]
PAGE = (ROOT / "docs/explanation/assumptions.md").read_text()
NO_IMAGE = f"ami-{'0' * 17}"


def _run(fake: FakeEc2, *options: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "tools/check_assumptions.py", "--endpoint-url", fake.url, *options]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | fake.environment,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def _rules() -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in row] for row in rows if row[0].strip() not in {"Rule", "---"}]


def test_all_checks_hold_on_the_fake(fake: FakeEc2) -> None:
    """The script runs every check, finds them to hold, and leaves nothing behind."""
    fake.switch(bad_images=[NO_IMAGE])
    ran = _run(fake, "--yes")

    names = re.findall(r"^holds +(\w+)$", ran.stdout, re.MULTILINE)
    assert names == [one.__name__ for one in check_assumptions.CHECKS], ran.stdout + ran.stderr
    assert ran.returncode == 0
    assert (fake.alive(), fake.volumes()) == ([], [])
    assert fake.calls["DeleteLaunchTemplate"] == 1


@pytest.mark.parametrize(
    ("switch", "check"),
    [
        ({"user_data_limit": 20000}, "user_data_limit"),
        ({"leave_volumes": True}, "termination"),
        ({"fail": {"RunInstances": "InternalError"}}, "dry_run"),
        ({"price": {"*": "0.001"}}, "price_limit"),
    ],
)
def test_a_check_that_does_not_hold_is_named(
    fake: FakeEc2, switch: dict[str, object], check: str
) -> None:
    """Where the account behaves in another way, the script names the check and still cleans up."""
    fake.switch(bad_images=[NO_IMAGE], **switch)
    ran = _run(fake, "--yes", "--patience", "0")

    failed = re.findall(r"^DOES NOT HOLD +(\w+)", ran.stdout, re.MULTILINE)
    assert failed == [check], ran.stdout + ran.stderr
    assert ran.returncode == 1
    assert (fake.alive(), fake.volumes()) == ([], [])


def test_without_a_yes_nothing_is_done(fake: FakeEc2) -> None:
    """Whoever does not say yes has only asked who they are."""
    ran = _run(fake, said="no\n")

    assert "nothing was done" in ran.stderr
    assert fake.calls == {"GetCallerIdentity": 1}


def test_every_rule_names_a_page_of_aws() -> None:
    """Each rule names pages that are listed below it, all of them of AWS' documentation."""
    listed = dict(re.findall(r"^\[(.+)\]: (\S+)$", PAGE, re.MULTILINE))
    named = [re.findall(r"\[([^]]+)\]", row[1]) for row in _rules()]

    assert all(named)
    assert {one for row in named for one in row} == set(listed)
    assert all(one.startswith("https://docs.aws.amazon.com/") for one in listed.values())


def test_page_and_script_name_the_same_checks() -> None:
    """The page names every check of the script, and no other."""
    named = {one for row in _rules() for one in re.findall(r"`(\w+)`", row[2])}
    assert named == {one.__name__ for one in check_assumptions.CHECKS}


def test_every_switch_stands_on_the_page() -> None:
    """Each switch of the fake belongs to a rule of the page."""
    named = {one for row in _rules() for one in re.findall(r"`(\w+)`", row[3])}
    assert named - {"interrupt", "end"} == {one.name for one in fields(Switches)}
