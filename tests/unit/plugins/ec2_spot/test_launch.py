"""Sending a request."""

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Price
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.launch import Launcher
from jobsched.plugins.ec2_spot.machines import Machines
from jobsched.plugins.ec2_spot.price import AT_LEAST, Prices
from jobsched.plugins.ec2_spot.request import fleet_of, rendered
from jobsched.plugins.ec2_spot.wish import Wish
from tests.unit.plugins.ec2_spot.orders import IMAGE, ORDER, SUBNETS, VERSION
from tests.unit.plugins.ec2_spot.stubbed import NOW, StubbedAws, stubbed

WISH = Wish(market="on-demand", arch="x86_64", types=("m7i.large",))
REQUEST = rendered(
    fleet_of(ORDER, WISH, SUBNETS, image=IMAGE, version=VERSION, data="AAAA"), SUBNETS
)
FLEET: dict[str, Any] = json.loads(REQUEST)["fleet"]


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[tuple[StubbedAws, Launcher]]:
    """A launcher over answers that a test prepares; on-demand prices are configured."""
    with stubbed(tmp_path) as (aws, services, *_):
        machines = Machines(aws, services, public_address=False)
        prices = Prices(aws, services, {"m7i.large": Decimal("0.1008")})
        yield aws, Launcher(aws, services, machines, prices)


def made(*ids: str, errors: tuple[str, ...] = (), **pool: str) -> dict[str, Any]:
    """The answer of CreateFleet."""
    overrides = {"InstanceType": "m7i.large", "SubnetId": "subnet-b", **pool}
    about = {"LaunchTemplateAndOverrides": {"Overrides": overrides}, "Lifecycle": "on-demand"}
    instances = [{**about, "InstanceIds": list(ids), "InstanceType": "m7i.large"}] if ids else []
    refused = [{**about, "ErrorCode": code, "ErrorMessage": "m"} for code in errors]
    return {"FleetId": "fleet-1", "Instances": instances, "Errors": refused}


def shown(state: str, instance: str = "i-1") -> dict[str, Any]:
    """The machine as DescribeInstances shows it."""
    machine = {
        "InstanceId": instance,
        "InstanceType": "m7i.large",
        "State": {"Name": state},
        "LaunchTime": NOW,
        "Placement": {"AvailabilityZone": "us-east-1b"},
        "PrivateIpAddress": "10.0.0.9",
        "Tags": [{"Key": "jobsched:launch", "Value": ORDER.token}],
    }
    return {"Reservations": [{"Instances": [machine]}]}


async def sent(launcher: Launcher, *, first: bool = True) -> InstanceStatus:
    """The answer to the request, sent by who has just frozen it, or by somebody else."""
    if first:
        launcher.expect(ORDER.token)
    return await launcher.send(REQUEST)


async def test_exactly_the_frozen_request_is_sent(lent: tuple[StubbedAws, Launcher]) -> None:
    """L4: one call, all of whose parameters were saved before, the token among them."""
    aws, launcher = lent
    aws.answers("create_fleet", made("i-1"), asked=FLEET)

    status = await sent(launcher)
    assert (status.phase, status.ready, status.access) == ("pending", False, None)
    assert status.instance is not None
    assert status.instance.id == "i-1"
    assert status.instance.state == {
        "type": "m7i.large",
        "zone": "us-east-1b",
        "market": "on-demand",
        "launched_at": NOW.isoformat(),
        "dns_name": None,
        "ip_address": None,
        "state": "pending",
    }
    assert status.instance.price == Price(per_hour=Decimal("0.1008"), at_least=AT_LEAST)


async def test_the_zone_is_that_of_the_answer(lent: tuple[StubbedAws, Launcher]) -> None:
    """Where EC2 names it; else it is that of the subnet."""
    aws, launcher = lent
    aws.answers("create_fleet", made("i-1", AvailabilityZone="us-east-1f"))

    status = await sent(launcher)
    assert status.instance is not None
    assert status.instance.state["zone"] == "us-east-1f"


async def test_errors_beside_a_machine_are_no_refusal(lent: tuple[StubbedAws, Launcher]) -> None:
    """Some pools were dry, and one was not."""
    aws, launcher = lent
    aws.answers("create_fleet", made("i-1", errors=("InsufficientInstanceCapacity",)))

    assert (await sent(launcher)).phase == "pending"


