"""Pools of the fake EC2: dry ones, dear ones, full quotas, types by their requirements."""

from __future__ import annotations

from typing import Any

import pytest

from jobsched.testing.ec2 import FakeEc2
from tests.unit.testing.ec2.asking import IMAGE, codes, fleet, override, refused, subnet, template

NO_CAPACITY = "InsufficientInstanceCapacity"
EXCLUDED = "InvalidParameterCombination"
ANYTHING = {"VCpuCount": {"Min": 0}, "MemoryMiB": {"Min": 0}}


def test_the_cheapest_pool_is_taken(fake: FakeEc2, ec2: Any) -> None:
    """Of several pools the one with the lowest spot price gives the machine, whatever its place."""
    fake.switch(price={"c7i.large/us-east-1b": "0.01", "*/*": "0.09"})
    pools = [override(ec2), override(ec2, "c7i.large"), override(ec2, "c7i.large", "us-east-1b")]
    ec2.create_fleet(**fleet(ec2, *pools))

    (machine,) = fake.machines()
    assert (machine.type, machine.zone, machine.price) == ("c7i.large", "us-east-1b", "0.01")


def test_a_dry_pool_gives_way_to_the_next(fake: FakeEc2, ec2: Any) -> None:
    """L9: A dry pool is an error in the answer, beside the machine of another one."""
    fake.switch(dry=["spot/c7i.large/*"])
    answer = ec2.create_fleet(**fleet(ec2, override(ec2), override(ec2, "c7i.large")))

    assert codes(answer) == [NO_CAPACITY]
    told = answer["Errors"][0]["LaunchTemplateAndOverrides"]["Overrides"]
    assert told["InstanceType"] == "c7i.large"
    assert [one.type for one in fake.machines()] == ["m7i.large"]


def test_where_all_pools_are_dry_each_has_its_error(fake: FakeEc2, ec2: Any) -> None:
    """L9: Without any capacity the call succeeds, with no machine and an error for each pool."""
    fake.switch(dry=["spot/*/*"])
    answer = ec2.create_fleet(**fleet(ec2, override(ec2), override(ec2, "c7i.large")))

    assert codes(answer) == [NO_CAPACITY] * 2
    assert answer["Instances"] == []
    assert not fake.machines()


def test_a_dry_market_leaves_the_other(fake: FakeEc2, ec2: Any) -> None:
    """L9: Where no spot machine is to be had, an on-demand one still is."""
    fake.switch(dry=["spot/*/*"])
    ec2.create_fleet(**fleet(ec2, market="on-demand"))

    assert [one.market for one in fake.machines()] == ["on-demand"]


def test_run_instances_says_no_capacity_as_a_server_error(fake: FakeEc2, ec2: Any) -> None:
    """L9: RunInstances without capacity is a 500, which an SDK takes for a reason to try again."""
    fake.switch(dry=["*"])
    asked = {"ImageId": IMAGE, "InstanceType": "m7i.large", "MinCount": 1, "MaxCount": 1}
    assert refused(ec2.run_instances, **asked) == (NO_CAPACITY, 500)


def test_machines_that_are_not_all_there_leave_nothing(fake: FakeEc2, ec2: Any) -> None:
    """L9: RunInstances launches no fewer than MinCount, and none of them leaves a disk."""
    vpc = ec2.create_vpc(CidrBlock="10.213.0.0/28")["Vpc"]["VpcId"]
    small = ec2.create_subnet(VpcId=vpc, CidrBlock="10.213.0.0/28")["Subnet"]["SubnetId"]
    asked = {"ImageId": IMAGE, "InstanceType": "m7i.large", "SubnetId": small}
    refusal = refused(ec2.run_instances, **asked, MinCount=12, MaxCount=12)

    assert refusal[0] == "InsufficientFreeAddressesInSubnet"
    assert (fake.machines(), fake.volumes()) == ([], [])
    ec2.run_instances(**asked, MinCount=11, MaxCount=12)
    assert len(fake.alive()) == 11


def test_all_subnets_of_a_zone_are_full(fake: FakeEc2, ec2: Any) -> None:
    """L9: `full_subnets` by zone: another zone has a machine all the same."""
    fake.switch(full_subnets=["us-east-1[b-z]"])
    asked = fleet(ec2, *(override(ec2, zone=f"us-east-1{one}") for one in "ab"))
    ec2.create_fleet(**asked)

    assert [one.zone for one in fake.machines()] == ["us-east-1a"]
    full = fleet(ec2, override(ec2, zone="us-east-1b"))
    assert codes(ec2.create_fleet(**full)) == ["InsufficientFreeAddressesInSubnet"]


def test_requirements_of_a_whole_request_are_counted(ec2: Any) -> None:
    """L11: at most four, wherever they stand; plain overrides beside them do not count."""
    named = template(ec2)
    pool = {"SubnetId": subnet(ec2), "ImageId": IMAGE}
    needs = pool | {"InstanceRequirements": {"VCpuCount": {"Min": 2}, "MemoryMiB": {"Min": 1}}}
    plain = pool | {"InstanceType": "m7i.large"}

    assert ec2.create_fleet(**fleet(ec2, *[needs] * 4, plain, named=named))["Instances"]
    asked = fleet(ec2, *[needs] * 3, named=named)
    asked["LaunchTemplateConfigs"] *= 2
    assert refused(ec2.create_fleet, **asked)[0] == "InvalidParameterValue"


