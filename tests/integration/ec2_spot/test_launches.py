"""Launches on the fake EC2: what is sent, what is refused, and what a repeat does."""

import asyncio
import json
import secrets
from collections.abc import Coroutine
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Instance
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.client import LAUNCHES, THREADS
from jobsched.plugins.ec2_spot.price import AT_LEAST
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing.ec2 import FakeEc2
from tests.integration.ec2_spot.clouds import SETTINGS, worker
from tests.unit.plugins.ec2_spot.orders import IMAGE, ORDER

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]


def order(**changed: Any) -> MachineOrder:
    """An order that nobody has made before."""
    return replace(ORDER, token=secrets.token_hex(32), **changed)


async def frozen(provider: Ec2SpotProvider, place: int = 0, **changed: Any) -> str:
    """The request of a new order's offer."""
    wanted = order(**changed)
    return await provider.freeze(wanted, (await provider.offers(wanted))[place])


async def launched(provider: Ec2SpotProvider, place: int = 0, **changed: Any) -> Instance:
    """A new machine."""
    status = await provider.provision(await frozen(provider, place, **changed))
    assert status.instance is not None
    return status.instance


async def refusal(work: Coroutine[Any, Any, object]) -> OperationFailed:
    """How a call is refused."""
    with pytest.raises(OperationFailed) as failed:
        await work
    return failed.value


