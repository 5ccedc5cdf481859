"""`ec2_spot` keeps the contract of providers, on an EC2 that behaves, and on one that does not."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing import ProviderConformance
from jobsched.testing.conformance.provider_declaration import ProviderDeclaration
from jobsched.testing.conformance.provider_description import ProviderDescription
from jobsched.testing.conformance.provider_end import ProviderEnd
from jobsched.testing.conformance.provider_launch import ProviderLaunch
from jobsched.testing.conformance.provider_leftovers import ProviderLeftovers
from jobsched.testing.conformance.provider_manner import ProviderManner
from jobsched.testing.conformance.provider_request import ProviderRequest
from jobsched.testing.conformance.provider_silence import ProviderSilence
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tests.integration.ec2_spot.clouds import (
    SETTINGS,
    clients_of,
    share,
    silent_clients_of,
    worker,
)

#: calls that launch, look and end
OPERATIONS = ("CreateFleet", "DescribeInstances", "TerminateInstances")
#: calls that render a request
LOOK_UPS = (
    "CreateLaunchTemplate",
    "DescribeLaunchTemplateVersions",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "GetParameter",
)
#: the launch template of the lent services' deployment
TEMPLATE = "jobsched-test"
#: of a provider that nobody answers
NOWHERE = replace(SETTINGS, endpoint_url="http://127.0.0.1:9")
SLOWLY = {"pending_seconds": 0.4, "visible_after_seconds": 0.4, "shutting_down_seconds": 0.4}
ONCE = dict.fromkeys((*OPERATIONS, *LOOK_UPS), 1)
NO_ANSWER = "an answer never comes"
#: seconds after which it is not waited for any more
PATIENCE = 3
#: seconds after which EC2 shows no machine any more that is terminated
LONG_AFTER = 3700.0
#: what is wrong with EC2 → its switches
FAULTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "machines are pending for a while": {"pending_seconds": 0.4},
        "fresh machines are not shown yet": {"visible_after_seconds": 0.4},
        "machines end slowly": {"shutting_down_seconds": 0.4},
        "answers are lost after the effect": {"lose_after": ONCE},
        "calls are lost before the effect": {"lose_before": ONCE},
        NO_ANSWER: {"hang": {"CreateFleet": 1}},
        "calls are slow": {"slow": dict.fromkeys(ONCE, 0.2)},
        "calls are throttled": {"throttle": ONCE},
        "servers fail": {"fail": {"CreateFleet": {"code": "InternalError", "times": 1}}},
        "a token of a dead machine is an error": {"dead_token": "error"},
        "volumes are left": {"leave_volumes": True},
        "most pools are dry": {"dry": ["spot/m7i.large/*", "spot/*/us-east-1[a-c]"]},
        "everything is slow and lost at once": {**SLOWLY, "lose_after": ONCE},
        "there is no spot machine": {"dry": ["spot/*/*"]},
        "the account may have no spot machine": {"quota": {"spot": 0}},
    }
)
#: faults that meet the look-ups too
OF_LOOK_UPS = tuple(
    name
    for name, switches in FAULTS.items()
    if any("GetParameter" in one for one in switches.values() if isinstance(one, dict))
)
#: faults by which the first offer is refused, as it should be
NO_SPOT = frozenset({"there is no spot machine", "the account may have no spot machine"})
#: what the kit tries with the first offer alone: nothing can be said of a machine that is refused
OF_THE_FIRST_OFFER = frozenset(
    {
        "test_a_launch_that_was_cut_short_is_adopted",
        "test_two_at_once_get_one_machine",
    }
)
#: tests of the kit that render a request, and so look everything up
RENDERS = frozenset(
    {
        "test_a_frozen_request_has_no_machine",
        "test_a_request_is_always_the_same_bytes",
        "test_secrets_are_shown_nowhere",
        "test_the_request_is_json",
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


@pytest.fixture(scope="module")
def impatient_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """Clients that do not wait long for an answer that never comes."""
    return clients_of(running_ec2, patience=PATIENCE)


@pytest.fixture(scope="module")
def silent_clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """Clients that nobody answers."""
    return silent_clients_of(running_ec2)


@pytest.fixture
def ec2(
    running_ec2: FakeEc2,
    aws_clients: dict[str, Any],
    silent_clients: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[FakeEc2]:
    """A fake EC2 without faults; at the end of each test nothing runs on it.

    It goes on from test to test: to forget everything costs half a second.
    """
    running_ec2.switch(**asdict(Switches()))
    # what is over is shown no longer than EC2 does
    running_ec2.advance(LONG_AFTER)
    share(aws_clients, monkeypatch, silent_clients)
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
    def unreachable(self, ec2: FakeEc2, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
        """That of a worker which nobody answers."""
        del ec2
        with worker(tmp_path, NOWHERE) as one:
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
    """The same with each fault in turn; a launch template is made anew for each test.

    Left out are, with tests of their own in `tests/integration/ec2_spot`:

    * machines that are terminated at their launch (``stillborn``): none is ever on;
    * a machine that vanishes at its end: it is *unknown* for ten minutes, by the contract itself;
    * what is refused until somebody has looked (``deny``, ``bad_images``, ``fail`` with such a
      code, ``price`` beyond a limit): no test would have a machine.

    And, without such tests: losses when the security group is made, which is there from the first
    test on; an answer that never comes to another call than CreateFleet; a loss that outlasts the
    SDK's three tries, of another call than CreateFleet; full subnets, which are refused as dry
    pools are.
    """

    @pytest.fixture(params=FAULTS, autouse=True)
    def fault(
        self,
        request: pytest.FixtureRequest,
        ec2: FakeEc2,
        aws_clients: dict[str, Any],
        impatient_clients: dict[str, Any],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """Something is wrong with EC2."""
        forget_template(aws_clients["ec2"])
        ec2.switch(**FAULTS[request.param])
        if request.param in NO_SPOT and request.node.originalname in OF_THE_FIRST_OFFER:
            refused = pytest.mark.xfail(reason="the first offer is refused", strict=True)
            request.applymarker(refused)
        if request.param == NO_ANSWER:
            share(impatient_clients, monkeypatch)


class TestEc2SpotRequestsUnderFaults(TestEc2Spot):
    """What is rendered before there is a machine, with each fault that look-ups meet."""

    @pytest.fixture(params=OF_LOOK_UPS, autouse=True)
    def fault(
        self, request: pytest.FixtureRequest, ec2: FakeEc2, aws_clients: dict[str, Any]
    ) -> Iterator[None]:
        """Something is wrong with EC2; each look-up meets it."""
        forget_template(aws_clients["ec2"])
        before = ec2.calls
        ec2.switch(**FAULTS[request.param])
        yield
        if request.node.originalname in RENDERS:
            after = ec2.calls
            assert [one for one in LOOK_UPS if after[one] == before[one]] == []


def forget_template(aws: Any) -> None:
    """Delete the deployment's launch template, so that the next launch makes it."""
    found = aws.describe_launch_templates()["LaunchTemplates"]
    if TEMPLATE in [one["LaunchTemplateName"] for one in found]:
        aws.delete_launch_template(LaunchTemplateName=TEMPLATE)


def leave_out(of: type, *kits: type) -> None:
    """Take the tests of parts of the kit out of a class."""
    for name in (name for kit in kits for name in vars(kit) if name.startswith("test_")):
        setattr(of, name, None)


# Of what there is before a machine, faults of the look-ups alone change anything, and only what is
# rendered; where nobody answers, no fault does.
leave_out(TestEc2SpotUnderFaults, ProviderDeclaration, ProviderRequest, ProviderSilence)
leave_out(
    TestEc2SpotRequestsUnderFaults,
    ProviderDeclaration,
    ProviderLaunch,
    ProviderDescription,
    ProviderEnd,
    ProviderLeftovers,
    ProviderManner,
    ProviderSilence,
)
