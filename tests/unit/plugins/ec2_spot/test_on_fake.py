"""Whole lives of machines on the fake EC2: seen, priced, ended, cleaned up, and allowed to be."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import boto3
import pytest

from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.domain.job import Instance
from jobsched.engine.parts import Parts
from jobsched.engine.reap import reap
from jobsched.engine.turn import Turn
from jobsched.hooks.registry import Registry
from jobsched.plugins.ec2_spot import client
from jobsched.plugins.ec2_spot.policy import document
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.plugins.ec2_spot.settings import Settings
from jobsched.secrets import ConfiguredSecrets
from jobsched.store.memory import MemoryStore
from jobsched.testing.clock import FakeClock
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.services import LentServices
from tests.unit.plugins.ec2_spot.called import operations
from tests.unit.plugins.ec2_spot.iam import actions_of, allows
from tests.unit.plugins.ec2_spot.orders import ORDER
from tests.unit.plugins.lent import KeptLog

pytestmark = [pytest.mark.slow, pytest.mark.timeout(120)]

MINUTES = 60.0
SETTINGS = Settings(
    region="us-east-1",
    worker_source=("10.0.0.0/8",),
    instance_types=("m7i.large",),
    callback_url="http://127.0.0.1:9/callback",
)
ACCOUNT = "123456789012"
POLICY = document(deployment="test", region="us-east-1", account=ACCOUNT)
TAG = "jobsched:deployment"


class World:
    """The fake EC2, and the providers that a test makes over it; one time for all of them."""

    def __init__(self, ec2: FakeEc2, folder: Path, clients: dict[str, Any]) -> None:
        self.ec2 = ec2
        self.clients = clients
        self.log = KeptLog()
        self.clock = FakeClock()
        self.services = LentServices(data_dir=folder, log=self.log, clock=self.clock)
        self.provider = self.made(SETTINGS)

    def made(self, settings: Settings) -> Ec2SpotProvider:
        """A provider with these settings."""
        return Ec2SpotProvider(self.services, settings)

    def advance(self, seconds: float) -> None:
        """Let time pass, here and at EC2."""
        self.ec2.advance(seconds)
        self.clock.advance(seconds)

    async def launched(
        self, provider: Ec2SpotProvider | None = None, *, offer: int = 0, token: str = ORDER.token
    ) -> Instance:
        """A machine."""
        provider, order = provider or self.provider, replace(ORDER, token=token)
        offers = await provider.offers(order)
        status = await provider.provision(await provider.freeze(order, offers[offer]))
        assert status.instance is not None
        return status.instance

    async def parts(self) -> Parts:
        """What a worker has whose store is empty."""
        store = MemoryStore(self.clock.now, deployment="test")
        await store.stamp("")
        loaded: dict[str, Provider] = {"ec2_spot": self.provider}
        registry = Registry(
            providers=loaded, runners={}, planners={}, log_stores={}, actions={}, defaults={}
        )
        secrets = ConfiguredSecrets(deployment_secret="s")
        return Parts(
            store=store, registry=registry, services=self.services, secrets=secrets, worker="w"
        )

    async def reaped(self, parts: Parts) -> None:
        """Make a pass of the reaper."""
        turn = Turn(parts, "reap:ec2_spot", timedelta(seconds=60))
        assert await turn.take()
        await reap(parts, self.provider, turn)

    async def seen(self, token: str = ORDER.token) -> InstanceStatus:
        """How the machine of a launch stands."""
        return (await self.provider.describe_all({}))[token]

    async def ended(self, machine: Instance) -> None:
        """Give a machine back, until it is gone."""
        while (await self.provider.terminate(machine)).phase != "gone":
            self.advance(5)


@pytest.fixture(scope="module")
def clients(running_ec2: FakeEc2) -> dict[str, Any]:
    """Clients of the fake EC2, which take long to be made."""
    keys = running_ec2.environment
    session: Any = boto3.session.Session(
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        region_name=running_ec2.region,
    )
    return {
        name: session.client(name, endpoint_url=running_ec2.url, config=client.CONFIG)
        for name in ("ec2", "pricing", "ssm")
    }


@pytest.fixture
def world(
    running_ec2: FakeEc2,
    clients: dict[str, Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    """A world without a machine; at its end none runs."""
    running_ec2.reset()

    def shared(_: client.Aws, service: str) -> Any:
        return clients[service]

    monkeypatch.setattr(client.Aws, "_client", shared)
    one = World(running_ec2, tmp_path, clients)
    # the fake's clock begins with this machine's
    one.clock.set(datetime.now(UTC))
    yield one
    one.services.spawn.end()
    assert running_ec2.alive() == []


async def test_a_life(world: World) -> None:
    """A machine is pending, running, going and gone; each time what is kept of it is true."""
    world.ec2.switch(pending_seconds=30, shutting_down_seconds=30, price={"*/*": "0.0312"})
    machine = await world.launched()
    assert machine.price is not None
    assert machine.price.per_hour == Decimal("0.0312")
    assert (await world.seen()).phase == "pending"

    world.advance(31)
    running = await world.seen()
    true = world.ec2.machine(machine.id)
    assert (running.phase, running.ready) == ("running", False)
    assert running.instance is not None
    assert running.access is not None
    assert running.access.address == true.ip_address == running.instance.state["ip_address"]
    assert running.instance.state["type"] == true.type
    assert running.instance.state["zone"] == true.zone == machine.state["zone"]
    assert running.instance.state["market"] == "spot"
    assert world.provider.status(running.instance)["instance_type"] == true.type

    assert (await world.provider.terminate(machine)).phase == "going"
    assert (await world.seen()).phase == "going"
    world.advance(31)
    over = await world.seen()
    assert (over.phase, over.interrupted) == ("gone", False)
    assert (await world.provider.terminate(machine)).phase == "gone"
    assert world.log.entries == [] or "machine.ended" not in world.log.warnings()


async def test_a_machine_is_hidden_at_first(world: World) -> None:
    """B1, T2: while EC2 hides a fresh machine, its end is not believed, and it ends at last."""
    world.ec2.switch(visible_after_seconds=120)
    machine = await world.launched()
    assert await world.provider.find(ORDER.token) is None
    assert (await world.provider.terminate(machine)).phase == "unknown"
    assert world.ec2.alive() == [machine.id]

    world.advance(121)
    await world.ended(machine)


async def test_a_machine_vanishes_an_hour_later(world: World) -> None:
    """T6: what EC2 has forgotten, an hour after its end, is gone."""
    machine = await world.launched()
    await world.ended(machine)
    world.advance(61 * MINUTES)

    assert await world.provider.find(ORDER.token) is None
    assert await world.provider.describe_all({}) == {}
    assert (await world.provider.terminate(machine)).phase == "gone"


async def test_an_interruption_is_seen(world: World) -> None:
    """B3: a spot machine that AWS takes back is told apart from one that was given back."""
    machine = await world.launched()
    world.ec2.interrupt(machine.id)

    status = await world.seen()
    assert status.interrupted
    assert world.log.warnings() == ["machine.ended"]
    await world.ended(machine)


@pytest.mark.parametrize(
    ("code", "refusal"),
    [
        ("Server.InsufficientInstanceCapacity", ("no_capacity", "next")),
        ("Client.VolumeLimitExceeded", ("quota", "next")),
        ("Client.InvalidSnapshot.NotFound", ("configuration", "breaker")),
        # nobody can tell what follows from it: a machine was lost
        ("Server.InternalError", None),
        ("Client.InternalError", None),
    ],
)
async def test_a_stillborn_machine_is_gone(
    world: World, code: str, refusal: tuple[str, str] | None
) -> None:
    """A machine that is terminated at its launch is gone; EC2's reason says what follows (L13)."""
    world.ec2.switch(stillborn={"spot/*/*": code})
    machine = await world.launched()

    status = await world.seen()
    assert (status.phase, status.interrupted) == ("gone", False)
    assert status.instance is not None
    assert (status.instance.id, status.instance.state["reason"]) == (machine.id, code)
    told = status.refusal
    assert (told and (told.reason, told.then)) == refusal
    assert told is None or told.message.startswith(code.partition(".")[2])
    assert [
        fields["code"] for _, event, fields in world.log.entries if event == "machine.ended"
    ] == [code]


