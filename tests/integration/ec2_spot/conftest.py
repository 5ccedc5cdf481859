"""Fixtures of tests on the fake EC2."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing.ec2 import FakeEc2
from tests.integration.ec2_spot.clouds import share, worker


@pytest.fixture
def ec2(
    running_ec2: FakeEc2, aws_clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> FakeEc2:
    """A fake EC2 that knows nothing yet."""
    running_ec2.reset()
    share(aws_clients, monkeypatch)
    return running_ec2


@pytest.fixture
def provider(ec2: FakeEc2, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
    """The provider of one worker; at its end nothing of it runs."""
    with worker(tmp_path) as one:
        yield one
    assert ec2.alive() == []