@pytest.mark.parametrize(
    ("code", "reason", "then"),
    [
        ("InsufficientInstanceCapacity", "no_capacity", "next"),
        ("MaxSpotInstanceCountExceeded", "quota", "next"),
        ("UnauthorizedOperation", "configuration", "breaker"),
    ],
)
async def test_a_fleet_without_a_machine_is_a_refusal(
    lent: tuple[StubbedAws, Launcher], code: str, reason: str, then: str
) -> None:
    """L9, L11: in-band errors are definite: that token will never have a machine."""
    aws, launcher = lent
    aws.answers("create_fleet", made(errors=(code,)))

    with pytest.raises(OperationFailed, match=code) as failed:
        await sent(launcher)
    assert (failed.value.reason, failed.value.effect, failed.value.then) == (reason, "none", then)


@pytest.mark.parametrize(
    ("code", "status", "effect", "then"),
    [
        ("RequestLimitExceeded", 503, "none", "later"),
        ("InternalError", 500, "unknown", "later"),
        ("IdempotentInstanceTerminated", 400, "none", "next"),
        ("InvalidLaunchTemplateId.NotFound", 400, "none", "breaker"),
        ("MaxFleetCountExceeded", 400, "none", "next"),
    ],
)
async def test_errors_of_the_call(
    lent: tuple[StubbedAws, Launcher], code: str, status: int, effect: str, then: str
) -> None:
    """L3, L7, L10, L11: only what is definite goes on to the next offer."""
    aws, launcher = lent
    aws.fails("create_fleet", code, status=status)

    with pytest.raises(OperationFailed, match=code) as failed:
        await sent(launcher)
    assert (failed.value.effect, failed.value.then) == (effect, then)


async def test_a_repeat_looks_whether_the_machine_is_alive(
    lent: tuple[StubbedAws, Launcher],
) -> None:
    """L7: EC2 answers a repeat with the machine of the first time, also when that is dead."""
    aws, launcher = lent
    for state, phase in (("terminated", "gone"), ("running", "running")):
        aws.answers("create_fleet", made("i-1"), asked=FLEET)
        aws.answers("describe_instances", shown(state))
        status = await sent(launcher, first=False)
        assert (status.phase, status.instance and status.instance.id) == (phase, "i-1")


async def test_a_machine_that_is_not_shown_is_named_and_unknown(
    lent: tuple[StubbedAws, Launcher],
) -> None:
    """B1: EC2 names it, and no list shows it: it is too new, or was shown until it was too old."""
    aws, launcher = lent
    aws.answers("create_fleet", made("i-1"))
    aws.answers("describe_instances", {"Reservations": []})

    status = await sent(launcher, first=False)
    assert (status.phase, status.instance and status.instance.id) == ("unknown", "i-1")


async def test_after_a_failure_it_is_a_repeat(lent: tuple[StubbedAws, Launcher]) -> None:
    """L3: the call may have had its effect, and its machine may be dead by now."""
    aws, launcher = lent
    aws.fails("create_fleet", "InternalError", status=500)
    with pytest.raises(OperationFailed):
        await sent(launcher)

    aws.answers("create_fleet", made("i-1"))
    aws.answers("describe_instances", shown("terminated"))
    assert (await sent(launcher, first=False)).phase == "gone"


async def test_a_mismatch_is_looked_for_by_its_tag(lent: tuple[StubbedAws, Launcher]) -> None:
    """L6: who sent the token with other bytes had a machine: that one is taken."""
    aws, launcher = lent
    aws.fails("create_fleet", "IdempotentParameterMismatch")
    aws.answers("describe_instances", shown("running"))

    status = await sent(launcher)
    assert (status.phase, status.instance and status.instance.id) == ("running", "i-1")
    assert status.instance is not None
    assert status.instance.price is not None


async def test_a_mismatch_without_a_machine_stays_open(lent: tuple[StubbedAws, Launcher]) -> None:
    """L6: it may not be shown yet; it is looked for until it would be."""
    aws, launcher = lent
    aws.fails("create_fleet", "IdempotentParameterMismatch")
    aws.answers("describe_instances", {"Reservations": []})

    with pytest.raises(OperationFailed) as failed:
        await sent(launcher)
    assert (failed.value.reason, failed.value.effect) == ("token_mismatch", "unknown")


REFUSED_AT_THE_DOOR = [
    ("UnauthorizedOperation", "configuration", "breaker"),
    ("InvalidLaunchTemplateId.NotFound", "configuration", "breaker"),
    ("MaxFleetCountExceeded", "quota", "later"),
    ("InsufficientInstanceCapacity", "no_capacity", "later"),
]