async def test_all_pages_are_read(world: World) -> None:
    """R6: machines on later pages are seen too, and those of another deployment are not."""
    stranger = Ec2SpotProvider(replace(world.services, deployment="other"), SETTINGS)
    order = replace(ORDER, deployment="other", token="f" * 64)
    frozen = await stranger.freeze(order, (await stranger.offers(order))[0])
    foreign = (await stranger.provision(frozen)).instance
    assert foreign is not None
    machines = [await world.launched(token=f"{no}" * 64) for no in range(5)]
    world.ec2.switch(page_size=2)

    found = await world.provider.describe_all({})
    assert {one.instance and one.instance.id for one in found.values()} == {
        one.id for one in machines
    }
    for one in [*machines, foreign]:
        await world.ended(one)


async def test_what_is_owned_is_listed_with_its_marks_and_its_cost(world: World) -> None:
    """Until it has ended; another deployment's machine in the same account is not (R3)."""
    world.ec2.switch(shutting_down_seconds=30, price={"*/*": "0.0312"})
    neighbour = replace(world.services, deployment="neighbour")
    other = Ec2SpotProvider(neighbour, SETTINGS)
    order = replace(ORDER, deployment="neighbour", token="e" * 64)
    theirs = await other.provision(await other.freeze(order, (await other.offers(order))[0]))
    assert theirs.instance is not None
    machine = await world.launched()

    [found] = await world.provider.owned()
    assert (found.instance.id, found.token) == (machine.id, ORDER.token)
    assert (found.job, found.attempt, found.dies_at) == (ORDER.job, ORDER.attempt, ORDER.dies_at)
    assert found.usd_per_hour == Decimal("0.0312")
    assert found.launched_at is not None
    assert abs(found.launched_at - world.clock.now()) < timedelta(seconds=5)

    await world.provider.terminate(found.instance)
    assert [one.phase for one in await world.provider.owned()] == ["going"]
    await world.ended(machine)
    assert await world.provider.owned() == []
    assert [one.instance.id for one in await other.owned()] == [theirs.instance.id]
    await world.ended(theirs.instance)