async def test_a_machine_is_as_it_should_be(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """Its tags, its script, its metadata service, its end at power-off, and who reaches it."""
    instance = await launched(provider)
    machine = ec2.machine(instance.id)

    assert machine.market == "spot"
    assert machine.tags["jobsched:deployment"] == "test"
    assert machine.tags["jobsched:job"] == ORDER.job
    assert machine.settings["InstanceInitiatedShutdownBehavior"] == "terminate"
    assert machine.settings["MetadataOptions"]["HttpTokens"] == "required"
    assert machine.settings["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert machine.tags["jobsched:dies-at"] == "2026-11-25T15:30:10+00:00"
    assert "JOBSCHED_CALLBACK_TOKEN=token-of-this-launch\n" in machine.user_data
    (disk,) = ec2.volumes()
    assert disk.tags["jobsched:deployment"] == "test"
    assert instance.state["type"] in SETTINGS.instance_types
    assert instance.state["zone"] == machine.zone
    assert instance.price is not None
    assert (instance.price.per_hour, instance.price.at_least) == (Decimal(machine.price), AT_LEAST)
    await provider.terminate(instance)


async def test_a_job_costs_few_calls(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """Two calls of EC2 for a launch and its end; the look-ups are shared by all."""
    instances = [await launched(provider) for _ in range(3)]
    for instance in instances:
        assert (await provider.terminate(instance)).phase in {"going", "gone"}

    calls = ec2.calls
    assert (calls["CreateFleet"], calls["TerminateInstances"]) == (3, 3)
    assert calls["GetParameter"] == 1
    shared = calls.total() - 7
    # group, its rule, subnets, template: once; a price for each zone that machines came from
    assert shared <= 10, calls
    (first, *_) = ec2.requests("CreateFleet")
    assert first["TargetCapacitySpecification"]["TotalTargetCapacity"] == 1


async def test_spot_is_dry_and_on_demand_is_not(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """L9: the refusal names the pools; the next offer has a machine, at its own price."""
    ec2.switch(dry=["spot/*/*"])
    told = await refusal(launched(provider))
    assert (told.reason, told.effect, told.then) == ("no_capacity", "none", "next")
    assert "InsufficientInstanceCapacity (m6i.large in us-east-1a" in told.message

    instance = await launched(provider, 1)
    assert instance.state["market"] == ec2.machine(instance.id).market == "on-demand"
    # the best type of the configuration, not the cheapest
    assert instance.state["type"] == "m7i.large"
    assert instance.price is not None
    assert instance.price.per_hour == Decimal("0.1008")
    await provider.terminate(instance)


async def test_a_refused_token_is_used_up(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """L9: the same request has no machine later either, so the next launch has its own token."""
    ec2.switch(dry=["spot/*/*"])
    request = await frozen(provider)
    await refusal(provider.provision(request))
    ec2.switch(dry=[])
    told = await refusal(provider.provision(request))
    assert (told.effect, told.then) == ("none", "next")
    assert ec2.machines() == []


@pytest.mark.parametrize(
    ("switches", "reason", "then"),
    [
        ({"quota": {"spot": 0}}, "quota", "next"),
        ({"price": {"*/*": "9"}}, "no_capacity", "next"),
        ({"bad_images": [IMAGE]}, "configuration", "breaker"),
        ({"deny": ["ec2:RunInstances"]}, "configuration", "breaker"),
        ({"deny": ["ec2:CreateFleet"]}, "configuration", "breaker"),
        ({"fail": {"CreateFleet": "InvalidParameterValue"}}, "configuration", "breaker"),
    ],
)
async def test_definite_refusals(
    ec2: FakeEc2, tmp_path: Path, switches: dict[str, Any], reason: str, then: str
) -> None:
    """L9, L11: whether there is none here, or none for anybody until an operator has looked."""
    settings = replace(SETTINGS, max_price=Decimal("0.5"), image=IMAGE)
    with worker(tmp_path, settings) as provider:
        request = await frozen(provider)
        ec2.switch(**switches)
        told = await refusal(provider.provision(request))
    assert (told.reason, told.effect, told.then) == (reason, "none", then), told.message
    assert ec2.machines() == []


@pytest.mark.parametrize("types", [(), ("m7i.large", "m6i.large")])
@pytest.mark.parametrize(
    "asked",
    [
        {"options": {"instance_types": ["zz9.large"]}},
        {"options": {"instance_types": ["mac2.metal"]}},
        {"resources": {"vcpus": 1024}},
        {"resources": {"gpus": 64}},
    ],
)
async def test_a_job_asks_for_what_there_is_not(
    ec2: FakeEc2, tmp_path: Path, asked: dict[str, Any], types: tuple[str, ...]
) -> None:
    """L11: it fails alone, in both markets, and the next job has its machine."""
    with worker(tmp_path, replace(SETTINGS, instance_types=types)) as provider:
        for place in (0, 1):
            told = await refusal(launched(provider, place, **asked))
            assert (told.reason, told.then) == ("configuration", "fail"), told.message
        instance = await launched(provider)
        await provider.terminate(instance)
    assert ec2.alive() == []


@pytest.mark.parametrize(
    "switches",
    [
        {"lose_after": {"CreateFleet": 3}},
        {"lose_before": {"CreateFleet": 3}},
        {"throttle": {"CreateFleet": 3}},
        {"fail": {"CreateFleet": {"code": "InternalError", "times": 3}}},
    ],
)
async def test_what_the_sdk_does_not_outlast_is_sent_again(
    provider: Ec2SpotProvider, ec2: FakeEc2, switches: dict[str, Any]
) -> None:
    """Open whether it took effect; the repeat by another worker has one machine (L2, L3, L10)."""
    request = await frozen(provider)
    ec2.switch(**switches)
    told = await refusal(provider.provision(request))
    assert (told.effect, told.then) == ("unknown", "later"), told.message

    status = await provider.provision(request)
    assert status.instance is not None
    assert [one.id for one in ec2.machines()] == [status.instance.id]
    await provider.terminate(status.instance)


@pytest.mark.parametrize(
    ("switches", "then"),
    [
        ({"deny": ["ec2:CreateFleet", "ec2:DescribeInstances"]}, "breaker"),
        ({"fail": {"CreateFleet": "VcpuLimitExceeded"}}, "later"),
    ],
)
async def test_lost_and_then_refused(
    provider: Ec2SpotProvider, ec2: FakeEc2, switches: dict[str, Any], then: str
) -> None:
    """L2, L3: a repeat is refused, the first has a machine: it is in doubt, and found at last."""
    request = await frozen(provider)
    ec2.switch(lose_after={"CreateFleet": 3}, visible_after_seconds=3600)
    await refusal(provider.provision(request))
    (made,) = ec2.alive()

    ec2.switch(**switches)
    told = await refusal(provider.provision(request))
    assert (told.effect, told.then) == ("unknown", then), told.message

    ec2.switch(deny=[], fail={})
    ec2.advance(3601)
    status = await provider.provision(request)
    assert status.instance is not None
    assert [made] == [status.instance.id] == ec2.alive()
    await provider.terminate(status.instance)


async def test_lost_and_then_denied_but_seen(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """L2: no launch is allowed any more, and the machine of the first sending is taken."""
    request = await frozen(provider)
    ec2.switch(lose_after={"CreateFleet": 3})
    await refusal(provider.provision(request))
    ec2.switch(deny=["ec2:CreateFleet"])

    status = await provider.provision(request)
    assert status.instance is not None
    assert ec2.alive() == [status.instance.id]
    await provider.terminate(status.instance)


async def test_other_bytes_under_the_same_token(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """L6: EC2 refuses them; the machine of the first ones is found by its tag, and taken."""
    request = await frozen(provider)
    first = (await provider.provision(request)).instance
    changed = json.loads(request)
    changed["fleet"]["LaunchTemplateConfigs"][0]["Overrides"].reverse()

    second = (await provider.provision(json.dumps(changed))).instance
    assert first is not None
    assert second is not None
    assert first.id == second.id
    assert len(ec2.machines()) == 1
    await provider.terminate(first)


async def test_a_machine_that_vanished_is_unknown_for_a_while(
    provider: Ec2SpotProvider, ec2: FakeEc2
) -> None:
    """T: EC2 does not know the id: it may be too new to be shown, or gone for an hour."""
    instance = await launched(provider)
    ec2.switch(vanish_after_seconds=0)
    ec2.end(instance.id)
    assert (await provider.terminate(instance)).phase == "unknown"
    assert await provider.find(ORDER.token) is None


async def test_two_workers_begin_a_deployment(ec2: FakeEc2, tmp_path: Path) -> None:
    """Both make the group and the template at one time, and both have a machine in the end."""
    with worker(tmp_path) as one, worker(tmp_path) as other:
        instances = await asyncio.gather(launched(one), launched(other))
        assert len({instance.id for instance in instances}) == 2
        for instance in instances:
            await one.terminate(instance)
    assert ec2.alive() == []


async def test_another_worker_has_just_made_the_template(ec2: FakeEc2, tmp_path: Path) -> None:
    """EC2 does not show it to the second worker's call yet: later, and nobody is halted."""
    with worker(tmp_path) as one, worker(tmp_path) as other:
        await frozen(one)
        request = await frozen(other)
        assert ec2.calls["CreateLaunchTemplate"] == 1
        ec2.switch(fail={"CreateFleet": {"code": "InvalidLaunchTemplateId.NotFound", "times": 1}})
        told = await refusal(other.provision(request))
        assert (told.reason, told.effect, told.then) == ("not_shown_yet", "none", "later")

        status = await other.provision(request)
        assert status.instance is not None
        await other.terminate(status.instance)


async def test_pools_do_not_see_the_group_that_was_just_made(
    provider: Ec2SpotProvider, ec2: FakeEc2, aws_clients: dict[str, Any]
) -> None:
    """Each pool says that there is no such group: the next launch has another token, and works."""
    request = await frozen(provider)
    (group,) = aws_clients["ec2"].describe_security_groups(
        Filters=[{"Name": "group-name", "Values": ["jobsched-test"]}]
    )["SecurityGroups"]
    aws_clients["ec2"].delete_security_group(GroupId=group["GroupId"])
    told = await refusal(provider.provision(request))
    assert (told.reason, told.effect, told.then) == ("not_shown_yet", "none", "next"), told.message

    instance = await launched(provider)
    assert ec2.alive() == [instance.id]
    await provider.terminate(instance)


async def test_ec2_chooses_by_what_a_job_needs(ec2: FakeEc2, tmp_path: Path) -> None:
    """Without types: the cheapest machine that has enough, of the architecture that is asked."""
    with worker(tmp_path, replace(SETTINGS, instance_types=())) as provider:
        for resources, name in (
            ({"vcpus": 4, "memory_mib": 16000, "arch": "arm64"}, "m7g.xlarge"),
            ({"gpus": 1}, "g4dn.xlarge"),
        ):
            instance = await launched(provider, resources=resources)
            assert ec2.machine(instance.id).type == instance.state["type"] == name
            await provider.terminate(instance)


async def test_a_bound_of_the_job(provider: Ec2SpotProvider, ec2: FakeEc2) -> None:
    """`max_price` of the job keeps its spot machine below it."""
    ec2.switch(price={"m7i.large/*": "0.06", "m6i.large/*": "0.04"})
    instance = await launched(provider, options={"max_price": 0.05})
    assert ec2.machine(instance.id).type == "m6i.large"
    await provider.terminate(instance)
    told = await refusal(launched(provider, options={"max_price": 0.03}))
    assert "SpotMaxPriceTooLow" in told.message


async def test_nothing_says_who_reaches_the_machines(ec2: FakeEc2, tmp_path: Path) -> None:
    """A sentence for the operator at the first use, and nothing is made."""
    with worker(tmp_path, replace(SETTINGS, worker_source=())) as provider:
        told = await refusal(frozen(provider))
    assert (told.reason, told.then) == ("configuration", "breaker")
    assert ec2.calls["CreateSecurityGroup"] == 0


async def test_ec2_is_reached_as_an_operator_says(
    running_ec2: FakeEc2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The endpoint's URL is configured, and the keys have the seed document's names."""
    running_ec2.reset()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY", running_ec2.environment["AWS_ACCESS_KEY_ID"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
    with worker(tmp_path, replace(SETTINGS, endpoint_url=running_ec2.url)) as provider:
        instance = await launched(provider)
        assert running_ec2.alive() == [instance.id]
        await provider.terminate(instance)
    assert running_ec2.alive() == []


async def test_keys_come_back(
    running_ec2: FakeEc2, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """L11: while a role gives no keys it is tried later, and works as soon as it gives some."""
    running_ec2.reset()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    with worker(tmp_path, replace(SETTINGS, endpoint_url=running_ec2.url)) as provider:
        told = await refusal(provider.find(ORDER.token))
        assert (told.reason, told.effect, told.then) == ("credentials", "none", "later")

        monkeypatch.setenv("AWS_ACCESS_KEY_ID", running_ec2.environment["AWS_ACCESS_KEY_ID"])
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made-up")
        assert await provider.find(ORDER.token) is None


async def test_launches_that_hang_hold_up_nothing_else(
    provider: Ec2SpotProvider, ec2: FakeEc2
) -> None:
    """L3: more of them than there are threads; machines are seen and ended all the same."""
    machine = await launched(provider)
    requests = [await frozen(provider) for _ in range(THREADS + LAUNCHES)]
    ec2.switch(hang={"CreateFleet": -1})
    hanging = [asyncio.create_task(provider.provision(request)) for request in requests]
    async with asyncio.timeout(10):
        while ec2.calls["CreateFleet"] < 1 + LAUNCHES:
            await asyncio.sleep(0.05)
        await provider.describe_all({})
        await provider.terminate(machine)

    ec2.switch(hang={})
    for status in await asyncio.gather(*hanging):
        assert status.instance is not None
        await provider.terminate(status.instance)
