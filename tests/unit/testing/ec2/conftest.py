"""The fake EC2 of a process, which forgets all between tests; and boto3's clients of it."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config

from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.client import environment

#: no second try, so that each call is seen
ONCE = Config(retries={"total_max_attempts": 1}, read_timeout=5)


@pytest.fixture
def fake(running_ec2: FakeEc2) -> FakeEc2:
    """Give a fake EC2 that knows nothing."""
    running_ec2.reset()
    return running_ec2


@pytest.fixture(scope="session")
def session(running_ec2: FakeEc2) -> Any:
    """Give a session of boto3 with made-up keys."""
    keys = environment(running_ec2.url, running_ec2.region)
    return boto3.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region_name=running_ec2.region,
    )


@pytest.fixture(scope="session")
def clients(running_ec2: FakeEc2, session: Any) -> dict[str, Any]:
    """Give a client of each service: making one takes long."""
    names = ("ec2", "iam", "pricing", "ssm", "sts")
    return {name: session.client(name, endpoint_url=running_ec2.url, config=ONCE) for name in names}


@pytest.fixture
def ec2(fake: FakeEc2, clients: dict[str, Any]) -> Any:
    """Give boto3's client of EC2."""
    return clients["ec2"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test of a process time to start the server on a busy machine."""
    for item in items:
        if "testing/ec2" in item.nodeid:
            item.add_marker(pytest.mark.timeout(60))
