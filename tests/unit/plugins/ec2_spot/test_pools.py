"""The pools of a fleet."""

from dataclasses import replace
from decimal import Decimal

from jobsched.plugins.ec2_spot.pools import MOST, MOST_BY_NEEDS, pools_of
from jobsched.plugins.ec2_spot.wish import Needs, Wish
from tests.unit.plugins.ec2_spot.orders import IMAGE, SUBNETS

BY_TYPE = Wish(market="spot", arch="x86_64", types=("m7i.large", "m7a.large"))
BY_NEEDS = Wish(market="spot", arch="x86_64", needs=Needs(vcpus=2, memory_mib=4096))


def test_each_type_in_each_subnet_is_a_pool() -> None:
    """In a fixed order, each with the image."""
    assert pools_of(BY_TYPE, SUBNETS[:2], IMAGE) == [
        {"InstanceType": name, "SubnetId": f"subnet-{zone}", "ImageId": IMAGE}
        for name in BY_TYPE.types
        for zone in "ab"
    ]


def test_a_price_bounds_each_pool() -> None:
    """As EC2 takes it: a text without an exponent."""
    wish = replace(BY_TYPE, max_price=Decimal("1E-2"))
    assert {one["MaxPrice"] for one in pools_of(wish, SUBNETS, IMAGE)} == {"0.01"}
    assert all("MaxPrice" not in one for one in pools_of(BY_TYPE, SUBNETS, IMAGE))


def test_on_demand_types_are_tried_in_their_order() -> None:
    """The best type first, in whichever zone."""
    wish = replace(BY_TYPE, market="on-demand")
    assert [one["Priority"] for one in pools_of(wish, SUBNETS[:2], IMAGE)] == [0, 0, 1, 1]


def test_a_fleet_has_no_more_pools_than_ec2_takes() -> None:
    """300 named ones, the best of all; 4 whose types EC2 chooses."""
    many = replace(BY_TYPE, types=tuple(f"t{number}.large" for number in range(100)))
    pools = pools_of(many, SUBNETS, IMAGE)
    assert (len(pools), pools[-1]["InstanceType"]) == (MOST, "t49.large")
    assert len(pools_of(BY_NEEDS, SUBNETS, IMAGE)) == MOST_BY_NEEDS


def test_ec2_chooses_by_what_is_needed() -> None:
    """Today's types with enough of each, and without accelerators."""
    first, *_ = pools_of(BY_NEEDS, SUBNETS, IMAGE)
    assert first == {
        "InstanceRequirements": {
            "VCpuCount": {"Min": 2},
            "MemoryMiB": {"Min": 4096},
            "CpuManufacturers": ["intel", "amd"],
            "AcceleratorCount": {"Max": 0},
            "InstanceGenerations": ["current"],
        },
        "SubnetId": "subnet-a",
        "ImageId": IMAGE,
    }


def test_graphics_processors_are_asked_for() -> None:
    """Of the maker whose driver is in the image."""
    first, *_ = pools_of(replace(BY_NEEDS, gpus=2), SUBNETS, IMAGE)
    required = first["InstanceRequirements"]
    assert (required["AcceleratorCount"], required["AcceleratorTypes"]) == ({"Min": 2}, ["gpu"])
    assert required["AcceleratorManufacturers"] == ["nvidia"]


def test_named_types_bound_the_choice() -> None:
    """EC2 chooses among them, also among bursting and older ones: who names them means them."""
    wish = replace(BY_NEEDS, arch="arm64", types=("t4g.small", "m6g.large"))
    required = pools_of(wish, SUBNETS, IMAGE)[0]["InstanceRequirements"]
    assert required["AllowedInstanceTypes"] == ["t4g.small", "m6g.large"]
    assert required["BurstablePerformance"] == "included"
    assert required["CpuManufacturers"] == ["amazon-web-services"]
    assert "InstanceGenerations" not in required
