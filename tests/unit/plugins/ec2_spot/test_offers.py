"""The offers of each configuration, and what a job may ask for."""

import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.offers import label_of, offers_for
from jobsched.plugins.ec2_spot.options import MOST_TYPES, OptionsSchema
from jobsched.plugins.ec2_spot.settings import OnDemand, Settings
from jobsched.plugins.ec2_spot.wish import Needs, Wish, arch_of
from tests.unit.plugins.ec2_spot.orders import ORDER

TYPES = ("m7i.large", "m7a.large", "m7g.large")


def wishes(settings: Settings, **order: Any) -> list[Wish]:
    """What the offers of an order ask for."""
    return [Wish.read(one.state) for one in offers_for(replace(ORDER, **order), settings)]


@pytest.mark.parametrize(
    ("configured", "asked", "markets"),
    [
        ("never", None, ["spot"]),
        ("fallback", None, ["spot", "on-demand"]),
        ("always", None, ["on-demand"]),
        ("fallback", "never", ["spot"]),
        ("fallback", "fallback", ["spot", "on-demand"]),
        ("fallback", "always", ["on-demand"]),
        ("never", "fallback", ["spot"]),
        ("always", "fallback", ["on-demand"]),
    ],
)
def test_the_markets(configured: OnDemand, asked: OnDemand | None, markets: list[str]) -> None:
    """Spot comes first; a job takes of what is configured, and never more."""
    options = {"on_demand": asked} if asked else {}
    found = wishes(Settings(on_demand=configured), options=options)
    assert [one.market for one in found] == markets


@pytest.mark.parametrize(("configured", "asked"), [("never", "always"), ("always", "never")])
def test_a_job_widens_nothing(configured: OnDemand, asked: OnDemand) -> None:
    """What an operator has ruled out is told, not overruled."""
    with pytest.raises(OperationFailed, match="the configuration allows") as failed:
        wishes(Settings(on_demand=configured), options={"on_demand": asked})
    assert (failed.value.reason, failed.value.then) == ("configuration", "fail")


@pytest.mark.parametrize(
    ("configured", "asked", "arch", "types"),
    [
        ((), None, None, ()),
        (TYPES, None, None, ("m7i.large", "m7a.large")),
        (TYPES, None, "arm64", ("m7g.large",)),
        (("m7g.large", "m7i.large"), None, None, ("m7g.large",)),
        (TYPES, ["m7a.large", "c7i.large"], None, ("m7a.large",)),
        ((), ["c7i.large", "c7i.large"], None, ("c7i.large",)),
    ],
)
def test_the_types(
    configured: tuple[str, ...], asked: list[str] | None, arch: str | None, types: tuple[str, ...]
) -> None:
    """Of the configured ones those that the job names, of one architecture, in their order."""
    options = {"instance_types": asked} if asked else {}
    resources = {"arch": arch} if arch else {}
    settings = Settings(instance_types=configured, on_demand="never")
    (wish,) = wishes(settings, options=options, resources=resources)
    assert wish.types == types
    assert {arch_of(one) for one in types} <= {wish.arch}


@pytest.mark.parametrize(
    ("options", "resources", "words"),
    [
        ({"instance_types": ["c7i.large"]}, {}, "allows m7i.large, m7a.large, m7g.large only"),
        ({"instance_types": ["m7i.large"]}, {"arch": "arm64"}, "none of m7i.large is of the arch"),
    ],
)
def test_types_that_cannot_be_had_are_told(
    options: dict[str, Any], resources: dict[str, Any], words: str
) -> None:
    """The job fails with a sentence, and no machine is asked for."""
    with pytest.raises(OperationFailed, match=words) as failed:
        wishes(Settings(instance_types=TYPES), options=options, resources=resources)
    assert (failed.value.reason, failed.value.then) == ("configuration", "fail")


@pytest.mark.parametrize(
    ("configured", "resources", "needs"),
    [
        ((), {}, Needs(vcpus=1, memory_mib=2048)),
        ((), {"vcpus": 1.5, "memory_mib": 4096.5}, Needs(vcpus=2, memory_mib=4097)),
        ((), {"arch": "arm64"}, Needs(vcpus=1, memory_mib=2048)),
        (TYPES, {}, None),
        (TYPES, {"arch": "arm64"}, None),
        (TYPES, {"vcpus": 4}, Needs(vcpus=4, memory_mib=1)),
        (TYPES, {"gpus": 1}, Needs(vcpus=1, memory_mib=1)),
    ],
)
def test_what_a_machine_must_have(
    configured: tuple[str, ...], resources: dict[str, Any], needs: Needs | None
) -> None:
    """Without types, or where the job says what it needs, EC2 chooses among what has it."""
    settings = Settings(instance_types=configured, on_demand="never")
    (wish,) = wishes(settings, resources=resources)
    assert (wish.needs, wish.gpus) == (needs, resources.get("gpus", 0))