@pytest.mark.parametrize(("code", "reason", "then"), REFUSED_AT_THE_DOOR)
async def test_an_error_of_a_repeat_is_not_definite(
    lent: tuple[StubbedAws, Launcher], code: str, reason: str, then: str
) -> None:
    """L3: the sending before may have made a machine that is not shown yet."""
    aws, launcher = lent
    aws.fails("create_fleet", code)
    aws.answers("describe_instances", {"Reservations": []})

    with pytest.raises(OperationFailed, match=code) as failed:
        await sent(launcher, first=False)
    assert (failed.value.reason, failed.value.effect, failed.value.then) == (
        reason,
        "unknown",
        then,
    )


@pytest.mark.parametrize(("code", "reason", "then"), REFUSED_AT_THE_DOOR)
async def test_the_machine_of_a_refused_repeat_is_taken(
    lent: tuple[StubbedAws, Launcher], code: str, reason: str, then: str
) -> None:
    """L2: the sending before made a machine; its tag tells, whatever the repeat is told."""
    del reason, then
    aws, launcher = lent
    aws.fails("create_fleet", code)
    aws.answers("describe_instances", shown("running"))

    status = await sent(launcher, first=False)
    assert (status.phase, status.instance and status.instance.id) == ("running", "i-1")


async def test_a_refused_repeat_that_cannot_look_is_in_doubt(
    lent: tuple[StubbedAws, Launcher],
) -> None:
    """L3: whoever may neither launch nor look learns nothing; the first error is told."""
    aws, launcher = lent
    aws.fails("create_fleet", "AuthFailure")
    aws.fails("describe_instances", "UnauthorizedOperation")

    with pytest.raises(OperationFailed, match="AuthFailure: create_fleet") as failed:
        await sent(launcher, first=False)
    assert (failed.value.effect, failed.value.then) == ("unknown", "breaker")


async def test_a_throttled_repeat_is_in_doubt(lent: tuple[StubbedAws, Launcher]) -> None:
    """L10: it was not carried out, but the one before may have been; no look adds to the calls."""
    aws, launcher = lent
    aws.fails("create_fleet", "RequestLimitExceeded", status=503)

    with pytest.raises(OperationFailed) as failed:
        await sent(launcher, first=False)
    assert (failed.value.reason, failed.value.effect, failed.value.then) == (
        "throttled",
        "unknown",
        "later",
    )
    # a look would have failed here too, and then been the cause
    assert "RequestLimitExceeded" in str(failed.value.__cause__)


async def test_a_repeat_of_a_dead_token_is_definite(lent: tuple[StubbedAws, Launcher]) -> None:
    """There was a machine, and it is gone: that token never has another one (L7)."""
    aws, launcher = lent
    aws.fails("create_fleet", "IdempotentInstanceTerminated")

    with pytest.raises(OperationFailed) as failed:
        await sent(launcher, first=False)
    assert (failed.value.effect, failed.value.then) == ("none", "next")


async def test_the_operator_is_told_of_a_quota(tmp_path: Path) -> None:
    """L9: in the log, with AWS' own words, and not for each of 500 launches."""
    with stubbed(tmp_path) as (aws, services, log, clock):
        machines = Machines(aws, services, public_address=False)
        launcher = Launcher(aws, services, machines, Prices(aws, services, {}))
        for seconds in (0, 599, 1):
            clock.advance(seconds)
            aws.answers("create_fleet", made(errors=("VcpuLimitExceeded",)))
            with pytest.raises(OperationFailed, match="VcpuLimitExceeded"):
                await sent(launcher)
        aws.fails("create_fleet", "RequestLimitExceeded", status=503)
        with pytest.raises(OperationFailed):
            await sent(launcher)

    told = [(level, event, fields["market"]) for level, event, fields in log.entries]
    assert told == [("error", "quota.reached", "on-demand")] * 2
    assert "VcpuLimitExceeded (m7i.large in us-east-1b): m" in log.entries[0][2]["message"]


async def test_each_market_has_a_quota(tmp_path: Path) -> None:
    """L9: that of on-demand machines is told too, right after that of spot machines."""
    spot = rendered(
        fleet_of(
            ORDER,
            Wish(market="spot", arch="x86_64", types=("m7i.large",)),
            SUBNETS,
            image=IMAGE,
            version=VERSION,
            data="AAAA",
        ),
        SUBNETS,
    )
    with stubbed(tmp_path) as (aws, services, log, _):
        machines = Machines(aws, services, public_address=False)
        launcher = Launcher(aws, services, machines, Prices(aws, services, {}))
        for request in (spot, REQUEST):
            launcher.expect(ORDER.token)
            aws.fails("create_fleet", "MaxFleetCountExceeded")
            with pytest.raises(OperationFailed):
                await launcher.send(request)
    assert [fields["market"] for _, _, fields in log.entries] == ["spot", "on-demand"]
