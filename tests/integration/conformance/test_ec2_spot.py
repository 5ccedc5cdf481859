"""`ec2_spot` keeps the contract of providers, on an EC2 that behaves, and on one that does not."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import timedelta
from decimal import Decimal
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
from jobsched.testing.conformance.provider_owned import ProviderOwned
from jobsched.testing.conformance.provider_request import ProviderRequest
from jobsched.testing.conformance.provider_silence import ProviderSilence
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tests.integration.conformance import test_ec2_spot_refusals as refusals
from tests.integration.conformance.ec2_time import (
    HastyClock,
    answers_are_given_up,
    each_look_takes,
    each_machine_is_told,
)
from tests.integration.ec2_spot.clouds import SETTINGS, worker

#: calls that launch, look and end
OPERATIONS = (
    "CreateFleet",
    "DescribeInstances",
    "DescribeSpotPriceHistory",
    "DescribeVolumes",
    "GetProducts",
    "TerminateInstances",
)
#: calls that render a request, where nothing is made yet
LOOK_UPS = (
    "AuthorizeSecurityGroupIngress",
    "CreateLaunchTemplate",
    "CreateSecurityGroup",
    "DescribeLaunchTemplateVersions",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "GetParameter",
)
#: spot machines usually cost less than half of it
BOUNDED = replace(SETTINGS, max_price=Decimal("0.1"))
#: of a provider that nobody answers
NOWHERE = replace(BOUNDED, endpoint_url="http://127.0.0.1:9")
ONCE = dict.fromkeys((*OPERATIONS, *LOOK_UPS), 1)
#: seconds that go by from look to look; what takes a minute is so at the fourth one
LOOK = 20.0
#: the same, for what takes ten minutes
LONG_LOOK = 200.0
SLOWLY = {"pending_seconds": 60, "visible_after_seconds": 60, "shutting_down_seconds": 60}
NO_PRICES = ["ec2:DescribeSpotPriceHistory", "pricing:GetProducts"]
TOLD = "spot machines are told of their end"
VANISHED = "a machine is not shown after its end"
#: What is wrong with EC2 → its switches. Here a machine can be had all the same; what is refused
#: or lost for good stands in `test_ec2_spot_refusals`.
FAULTS: Mapping[str, dict[str, Any]] = MappingProxyType(
    {
        "machines are pending for a while": {"pending_seconds": 60},
        "machines never get ready": {"pending_seconds": -1},
        "fresh machines are not shown yet": {"visible_after_seconds": 60},
        "machines end slowly": {"shutting_down_seconds": 60},
        VANISHED: {"vanish_after_seconds": 0},
        TOLD: {},
        "answers are lost after the effect": {"lose_after": ONCE},
        "calls are lost before the effect": {"lose_before": ONCE},
        "answers never come": {"hang": ONCE},
        "calls are slow": {"slow": dict.fromkeys(ONCE, 0.03)},
        "calls are throttled": {"throttle": ONCE},
        "servers fail": {"fail": {one: {"code": "InternalError", "times": 1} for one in ONCE}},
        "a token of a dead machine is an error": {"dead_token": "error"},
        "volumes are left": {"leave_volumes": True},
        "lists have pages of one machine": {"page_size": 1},
        "most pools are dry": {"dry": ["spot/m7i.large/*", "spot/*/us-east-1[a-c]"]},
        "most subnets are full": {"full_subnets": ["us-east-1[a-e]"]},
        "one type costs more than it may": {"price": {"m6i.large/*": "0.2"}},
        "all spot machines cost more than they may": {"price": {"*": "0.2"}},
        "prices may not be asked": {"deny": NO_PRICES},
        "there is no spot machine": {"dry": ["spot/*/*"]},
        "spot machines die at their launch, in pools of some zones": {
            "stillborn": {"spot/*/us-east-1f": "Server.InsufficientInstanceCapacity"},
            "price": {"*/us-east-1f": "0.09"},
        },
        "the account may have no spot machine": {"quota": {"spot": 0}},
        "the account may have no on-demand machine": {"quota": {"on-demand": 0}},
        "everything is slow and lost at once": {**SLOWLY, "lose_after": ONCE},
    }
)
#: faults that meet the look-ups too
OF_LOOK_UPS = tuple(
    name
    for name, switches in FAULTS.items()
    if any("GetParameter" in one for one in switches.values() if isinstance(one, dict))
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


@pytest.mark.slow
@pytest.mark.timeout(120)
class TestEc2Spot(ProviderConformance):
    """Machines of the fake EC2."""

    @pytest.fixture
    def provider(
        self, ec2: FakeEc2, clock: HastyClock, tmp_path: Path
    ) -> Iterator[Ec2SpotProvider]:
        """The provider of one worker."""
        del ec2
        with worker(tmp_path, BOUNDED, clock) as one:
            yield one

    @pytest.fixture
    def another(self, ec2: FakeEc2, clock: HastyClock, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
        """That of another one, which knows nothing of the first."""
        del ec2
        with worker(tmp_path, BOUNDED, clock) as one:
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
    """The same with each fault in turn; group and template are made anew where it may meet that."""

    @pytest.fixture(params=FAULTS, autouse=True)
    def fault(
        self,
        request: pytest.FixtureRequest,
        ec2: FakeEc2,
        clock: HastyClock,
        aws_clients: dict[str, Any],
    ) -> Iterator[None]:
        """Something is wrong with EC2."""
        if request.param in OF_LOOK_UPS:
            request.getfixturevalue("nothing_made")
        with going_wrong(request.param, ec2, clock, aws_clients):
            yield


class TestEc2SpotRequestsUnderFaults(TestEc2Spot):
    """What is rendered before there is a machine, with each fault that look-ups meet."""

    freezes_apart = timedelta(0)

    @pytest.fixture(params=OF_LOOK_UPS, autouse=True)
    def fault(
        self,
        request: pytest.FixtureRequest,
        ec2: FakeEc2,
        clock: HastyClock,
        aws_clients: dict[str, Any],
        nothing_made: None,
    ) -> Iterator[None]:
        """Something is wrong with EC2; each look-up meets it."""
        del nothing_made
        before = ec2.calls
        with going_wrong(request.param, ec2, clock, aws_clients):
            yield
        if request.node.originalname in RENDERS:
            after = ec2.calls
            assert [one for one in LOOK_UPS if after[one] == before[one]] == []


def going_wrong(
    fault: str, ec2: FakeEc2, clock: HastyClock, clients: Mapping[str, Any]
) -> ExitStack:
    """Switch a fault on; no test waits for what takes its time under it."""
    switches = FAULTS[fault]
    ec2.switch(**switches)
    until = ExitStack()
    if fault == VANISHED or any(switches.get(name, 0) > 0 for name in SLOWLY):
        seconds = LONG_LOOK if fault == VANISHED else LOOK
        until.enter_context(each_look_takes(seconds, ec2, clock, clients))
    if fault == TOLD:
        until.enter_context(each_machine_is_told(ec2, clients))
    if "hang" in switches:
        until.enter_context(answers_are_given_up(ec2, clients))
    return until


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
    ProviderOwned,
    ProviderEnd,
    ProviderLeftovers,
    ProviderManner,
    ProviderSilence,
)


def test_every_switch_is_switched_on() -> None:
    """Each switch of the fake is a fault of the kit here, or has a test of its own, or both."""
    usual = asdict(Switches())
    tables = (*FAULTS.values(), *(one.switches for one in refusals.REFUSALS.values()))
    turned = {name for one in tables for name, value in one.items() if value != usual[name]}
    assert turned == set(usual)