@pytest.mark.parametrize(
    ("configured", "asked", "price"),
    [
        (None, None, None),
        (Decimal("0.10"), None, Decimal("0.10")),
        (Decimal("0.10"), 0.05, Decimal("0.05")),
        (Decimal("0.10"), "0.2", Decimal("0.10")),
        (None, 0.1, Decimal("0.1")),
    ],
)
def test_the_lower_price_bounds_the_spot_fleet(
    configured: Decimal | None, asked: float | str | None, price: Decimal | None
) -> None:
    """The price of an on-demand machine is a fixed one, and no bid."""
    options = {} if asked is None else {"max_price": asked}
    spot, on_demand = wishes(Settings(max_price=configured), options=options)
    assert (spot.max_price, on_demand.max_price) == (price, None)


def test_an_offer_is_kept_as_json() -> None:
    """What is asked for comes back as it was after a restart."""
    wish = Wish(
        market="spot",
        arch="arm64",
        types=("m7g.large",),
        needs=Needs(vcpus=2, memory_mib=4096),
        gpus=1,
        max_price=Decimal("0.10"),
        by_job=True,
    )
    assert Wish.read(json.loads(json.dumps(wish.written()))) == wish
    small = replace(wish, needs=None, max_price=Decimal("0.0000001"))
    assert small.written()["max_price"] == "0.0000001"
    assert Wish.read(small.written()) == small


@pytest.mark.parametrize(
    ("wish", "label"),
    [
        (Wish(market="spot", arch="x86_64", types=TYPES), "spot m7i.large, m7a.large, m7g.large"),
        (
            Wish(market="on-demand", arch="x86_64", types=(*TYPES, "a.b", "c.d")),
            "on-demand m7i.large, m7a.large, m7g.large and 2 more",
        ),
        (
            Wish(
                market="spot",
                arch="arm64",
                needs=Needs(vcpus=2, memory_mib=4096),
                gpus=1,
                max_price=Decimal("0.1"),
            ),
            "spot arm64, from 2 vCPU and 4096 MiB, from 1 GPU, up to 0.1 USD an hour",
        ),
    ],
)
def test_labels_are_for_people(wish: Wish, label: str) -> None:
    """A user reads in the status what was asked for."""
    assert label_of(wish) == label


@pytest.mark.parametrize(
    ("name", "arch"),
    [
        ("m7i.large", "x86_64"),
        ("m7i-flex.large", "x86_64"),
        ("g5.xlarge", "x86_64"),
        ("g4dn.xlarge", "x86_64"),
        ("gr6.4xlarge", "x86_64"),
        ("p6-b200.48xlarge", "x86_64"),
        ("u7in-16tb.224xlarge", "x86_64"),
        ("t3.micro", "x86_64"),
        ("t4g.micro", "arm64"),
        ("m7g.large", "arm64"),
        ("c7gn.large", "arm64"),
        ("im4gn.large", "arm64"),
        ("g5g.xlarge", "arm64"),
        ("x2gd.medium", "arm64"),
        ("a1.medium", "arm64"),
        ("p6e-gb200.36xlarge", "arm64"),
    ],
)
def test_the_architecture_stands_in_the_name(name: str, arch: str) -> None:
    """A g after the generation is AWS' own processor."""
    assert arch_of(name) == arch


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"instance_types": ["m7i.large"], "on_demand": "never", "max_price": 0.05},
        {"max_price": "0.05"},
    ],
)
def test_options_that_are_taken(options: dict[str, Any]) -> None:
    """A job may say nothing, or all of it."""
    assert OptionsSchema().validate(options) == {}


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("instance_types", []),
        ("instance_types", "m7i.large"),
        ("instance_types", ["large"]),
        ("instance_types", ["m7i.large"] * (MOST_TYPES + 1)),
        ("on_demand", "sometimes"),
        ("max_price", 0),
        ("max_price", 0.001),
        ("max_price", "cheap"),
        ("max_price", "NaN"),
        ("region", "eu-west-1"),
    ],
)
def test_options_that_are_refused(key: str, value: object) -> None:
    """A wrong value and an unknown key are named at the door."""
    assert list(OptionsSchema().validate({key: value})) == [key]


@pytest.mark.parametrize(
    ("asked", "by_job"),
    [
        ({}, False),
        ({"options": {"on_demand": "fallback", "max_price": 1}}, False),
        ({"options": {"instance_types": ["m7i.large"]}}, True),
        ({"resources": {"vcpus": 2}}, True),
        ({"resources": {"memory_mib": 2}}, True),
        ({"resources": {"gpus": 2}}, True),
        ({"resources": {"arch": "x86_64"}}, True),
    ],
)
def test_it_is_known_who_chose(asked: dict[str, Any], *, by_job: bool) -> None:
    """L11: a job that says which types, or what they must have, is the one to blame for them."""
    offers = offers_for(replace(ORDER, **asked), Settings(instance_types=("m7i.large",)))
    assert {Wish.read(offer.state).by_job for offer in offers} == {by_job}