async def test_left_disks_are_deleted(world: World) -> None:
    """A disk that its machine left is deleted once it is old enough; one in use never (T8)."""
    world.ec2.switch(leave_volumes=True)
    gone, kept = await world.launched(), await world.launched(token="a" * 64)
    await world.ended(gone)
    left = [one.id for one in world.ec2.volumes() if one.state == "available"]
    assert len(left) == 1
    assert await world.provider.remove_leftovers() == []

    world.advance(11 * MINUTES)
    [words] = await world.provider.remove_leftovers()
    assert left[0] in words
    assert [one.machine for one in world.ec2.volumes()] == [kept.id]
    world.ec2.switch(leave_volumes=False)
    await world.ended(kept)


async def test_the_reaper_ends_our_orphans_and_no_neighbours(world: World) -> None:
    """Two deployments in one account, both with empty stores: each ends its own machines (R3)."""
    neighbour = replace(world.services, deployment="neighbour")
    other = Ec2SpotProvider(neighbour, SETTINGS)
    order = replace(ORDER, deployment="neighbour", token="e" * 64)
    theirs = await other.provision(await other.freeze(order, (await other.offers(order))[0]))
    assert theirs.instance is not None
    # the same machine twice, as a broken promise of EC2's would give
    ours = [await world.launched(token=token) for token in (ORDER.token, "a" * 64)]
    parts = await world.parts()
    for _ in range(4):
        world.advance(60)
        await world.reaped(parts)
    assert world.ec2.alive() == [theirs.instance.id]
    told = [fields["instance"] for _, event, fields in world.log.entries if event == "orphan.ended"]
    assert sorted(told) == sorted(machine.id for machine in ours)
    await world.ended(theirs.instance)


async def test_the_reaper_asks_again_whom_ec2_protects(world: World) -> None:
    """Refused for ten minutes it is an alarm; once it may end, it does, and all is clear (T5)."""
    machine = await world.launched()
    protection = {"InstanceId": machine.id, "DisableApiTermination": {"Value": True}}
    world.clients["ec2"].modify_instance_attribute(**protection)
    parts = await world.parts()
    for _ in range(14):
        world.advance(60)
        await world.reaped(parts)
    sentence = (await parts.store.alarms())["reap:ec2_spot"].sentence
    assert machine.id in sentence
    assert world.ec2.alive() == [machine.id]
    protection["DisableApiTermination"] = {"Value": False}
    world.clients["ec2"].modify_instance_attribute(**protection)
    for _ in range(2):
        world.advance(60)
        await world.reaped(parts)
    assert world.ec2.alive() == []
    assert await parts.store.alarms() == {}


