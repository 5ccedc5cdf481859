"""The clients of the fake EC2 of a process."""

from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.integration.ec2_spot.clouds import clients_of


@pytest.fixture(scope="session")
def aws_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """The clients of one process."""
    return clients_of(running_ec2)
