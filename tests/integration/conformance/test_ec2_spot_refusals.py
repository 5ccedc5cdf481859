"""What `ec2_spot` says where a fault leaves no machine to be had, or none to be ended.

The kit cannot pass here, since most of its tests have a machine. The contract says what must come
out instead: the right reason, whether there may be a machine, what the core does next, nothing that
runs, and a launch that works as soon as the fault is over.
"""

from collections.abc import Coroutine, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.ec2.switches import Switches
from tests.integration.conformance.ec2_time import HastyClock, answers_are_given_up
from tests.integration.ec2_spot.clouds import SETTINGS, worker
from tests.integration.ec2_spot.test_launches import frozen, launched, refusal
from tests.unit.plugins.ec2_spot.orders import IMAGE, ORDER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

#: at its usual price a spot machine costs less than half of it
BOUNDED = replace(SETTINGS, max_price=Decimal("0.1"), image=IMAGE)
#: the SDK's tries of one call
TRIES = 3
#: seconds for which a worker does not ask again what could not be looked up, and more
A_WHILE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A fault, and what the core is told."""

    switches: Mapping[str, Any]
    reason: str
    then: str
    effect: str = "none"
    #: the offer that is taken: 0 spot, 1 on-demand
    offer: int = 0
    #: a request that is rendered before the fault cannot be sent; else none can be rendered
    is_sent: bool = True


def denied(*actions: str, is_sent: bool = False) -> Refused:
    """Give how it is told that a right is missing: no job is served until somebody has looked."""
    return Refused(
        switches={"deny": list(actions)}, reason="configuration", then="breaker", is_sent=is_sent
    )


def failing(code: str, reason: str, then: str, effect: str = "none") -> Refused:
    """Give how it is told that EC2 answers a launch with an error."""
    switches = {"fail": {"CreateFleet": code}}
    return Refused(switches=switches, reason=reason, then=then, effect=effect)


def lost(switch: str, reason: str = "no_answer") -> Refused:
    """Give how it is told that all tries of a launch are lost: there may be a machine."""
    switches = {switch: {"CreateFleet": TRIES}}
    return Refused(switches=switches, reason=reason, then="later", effect="unknown")


#: what happens → its switches, and what is told
REFUSALS: Mapping[str, Refused] = MappingProxyType(
    {
        "no right to make fleets": denied("ec2:CreateFleet", is_sent=True),
        "no right to launch": denied("ec2:RunInstances", is_sent=True),
        "no right to tag": denied("ec2:CreateTags", is_sent=True),
        "no right to see subnets": denied("ec2:DescribeSubnets"),
        "no right to see groups": denied("ec2:DescribeSecurityGroups"),
        "no right to make a group": denied("ec2:CreateSecurityGroup"),
        "no right to open a group": denied("ec2:AuthorizeSecurityGroupIngress"),
        "no right to see templates": denied("ec2:DescribeLaunchTemplateVersions"),
        "no right to make a template": denied("ec2:CreateLaunchTemplate"),
        "no such image": Refused(
            switches={"bad_images": [IMAGE]}, reason="configuration", then="breaker"
        ),
        "user data are too long": Refused(
            switches={"user_data_limit": 64}, reason="configuration", then="breaker"
        ),
        "no spot machine": Refused(switches={"dry": ["spot/*"]}, reason="no_capacity", then="next"),
        "no on-demand machine": Refused(
            switches={"dry": ["on-demand/*"]}, reason="no_capacity", then="next", offer=1
        ),
        "no address": Refused(switches={"full_subnets": ["*"]}, reason="no_capacity", then="next"),
        "spot machines cost more than they may": Refused(
            switches={"price": {"*": "0.2"}}, reason="no_capacity", then="next"
        ),
        "too many spot machines": Refused(
            switches={"quota": {"spot": 0}}, reason="quota", then="next"
        ),
        "too many on-demand machines": Refused(
            switches={"quota": {"on-demand": 0}}, reason="quota", then="next", offer=1
        ),
        "a parameter is wrong": failing("InvalidParameterValue", "configuration", "breaker"),
        "keys have run out": failing("RequestExpired", "credentials", "later"),
        "the account has too many fleets": failing("MaxFleetCountExceeded", "quota", "next"),
        "servers fail": failing("InternalError", "aws_error", "later", effect="unknown"),
        "nobody knows the error": failing("Odd.Code", "aws_error", "later", effect="unknown"),
        "throttled again and again": lost("throttle", "throttled"),
        "lost again and again before the effect": lost("lose_before"),
        "lost again and again after the effect": lost("lose_after"),
        "answers never come": lost("hang"),
    }
)


@pytest.fixture
def provider(ec2: FakeEc2, clock: HastyClock, tmp_path: Path) -> Iterator[Ec2SpotProvider]:
    """The provider of one worker."""
    del ec2
    with worker(tmp_path, BOUNDED, clock) as one:
        yield one


@pytest.fixture
def patience(ec2: FakeEc2, aws_clients: dict[str, Any]) -> Iterator[None]:
    """The SDK gives up what hangs as soon as it hangs."""
    with answers_are_given_up(ec2, aws_clients):
        yield


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.usefixtures("nothing_made", "patience")
async def test_a_launch_is_refused(
    provider: Ec2SpotProvider, ec2: FakeEc2, clock: HastyClock, name: str
) -> None:
    """The core is told the right thing, nothing runs, and all is well when the fault is over."""
    fault = REFUSALS[name]
    request = await frozen(provider, fault.offer) if fault.is_sent else None
    ec2.switch(**fault.switches)
    told = await refusal(provider.provision(request) if request else frozen(provider, fault.offer))
    assert (told.reason, told.effect, told.then) == (fault.reason, fault.effect, fault.then), told
    if fault.effect == "none":
        assert ec2.alive() == []

    ec2.switch(**asdict(Switches()))
    clock.advance(A_WHILE)
    if request and fault.effect == "unknown":
        instance = (await provider.provision(request)).instance
    else:
        instance = await launched(provider, fault.offer)
    assert instance is not None
    assert ec2.alive() == [instance.id]
    await provider.terminate(instance)


@pytest.mark.parametrize(
    ("action", "look"),
    [
        ("DescribeInstances", "find"),
        ("DescribeInstances", "describe_all"),
        ("TerminateInstances", "terminate"),
        ("DescribeVolumes", "remove_leftovers"),
        ("DeleteVolume", "remove_leftovers"),
    ],
)
async def test_no_right_to_look_or_to_end(
    provider: Ec2SpotProvider, ec2: FakeEc2, action: str, look: str
) -> None:
    """It is said so, and never that there is no machine; with the right all is well again."""
    ec2.switch(leave_volumes=True)
    gone, instance = await launched(provider), await launched(provider)
    await provider.terminate(gone)
    ec2.switch(deny=[f"ec2:{action}"])
    told = await refusal(call(provider, look, instance))
    assert told.reason == "configuration"
    assert ec2.alive() == [instance.id]

    ec2.switch(deny=[])
    await call(provider, look, instance)
    await provider.terminate(instance)


LOSSES: Mapping[str, Any] = MappingProxyType(
    {
        "lose_before": TRIES,
        "lose_after": TRIES,
        "throttle": TRIES,
        "hang": TRIES,
        "fail": {"code": "InternalError", "times": TRIES},
    }
)


@pytest.mark.parametrize("switch", LOSSES)
@pytest.mark.parametrize(
    ("operation", "look"),
    [
        ("DescribeInstances", "find"),
        ("DescribeInstances", "describe_all"),
        ("TerminateInstances", "terminate"),
        ("DescribeVolumes", "remove_leftovers"),
    ],
)
@pytest.mark.usefixtures("patience")
async def test_what_the_sdk_does_not_outlast_is_not_believed(
    provider: Ec2SpotProvider, ec2: FakeEc2, switch: str, operation: str, look: str
) -> None:
    """No answer is no news: later, and never that there is no machine."""
    instance = await launched(provider)
    ec2.switch(**{switch: {operation: LOSSES[switch]}})
    told = await refusal(call(provider, look, instance))
    assert (told.reason in {"no_answer", "aws_error", "throttled"}, told.then) == (True, "later")
    await call(provider, look, instance)
    await provider.terminate(instance)


@pytest.mark.parametrize("switch", LOSSES)
@pytest.mark.parametrize(
    "operation",
    [
        "AuthorizeSecurityGroupIngress",
        "CreateLaunchTemplate",
        "CreateSecurityGroup",
        "DescribeLaunchTemplateVersions",
        "DescribeSecurityGroups",
        "DescribeSubnets",
    ],
)
@pytest.mark.usefixtures("nothing_made", "patience")
async def test_a_look_up_that_the_sdk_does_not_outlast(
    provider: Ec2SpotProvider, ec2: FakeEc2, clock: HastyClock, switch: str, operation: str
) -> None:
    """The launch comes later, with one group and one template, whatever took effect before."""
    ec2.switch(**{switch: {operation: LOSSES[switch]}})
    told = await refusal(frozen(provider))
    assert (told.reason in {"no_answer", "aws_error", "throttled"}, told.then) == (True, "later")
    assert ec2.alive() == []
    clock.advance(A_WHILE)
    await provider.terminate(await launched(provider))


async def test_a_machine_that_dies_at_its_launch(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """B: `stillborn`: the answer names it, the first look says that it is gone, and why."""
    ec2.switch(stillborn={"*": "Server.InternalError"})
    request = await frozen(provider)
    instance = (await provider.provision(request)).instance
    assert instance is not None
    (seen,) = [one for one in (await provider.describe_all({})).values() if is_of(one, instance)]
    assert (seen.phase, seen.interrupted) == ("gone", False)
    assert reason_of(seen) == "Server.InternalError"
    # sent again, it has no other machine
    again = await provider.provision(request)
    assert (again.phase, again.instance and again.instance.id) == ("gone", instance.id)
    assert (await provider.terminate(instance)).phase in {"going", "gone"}
    assert ec2.alive() == []


@pytest.mark.parametrize("notice", [False, True])
async def test_a_machine_that_is_taken_away(
    provider: Ec2SpotProvider, ec2: FakeEc2, *, notice: bool
) -> None:
    """R: `interrupt`: it is on until it is over, and then interrupted to each who looks."""
    status = await provider.provision(await frozen(provider))
    assert status.instance is not None
    token = ec2.machine(status.instance.id).tags["jobsched:launch"]
    ec2.interrupt(status.instance.id, notice=notice)
    if notice:
        assert (await provider.describe_all({}))[token].phase == "running"
        ec2.advance(121)
    for seen in (await provider.find(token), (await provider.describe_all({}))[token]):
        assert seen is not None
        assert (seen.phase, seen.interrupted) == ("gone", True)
    assert (await provider.terminate(status.instance)).phase == "gone"


async def test_a_machine_that_ends_by_itself(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """R: `end`: it was not taken away, and the reason is kept."""
    instance = await launched(provider)
    token = ec2.machine(instance.id).tags["jobsched:launch"]
    ec2.end(instance.id)
    seen = (await provider.describe_all({}))[token]
    assert (seen.phase, seen.interrupted) == ("gone", False)
    assert reason_of(seen) == "Server.InternalError"


def is_of(status: InstanceStatus, instance: Instance) -> bool:
    """Whether a description is that of a machine."""
    return bool(status.instance and status.instance.id == instance.id)


def reason_of(status: InstanceStatus) -> object:
    """Give EC2's reason of a machine's end, as the record keeps it."""
    return status.instance and status.instance.state["reason"]


def call(provider: Ec2SpotProvider, look: str, instance: Instance) -> Coroutine[Any, Any, object]:
    """Call a method that looks at machines or ends them."""
    if look == "find":
        return provider.find(ORDER.token)
    if look == "describe_all":
        return provider.describe_all({})
    if look == "terminate":
        return provider.terminate(instance)
    return provider.remove_leftovers()


__all__ = ["REFUSALS"]
