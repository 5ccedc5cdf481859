"""`ec2_spot` keeps the contract of providers, on an EC2 that behaves, and on one that does not."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing import ProviderConformance
from jobsched.testing.conformance.provider_declaration import ProviderDeclaration
from jobsched.testing.ec2 import FakeEc2
from tests.integration.ec2_spot.clouds import clients_of, share, worker

#: calls that launch, look and end
OPERATIONS = ("CreateFleet", "DescribeInstances", "TerminateInstances")
SLOWLY = {"pending_seconds": 0.4, "visible_after_seconds": 0.4, "shutting_down_seconds": 0.4}
LOST = dict.fromkeys(OPERATIONS, 1)
#: what is wrong with EC2 → its switches
FAULTS = MappingProxyType(
    {
        "machines are pending for a while": {"pending_seconds": 0.4},
        "fresh machines are not shown yet": {"visible_after_seconds": 0.4},
        "machines end slowly": {"shutting_down_seconds": 0.4},
        "answers are lost after the effect": {"lose_after": LOST},
        "calls are lost before the effect": {"lose_before": LOST},
        "an answer never comes": {"hang": {"CreateFleet": 1}},
        "calls are slow": {"slow": dict.fromkeys(OPERATIONS, 0.2)},
        "calls are throttled": {"throttle": dict.fromkeys(OPERATIONS, 2)},
        "any call is throttled": {"throttle": {"*": 2}},
        "servers fail": {"fail": {"CreateFleet": {"code": "InternalError", "times": 1}}},
        "a token of a dead machine is an error": {"dead_token": "error"},
        "volumes are left": {"leave_volumes": True},
        "most pools are dry": {"dry": ["spot/m7i.large/*", "spot/*/us-east-1[a-c]"]},
        "everything is slow and lost at once": {**SLOWLY, "lose_after": LOST},
    }
)


@pytest.fixture(scope="module")
def running_ec2() -> Iterator[FakeEc2]:
    """A fake EC2 that runs."""
    with FakeEc2() as one:
        yield one


@pytest.fixture(scope="module")
def aws_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """The clients of one process."""
    return clients_of(running_ec2)


@pytest.fixture
def ec2(
    running_ec2: FakeEc2, aws_clients: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> Iterator[FakeEc2]:
    """A fake EC2 that knows nothing; at the end of each test nothing of it runs."""
    running_ec2.reset()
    share(aws_clients, monkeypatch)
    yield running_ec2
    assert running_ec2.alive() == []


@pytest.mark.slow
@pytest.mark.timeout(120)
class TestEc2Spot(ProviderConformance):
    """Machines of the fake EC2."""

    @pytest.fixture
    def provider(self, ec2: FakeEc2, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
        """The provider of one worker."""
        del ec2
        with worker(tmp_path) as one:
            yield one

    @pytest.fixture
    def another(self, ec2: FakeEc2, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
        """That of another one, which knows nothing of the first."""
        del ec2
        with worker(tmp_path) as one:
            yield one

    @pytest.fixture
    def deployment(self) -> str:
        """That of the lent services."""
        return "test"

    @pytest.fixture
    def secrets(self, running_ec2: FakeEc2) -> list[str]:
        """The key of AWS may be shown nowhere."""
        return [running_ec2.environment["AWS_SECRET_ACCESS_KEY"]]


class TestEc2SpotUnderFaults(TestEc2Spot):
    """The same with each fault in turn.

    Left out are faults under which there is no machine to speak of: one that is terminated at its
    launch (``stillborn``), a quota of 0 and a market that is wholly dry give none that is on; and a
    machine that vanishes at its end is *unknown* for ten minutes, by the contract itself. They
    have tests of their own in `tests/integration/ec2_spot`.
    """

    freezes_apart: ClassVar[timedelta] = timedelta(seconds=0.1)

    @pytest.fixture(params=FAULTS, autouse=True)
    def fault(self, request: pytest.FixtureRequest, ec2: FakeEc2) -> None:
        """Something is wrong with EC2."""
        ec2.switch(**FAULTS[request.param])


for name in vars(ProviderDeclaration):
    if name.startswith("test_"):
        # what a provider says of itself does not change with EC2
        setattr(TestEc2SpotUnderFaults, name, None)