@pytest.mark.parametrize("where", ["fleet", "override"])
def test_a_price_limit_below_the_price(fake: FakeEc2, ec2: Any, where: str) -> None:
    """L9: A machine that costs more than the fleet's or the pool's limit is not launched."""
    fake.switch(price={"*": "0.05"})
    pool = override(ec2) | ({"MaxPrice": "0.04"} if where == "override" else {})
    options = {"AllocationStrategy": "price-capacity-optimized"}
    options |= {"MaxTotalPrice": "0.04"} if where == "fleet" else {}
    asked = fleet(ec2, pool, SpotOptions=options)

    assert codes(ec2.create_fleet(**asked)) == ["SpotMaxPriceTooLow"]
    fake.switch(price={"*": "0.04"})
    assert ec2.create_fleet(**asked)["Instances"]


@pytest.mark.parametrize(
    ("market", "code"),
    [("spot", "MaxSpotInstanceCountExceeded"), ("on-demand", "VcpuLimitExceeded")],
)
def test_a_quota_counts_living_machines(fake: FakeEc2, ec2: Any, market: str, code: str) -> None:
    """L11: One machine more than the quota is refused, until one of them ends."""
    fake.switch(quota={market: 1})
    asked = fleet(ec2, market=market)
    ec2.create_fleet(**asked)

    assert codes(ec2.create_fleet(**asked)) == [code]
    ec2.terminate_instances(InstanceIds=fake.alive())
    assert ec2.create_fleet(**asked)["Errors"] == []


@pytest.mark.parametrize(
    ("wanted", "types"),
    [
        ({"VCpuCount": {"Min": 16}, "MemoryMiB": {"Min": 0}}, {"m7i.4xlarge", "g5.12xlarge"}),
        ({"VCpuCount": {"Min": 1, "Max": 1}, "MemoryMiB": {"Min": 0}}, {"m7g.medium"}),
        (
            {
                "VCpuCount": {"Min": 0},
                "MemoryMiB": {"Min": 0},
                "AcceleratorCount": {"Min": 4},
                "AcceleratorTypes": ["gpu"],
            },
            {"g5.12xlarge"},
        ),
        (
            {
                "VCpuCount": {"Min": 2, "Max": 2},
                "MemoryMiB": {"Min": 16384, "Max": 16384},
                "AcceleratorCount": {"Max": 0},
                "CpuManufacturers": ["amazon-web-services"],
            },
            {"r7g.large"},
        ),
        (
            {
                "VCpuCount": {"Min": 0},
                "MemoryMiB": {"Min": 0, "Max": 512},
                "BurstablePerformance": "included",
                "AllowedInstanceTypes": ["t3.*"],
            },
            {"t3.nano"},
        ),
    ],
)
def test_types_are_found_by_what_they_have(
    fake: FakeEc2, ec2: Any, wanted: dict[str, Any], types: set[str]
) -> None:
    """InstanceRequirements give exactly the types that have what is asked for."""
    fake.switch(dry=["*"])
    pool = {"SubnetId": subnet(ec2), "ImageId": IMAGE, "InstanceRequirements": wanted}
    answer = ec2.create_fleet(**fleet(ec2, pool))

    tried = [one["LaunchTemplateAndOverrides"]["Overrides"] for one in answer["Errors"]]
    assert {one["InstanceType"] for one in tried} == types


def test_requirements_that_nothing_meets(fake: FakeEc2, ec2: Any) -> None:
    """Where no type fits, the answer says so and there is no machine."""
    wanted = {"VCpuCount": {"Min": 1000}, "MemoryMiB": {"Min": 0}}
    pool = {"SubnetId": subnet(ec2), "ImageId": IMAGE, "InstanceRequirements": wanted}

    assert codes(ec2.create_fleet(**fleet(ec2, pool))) == ["InvalidParameterValue"]
    assert not fake.machines()


@pytest.mark.parametrize(
    ("pool", "times", "code"),
    [
        ({"InstanceRequirements": ANYTHING, "InstanceType": "m7i.large"}, 1, EXCLUDED),
        ({"InstanceRequirements": ANYTHING}, 5, "InvalidParameterValue"),
        (
            {
                "InstanceRequirements": ANYTHING
                | {"AllowedInstanceTypes": ["m*"], "ExcludedInstanceTypes": ["t*"]}
            },
            1,
            EXCLUDED,
        ),
    ],
)
def test_requirements_that_are_wrong(
    fake: FakeEc2, ec2: Any, pool: dict[str, Any], times: int, code: str
) -> None:
    """L11: Requirements with contradictions, beside a type, or in five overrides are refused."""
    assert refused(ec2.create_fleet, **fleet(ec2, *[pool] * times))[0] == code
    assert not fake.machines()
