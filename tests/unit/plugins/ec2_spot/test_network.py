"""The subnets of the machines."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.network import KEEP, Network, Subnet, usable
from jobsched.testing.clock import FakeClock
from tests.unit.plugins.ec2_spot.stubbed import StubbedAws, stubbed


@pytest.fixture
def lent(tmp_path: Path) -> Iterator[tuple[StubbedAws, FakeClock]]:
    """AWS with prepared answers, and a clock that stands."""
    with stubbed(tmp_path) as (aws, _, _, clock):
        yield aws, clock


def subnet(name: str, zone: str = "a", *, vpc: str = "vpc-1", free: int = 100) -> Subnet:
    """A subnet."""
    return Subnet(id=name, zone=f"us-east-1{zone}", vpc=vpc, free=free)


def shown(*subnets: Subnet) -> dict[str, Any]:
    """Subnets as EC2 shows them."""
    return {
        "Subnets": [
            {
                "SubnetId": one.id,
                "AvailabilityZone": one.zone,
                "VpcId": one.vpc,
                "AvailableIpAddressCount": one.free,
            }
            for one in subnets
        ]
    }


def test_each_zone_has_one_subnet() -> None:
    """A fleet refuses the same pool twice: of two subnets in a zone the emptier one is taken."""
    found = [subnet("s-1", "b"), subnet("s-2", "a", free=5), subnet("s-3", "a", free=6)]
    assert [one.id for one in usable(found, [])] == ["s-3", "s-1"]


def test_the_order_is_that_of_the_configuration() -> None:
    """EC2 shows them in any order; the request has them always in the same one."""
    found = [subnet("s-1", "a"), subnet("s-2", "b"), subnet("s-3", "c")]
    assert [one.id for one in usable(found, ["s-3", "s-1", "s-2"])] == ["s-3", "s-1", "s-2"]
    assert usable(found[::-1], []) == usable(found, [])


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([], "no default VPC"),
        ([subnet("s-1", vpc="vpc-1"), subnet("s-2", vpc="vpc-2")], "vpc-1, vpc-2"),
    ],
)
def test_subnets_that_cannot_be_used_are_told(found: list[Subnet], words: str) -> None:
    """L11: no job can be served until an operator has looked."""
    with pytest.raises(OperationFailed, match=words) as failed:
        usable(found, [])
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")


async def test_without_a_setting_it_is_the_default_vpc(lent: tuple[StubbedAws, FakeClock]) -> None:
    """The default subnets of the default VPC are looked for, once for many launches."""
    aws, clock = lent
    asked = {"Filters": [{"Name": "default-for-az", "Values": ["true"]}]}
    aws.answers("describe_subnets", shown(subnet("s-1")), asked=asked)
    network = Network(aws, clock, ())

    assert [one.id for one in await network.subnets()] == ["s-1"]
    assert await network.vpc() == "vpc-1"

    aws.answers("describe_subnets", shown(subnet("s-2")), asked=asked)
    clock.advance(KEEP.total_seconds())
    assert [one.id for one in await network.subnets()] == ["s-2"]


async def test_subnets_may_be_named(lent: tuple[StubbedAws, FakeClock]) -> None:
    """Exactly those are asked for; one that is not there is EC2's own error."""
    aws, clock = lent
    asked = {"SubnetIds": ["s-1", "s-2"]}
    aws.answers("describe_subnets", shown(subnet("s-1"), subnet("s-2", "b")), asked=asked)
    network = Network(aws, clock, ("s-1", "s-2"))
    assert len(await network.subnets()) == 2

    network.forget()
    aws.fails("describe_subnets", "InvalidSubnetID.NotFound")
    with pytest.raises(OperationFailed) as failed:
        await network.subnets()
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")
