"""The frozen request."""

import base64
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from jobsched.domain.job import Offer
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.network import Subnet
from jobsched.plugins.ec2_spot.request import Requests, fleet_of, rendered
from jobsched.plugins.ec2_spot.template import Version
from jobsched.plugins.ec2_spot.wish import Needs, Wish
from tests.unit.plugins.ec2_spot.orders import IMAGE, ORDER, SUBNETS, VERSION

SPOT = Wish(market="spot", arch="x86_64", types=("m7i.large",), max_price=Decimal("0.05"))
ON_DEMAND = Wish(market="on-demand", arch="x86_64", types=("m7i.large",))


class Known:
    """Look-ups whose answers are known; each is counted."""

    def __init__(self) -> None:
        self.looked: list[str] = []

    async def find(self, arch: str, *, gpus: bool) -> str:
        """The image."""
        self.looked.append(f"image {arch} {gpus}")
        return IMAGE

    async def subnets(self) -> tuple[Subnet, ...]:
        """The subnets."""
        return SUBNETS[:2]

    async def version(self) -> Version:
        """The template's version."""
        return VERSION


def requests(callback_url: str | None = None, *, known: Any = None) -> Requests:
    """What freezes requests."""
    known = known or Known()
    return Requests(known, known, known, callback_url)


def offer(wish: Wish) -> Offer:
    """An offer of it."""
    return Offer(label="one", state=wish.written())


async def frozen(wish: Wish = SPOT, **order: Any) -> dict[str, Any]:
    """The request of an order, read."""
    request: dict[str, Any] = json.loads(
        await requests().freeze(replace(ORDER, **order), offer(wish))
    )
    return request


async def test_rendered_twice_it_is_the_same_bytes() -> None:
    """L6: a repeat that differs in one byte is IdempotentParameterMismatch for ever."""
    texts = [
        await requests().freeze(replace(ORDER, boot_script="x" * length), offer(SPOT))
        for length in (10, 10, 100_000, 100_000)
    ]
    assert texts[0] == texts[1]
    assert texts[2] == texts[3]


async def test_it_is_the_whole_call() -> None:
    """Token, one machine, template in a fixed version, user data, tags: all is frozen (L4, L12)."""
    request = await frozen()
    (config,) = request["fleet"].pop("LaunchTemplateConfigs")
    data = config["LaunchTemplateSpecification"].pop("LaunchTemplateSpecificationUserData")
    tags = [
        {"Key": "jobsched:attempt", "Value": "2"},
        {"Key": "jobsched:deployment", "Value": "test"},
        {"Key": "jobsched:dies-at", "Value": "2026-11-25T15:30:10+00:00"},
        {"Key": "jobsched:job", "Value": ORDER.job},
        {"Key": "jobsched:launch", "Value": ORDER.token},
    ]
    assert request == {
        "fleet": {
            "ClientToken": ORDER.token,
            "Type": "instant",
            "TargetCapacitySpecification": {
                "TotalTargetCapacity": 1,
                "DefaultTargetCapacityType": "spot",
            },
            "SpotOptions": {
                "AllocationStrategy": "price-capacity-optimized",
                "InstanceInterruptionBehavior": "terminate",
            },
            "TagSpecifications": [
                {"ResourceType": "fleet", "Tags": tags},
                {"ResourceType": "instance", "Tags": tags},
            ],
        },
        "zones": {"subnet-a": "us-east-1a", "subnet-b": "us-east-1b"},
        "by_job": False,
    }
    assert config["LaunchTemplateSpecification"] == {"LaunchTemplateId": "lt-1", "Version": "7"}
    assert [one["SubnetId"] for one in config["Overrides"]] == ["subnet-a", "subnet-b"]
    script = base64.b64decode(data).decode()
    assert "JOBSCHED_CALLBACK_URL=https://jobs.example.com/callback\n" in script
    assert script.endswith("echo ready\n")


@pytest.mark.parametrize(
    ("wish", "strategy"),
    [
        (ON_DEMAND, "prioritized"),
        (replace(ON_DEMAND, types=(), needs=Needs(vcpus=1, memory_mib=1)), "lowest-price"),
    ],
)
async def test_an_on_demand_fleet(wish: Wish, strategy: str) -> None:
    """Named types come in their order; of types that EC2 chooses, the cheapest."""
    fleet = (await frozen(wish))["fleet"]
    assert fleet["TargetCapacitySpecification"]["DefaultTargetCapacityType"] == "on-demand"
    assert fleet["OnDemandOptions"] == {"AllocationStrategy": strategy}
    assert "SpotOptions" not in fleet


async def test_the_next_launch_is_another_request() -> None:
    """L8: each launch of each attempt has its own token, and so does its machine."""
    first, second = await frozen(), await frozen(token="f" * 64, launch=4)
    assert first["fleet"]["ClientToken"] != second["fleet"]["ClientToken"]
    assert first["fleet"]["TagSpecifications"] != second["fleet"]["TagSpecifications"]


async def test_the_token_of_the_callbacks_stands_in_user_data_alone() -> None:
    """S: whoever may list machines and tags cannot post callbacks."""
    secret = ORDER.callback_token
    request = await frozen()
    assert secret not in json.dumps(request)
    (config,) = request["fleet"]["LaunchTemplateConfigs"]
    data = config["LaunchTemplateSpecification"]["LaunchTemplateSpecificationUserData"]
    assert secret in base64.b64decode(data).decode()


async def test_machines_may_post_to_an_address_of_their_own() -> None:
    """Where they do not reach the one that everybody else uses."""
    request = await requests("http://10.0.0.5:8080/callback").freeze(ORDER, offer(SPOT))
    (config,) = json.loads(request)["fleet"]["LaunchTemplateConfigs"]
    data = config["LaunchTemplateSpecification"]["LaunchTemplateSpecificationUserData"]
    assert "CALLBACK_URL=http://10.0.0.5:8080/callback\n" in base64.b64decode(data).decode()


@pytest.mark.parametrize("missing", ["callback_url", "callback_token"])
async def test_a_machine_that_cannot_post_is_not_asked_for(missing: str) -> None:
    """It would be paid for until its boot time is over, five times."""
    with pytest.raises(OperationFailed, match="set callback_url") as failed:
        await frozen(SPOT, **{missing: ""})
    assert (failed.value.reason, failed.value.then) == ("configuration", "breaker")


async def test_the_image_is_looked_up_once_for_a_launch() -> None:
    """By architecture, and by whether there are graphics processors."""
    known = Known()
    wish = replace(SPOT, arch="arm64", types=("m7g.large",), gpus=1)
    await requests(known=known).freeze(ORDER, offer(wish))
    assert known.looked == ["image arm64 True"]


def test_the_order_of_keys_does_not_matter() -> None:
    """A version of Python or of this plugin with another order changes nothing (L6)."""
    fleet = fleet_of(ORDER, SPOT, SUBNETS, image=IMAGE, version=VERSION, data="AAAA")
    turned = dict(reversed(fleet.items()))
    assert rendered(turned, SUBNETS) == rendered(fleet, SUBNETS)
    assert " " not in rendered(fleet, SUBNETS)
