"""One fake EC2 for all tests of a process, and the clients of it."""

from collections.abc import Iterator
from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.integration.ec2_spot.clouds import clients_of


@pytest.fixture(scope="session")
def running_ec2() -> Iterator[FakeEc2]:
    """A fake EC2 that runs."""
    with FakeEc2() as one:
        yield one


@pytest.fixture(scope="session")
def aws_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """The clients of one process."""
    return clients_of(running_ec2)