async def test_each_call_of_a_life_is_allowed(world: World) -> None:
    """34: under the policy whole lives go through, and it allows nothing that they do not use."""
    world.ec2.switch(leave_volumes=True)
    changed = replace(SETTINGS, worker_source=("10.1.0.0/16",), disk_gib=40)
    machines = [
        await world.launched(),
        await world.launched(world.made(changed), offer=1, token="a" * 64),
    ]
    await world.seen()
    for one in machines:
        await world.ended(one)
    world.advance(11 * MINUTES)
    tags = {one.id: one.tags for one in world.ec2.volumes()}
    await world.provider.remove_leftovers()
    tags |= {one.id: one.tags for one in world.ec2.machines()}

    service_of = {operation: service for service, operation in operations()}
    used = {f"{service_of[one]}:{one}" for one in world.ec2.calls}
    for action in used:
        for asked in requests_of(world.ec2, action.partition(":")[2]):
            for implied, resource, context in needed(action, asked, tags):
                assert allows(POLICY, implied, resource, context), (implied, resource, context)
    # what only the doctor looks at is no part of a life
    wanted = [one for one in POLICY["Statement"] if not one["Sid"].startswith("Examine")]
    assert used | {"ec2:CreateTags", "ec2:RunInstances"} == set(actions_of({"Statement": wanted}))


def requests_of(ec2: FakeEc2, operation: str) -> list[dict[str, Any]]:
    """What was asked by each call; a description has no resource, so nothing of it matters."""
    return [{}] if operation.startswith("Describe") else ec2.requests(operation)


def needed(
    action: str, asked: Mapping[str, Any], tags: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What IAM is asked for a call: action, resource and context."""
    here = {"aws:RequestedRegion": "us-east-1"}
    ours = {f"aws:ResourceTag/{TAG}": "test"}
    match action:
        case "ec2:CreateFleet":
            template = {**here, **ours}
            for one in (action, "ec2:RunInstances"):
                yield one, arn("launch-template"), template
                yield one, arn("subnet"), here
                yield one, arn("volume"), {**here, **in_request("test")}
            yield from made(action, asked, also="ec2:RunInstances")
        case "ec2:CreateLaunchTemplate" | "ec2:CreateSecurityGroup":
            yield from made(action, asked)
        case "ec2:TerminateInstances" | "ec2:DeleteVolume":
            ids = asked.get("InstanceIds") or [asked["VolumeId"]]
            for one in ids:
                kind = "volume" if one.startswith("vol-") else "instance"
                context = {**here, f"aws:ResourceTag/{TAG}": tags[one].get(TAG, "")}
                yield action, arn(kind, one), context
        case "ec2:CreateLaunchTemplateVersion":
            yield action, arn("launch-template"), {**here, **ours}
        case "ec2:AuthorizeSecurityGroupIngress" | "ec2:RevokeSecurityGroupIngress":
            yield action, arn("security-group"), {**here, **ours}
        case "ssm:GetParameter":
            yield action, f"arn:aws:ssm:us-east-1::parameter{asked['Name']}", here
        case _:
            yield action, "*", here


def made(
    action: str, asked: Mapping[str, Any], also: str = ""
) -> Iterator[tuple[str, str, dict[str, str]]]:
    """What IAM is asked for each thing that a call makes with tags."""
    assert asked["TagSpecifications"], "what is made has tags from the start"
    for one in asked["TagSpecifications"]:
        given = {tag["Key"]: tag["Value"] for tag in one["Tags"]}
        context = in_request(given.get(TAG, ""))
        for by in filter(None, (action, also)):
            yield by, arn(one["ResourceType"]), context
        create = {**context, "ec2:CreateAction": action.partition(":")[2]}
        yield "ec2:CreateTags", arn(one["ResourceType"]), create


def in_request(deployment: str) -> dict[str, str]:
    """The context of a request that makes something with a deployment's tag."""
    return {f"aws:RequestTag/{TAG}": deployment}


def arn(kind: str, of: str = "*") -> str:
    """The name of a resource of EC2."""
    return f"arn:aws:ec2:us-east-1:{ACCOUNT}:{kind}/{of}"
