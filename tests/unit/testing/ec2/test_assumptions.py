"""The page of the fake's assumptions and the script that checks them, held against the fake."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import pytest
from botocore.retries.standard import ExponentialBackoff

from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tests.unit.testing.ec2.asking import fleet, launched
from tools.assumptions.__main__ import CONFIG, PARAMETER, checked
from tools.assumptions.account import Account
from tools.assumptions.checks import CHECKS, COULD_NOT, DOES_NOT, HOLDS
from tools.assumptions.refused import NO_IMAGE

ROOT: Final = Path(__file__).parents[4]
PAGE: Final = (ROOT / "docs/explanation/assumptions.md").read_text()
#: what cannot come about together with the rest: a quota would leave no machine, and a disk that is
#: left belies that disks go with their machines
NOT_AT_ONCE: Final = {"quota", "disk-is-left"}
#: an EC2 on which all that happens by chance happens
EVENTFUL: Final[dict[str, Any]] = {
    "bad_images": [NO_IMAGE],
    "deny": ["ec2:CreateKeyPair"],
    "dry": ["spot/*/us-east-1a"],
    "fail": {"DescribeSpotPriceHistory": {"code": "InternalError", "times": 1}},
    "lose_after": {"DescribeSubnets": 1},
    "throttle": {"DescribeVolumes": 1},
    "pending_seconds": 60,
    "visible_after_seconds": 30,
    "shutting_down_seconds": 30,
}
#: seconds that go by between two looks
LOOK: Final = 10
#: of a table of rules: id, rule, page of AWS, switch
COLUMNS: Final = 4

Check = Callable[..., dict[str, str]]


@pytest.fixture(scope="module")
def ec2_of_a_person(session: Any, running_ec2: FakeEc2) -> Any:
    """Give boto3's client, with the tries that the script has."""
    return session.client("ec2", endpoint_url=running_ec2.url, config=CONFIG)


@pytest.fixture
def check(
    fake: FakeEc2, ec2_of_a_person: Any, clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Check:
    """Give how the script is run in this process; the fake's time goes by at each look."""
    for name, value in fake.environment.items():
        monkeypatch.setenv(name, value)
    # the SDK does not pause between its tries
    monkeypatch.setattr(ExponentialBackoff, "delay_amount", lambda *_: 0)

    image = clients["ssm"].get_parameter(Name=PARAMETER)["Parameter"]["Value"]

    def run(patience: float = 4, **switches: Any) -> dict[str, str]:
        fake.switch(**{"bad_images": [NO_IMAGE]} | switches)
        account = Account(ec2_of_a_person, image, patience, lambda: fake.advance(LOOK))
        found = checked(account)
        assert (fake.alive(), fake.volumes()) == ([], [])
        return found

    return run


def _rules() -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in PAGE.splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in row] for row in rows if len(row) == COLUMNS]
    return [row for row in cells if row[0] not in {"Id", "---"}]


def _ids() -> list[str]:
    return [row[0].strip("`") for row in _rules()]


def test_all_checks_hold_on_the_fake(
    fake: FakeEc2, check: Check, ec2: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """The script finds each rule to hold on the fake, with a line for each, and leaves nothing."""
    _interrupted_and_ended(fake, ec2)
    found = check(**EVENTFUL)

    said = capsys.readouterr().out
    other = {name: word for name, word in found.items() if word != HOLDS}
    assert other == dict.fromkeys(NOT_AT_ONCE, COULD_NOT), said
    assert [line.split()[-1] for line in said.splitlines() if line.startswith(HOLDS)] == [
        one for one in CHECKS if one not in NOT_AT_ONCE
    ]
    assert fake.calls["DeleteLaunchTemplate"] == fake.calls["DeleteVpc"] == 1


def test_nothing_happens_by_chance(check: Check) -> None:
    """On a quiet EC2, what is left to chance is said to be unchecked, and nothing fails."""
    found = check()
    assert {one for one, word in found.items() if word == COULD_NOT} >= {
        *NOT_AT_ONCE,
        "dry-pool",
        "interruption",
        "late-visibility",
        "missing-right",
        "throttling",
    }
    assert DOES_NOT not in found.values()


def _interrupted_and_ended(fake: FakeEc2, ec2: Any) -> None:
    fake.interrupt(launched(ec2))
    fake.end(launched(ec2), "Client.InstanceInitiatedShutdown")
    fake.switch(stillborn={"*": "Server.InternalError"})
    ec2.create_fleet(**fleet(ec2))
    fake.switch(stillborn={})


@pytest.mark.parametrize(
    ("switches", "rules"),
    [
        ({"user_data_limit": 20000}, {"user-data-limit"}),
        ({"leave_volumes": True}, {"disk-goes-or-stays"}),
        ({"price": {"*": "0.001"}}, {"instant-answer", "max-price", "max-total-price"}),
        ({"bad_images": []}, {"errors-in-band"}),
        ({"fail": {"RunInstances": "InternalError"}}, {"dry-run", "full-subnet", "one-vpc"}),
    ],
)
def test_a_rule_that_does_not_hold_is_named(
    check: Check, switches: dict[str, Any], rules: set[str]
) -> None:
    """Where EC2 behaves in another way the script says so, and still cleans up."""
    found = check(patience=0.2, **switches)
    assert {one for one, word in found.items() if word == DOES_NOT} >= rules, found


def test_the_command_asks_first(fake: FakeEc2) -> None:
    """Whoever does not say yes has only asked who they are, and was told what it costs."""
    ran = _run(fake, said="no\n")

    assert "nothing was done" in ran.stderr
    assert "US dollars" in ran.stdout
    assert fake.calls == {"GetCallerIdentity": 1}


def test_the_command_tells_what_does_not_hold(fake: FakeEc2) -> None:
    """With a yes it runs, says each rule, cleans up and ends with 1 if one does not hold."""
    fake.switch(bad_images=[NO_IMAGE], user_data_limit=20000)
    ran = _run(fake, "--yes", "--pause", "0.01")

    said = re.findall(
        r"^(holds|does not hold|could not check) +([a-z-]+)", ran.stdout, re.MULTILINE
    )
    assert [name for _, name in said] == list(CHECKS), ran.stdout + ran.stderr
    assert [name for word, name in said if word == DOES_NOT] == ["user-data-limit"]
    assert ran.returncode == 1
    assert (fake.alive(), fake.volumes()) == ([], [])


def _run(fake: FakeEc2, *options: str, said: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.assumptions", "--endpoint-url", fake.url, *options]
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | fake.environment,
        input=said,
        capture_output=True,
        text=True,
        check=False,
    )


def test_page_and_script_have_the_same_rules() -> None:
    """Each rule of the page has a check of its name, and each check is a rule."""
    assert sorted(_ids()) == sorted(CHECKS)


def test_every_rule_names_a_page_of_aws() -> None:
    """Each rule names pages that are listed below it, all of them of AWS' documentation."""
    listed = dict(re.findall(r"^\[(.+)\]: (\S+)$", PAGE, re.MULTILINE))
    named = [re.findall(r"\[([^]]+)\]", row[2]) for row in _rules()]

    assert all(named)
    assert {one for row in named for one in row} == set(listed)
    assert all(one.startswith("https://docs.aws.amazon.com/") for one in listed.values())


def test_every_switch_stands_on_the_page() -> None:
    """Each switch of the fake belongs to a rule of the page."""
    named = {one for row in _rules() for one in re.findall(r"`(\w+)`", row[3])}
    assert named - {"interrupt", "end"} == {one.name for one in fields(Switches)}
