"""Fixtures of the tests that hold `ec2_spot` against its contract."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import pytest
from botocore.exceptions import ClientError

from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tests.integration.conformance.ec2_time import HastyClock, hurry
from tests.integration.ec2_spot.clouds import share, silent_clients_of

#: seconds after which EC2 shows no machine any more that is terminated
LONG_AFTER = 3700.0
#: what the lent services' deployment calls its launch template and its security group
NAME = "jobsched-test"


@pytest.fixture(scope="session")
def silent_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """Clients that nobody answers."""
    return silent_clients_of(running_ec2)


@pytest.fixture
def clock() -> HastyClock:
    """The time of all workers of a test: that of EC2."""
    return HastyClock()


@pytest.fixture(scope="module")
def fresh_ec2(running_ec2: FakeEc2) -> FakeEc2:
    """The fake EC2, with nothing in it of other files' tests."""
    running_ec2.reset()
    return running_ec2


@pytest.fixture
def ec2(
    fresh_ec2: FakeEc2,
    clock: HastyClock,
    aws_clients: dict[str, Any],
    silent_clients: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[FakeEc2]:
    """A fake EC2 without faults; at the end of each test nothing runs on it.

    It goes on from test to test: to forget everything costs half a second.
    """
    fresh_ec2.switch(**asdict(Switches()))
    # what is over is shown no longer than EC2 does
    clock.set_to(fresh_ec2.advance(LONG_AFTER))
    hurry(monkeypatch)
    share(aws_clients, monkeypatch, silent_clients)
    yield fresh_ec2
    left = fresh_ec2.alive()
    for one in left:
        # the next test is not to blame
        fresh_ec2.end(one)
    assert left == []


@pytest.fixture
def nothing_made(ec2: FakeEc2, aws_clients: dict[str, Any]) -> None:
    """The deployment has neither a launch template nor a security group yet."""
    del ec2
    aws = aws_clients["ec2"]
    # there is none after a test that made none
    with suppress(ClientError):
        aws.delete_launch_template(LaunchTemplateName=NAME)
    wanted = [{"Name": "group-name", "Values": [NAME]}]
    for one in aws.describe_security_groups(Filters=wanted)["SecurityGroups"]:
        aws.delete_security_group(GroupId=one["GroupId"])
