"""Launches of the model: offers, tokens, refusals, and what a repeat may conclude."""

import json

import pytest

from jobsched.domain.job import Offer
from jobsched.testing.ec2 import tokens
from jobsched.testing.model_ec2 import ec2
from jobsched.testing.model_ec2.request import OFFERS, fleet_of
from tests.unit.testing.model_ec2.asking import ON_DEMAND, Scene, failure, token, virtual


@virtual
async def test_spot_is_offered_in_three_zones_and_then_on_demand() -> None:
    """Best first."""
    scene = Scene()
    offers = await scene.provider.offers(scene.order())
    assert [one.state["market"] for one in offers] == ["spot", "spot", "spot", "on-demand"]
    assert len({one.state["subnet"] for one in offers[:3]}) == 3


@virtual
async def test_a_request_names_launch_and_pool() -> None:
    """All that the machine's marks need stands in it."""
    scene = Scene()
    request = await scene.frozen()
    assert request == await scene.frozen()
    # a store may give the keys back in another order
    turned = Offer(label="turned", state=dict(reversed(OFFERS[0].state.items())))
    assert request == await scene.provider.freeze(scene.order(), turned)
    assert json.loads(request) == {
        "token": token(),
        "deployment": "simulated",
        "job": "job1",
        "attempt": 1,
        "launch": 1,
        "dies_at": "2026-01-01T02:00:00+00:00",
        "pool": {"market": "spot", "type": "m7i.large", "subnet": "subnet-a"},
    }


@pytest.mark.parametrize(
    ("offer", "market", "price"), [(0, "spot", "0.035"), (ON_DEMAND, "on-demand", "0.1008")]
)
@virtual
async def test_a_machine_is_of_its_pool(offer: int, market: str, price: str) -> None:
    """Market, type, zone and price are those of the offer, and the body carries its id."""
    scene = Scene()
    instance = await scene.launched(offer=offer)
    wanted = {"type": "m7i.large", "zone": "us-east-1a", "market": market, "state": "pending"}
    assert {key: instance.state[key] for key in wanted} == wanted
    assert instance.price
    assert str(instance.price.per_hour) == price
    ((body, order),) = scene.launches
    assert (body.id, body.token, body.order) == (instance.id, token(), order)
    assert (order["job"], order["attempt"], order["launch"]) == ("job1", 1, 1)


@virtual
async def test_ids_are_the_same_in_each_world() -> None:
    """They are counted, not drawn."""
    first, second = Scene(), Scene()
    assert (await first.launched()).id == (await second.launched()).id
    assert (await first.launched(2)).id != (await first.launched(3)).id
    seen = await first.provider.describe_all({})
    assert len({one.instance.state["ip_address"] for one in seen.values() if one.instance}) == 3


@virtual
async def test_a_token_gives_one_machine() -> None:
    """Whoever sends the request again, and while it lives, gets the same one."""
    scene = Scene()
    request = await scene.frozen()
    first = await scene.provider.provision(request)
    for provider in (scene.provider, scene.another):
        again = await provider.provision(request)
        assert again.instance
        assert first.instance
        assert again.instance.id == first.instance.id
    assert len(scene.launches) == len(scene.world.machines) == 1


@virtual
async def test_a_token_with_other_parameters_is_looked_for() -> None:
    """What it made is found by its tag, whichever worker sends it."""
    scene = Scene()
    first = await scene.launched()
    other = await scene.frozen(offer=1)
    found = await scene.provider.provision(other)
    assert found.instance
    assert (found.phase, found.instance.id) == ("pending", first.id)
    assert len(scene.world.machines) == 1


@virtual
async def test_a_token_with_other_parameters_is_in_doubt_while_nothing_is_seen() -> None:
    """The machine may be there and not be shown yet."""
    scene = Scene(machine_shown_late=1)
    await scene.launched()
    other = await scene.frozen(offer=1)
    call = scene.provider.provision(other)
    assert await failure(call) == ("token_mismatch", "unknown", "later")


@virtual
async def test_no_capacity_is_a_definite_refusal() -> None:
    """The next offer may do; the token is used up, also for a repeat of another worker."""
    scene = Scene(no_capacity=1)
    request = await scene.frozen()
    for provider in (scene.provider, scene.another):
        assert await failure(provider.provision(request)) == ("no_capacity", "none", "next")
    assert scene.world.machines == {}
    assert (await scene.launched(2)).id in scene.world.machines.on


@virtual
async def test_a_quota_is_a_definite_refusal() -> None:
    """So it is for whatever market."""
    for offer in (0, ON_DEMAND):
        scene = Scene(quota_reached=1)
        request = await scene.frozen(offer=offer)
        assert await failure(scene.provider.provision(request)) == ("quota", "none", "next")


@virtual
async def test_a_dry_pool_leaves_the_others() -> None:
    """A switch of the fake takes a zone away for as long as it is set."""
    scene = Scene()
    scene.ec2.cloud.switches.dry = ["spot/*/us-east-1a"]
    request = await scene.frozen()
    assert await failure(scene.provider.provision(request)) == ("no_capacity", "none", "next")
    assert (await scene.launched(2, offer=1)).state["zone"] == "us-east-1b"


@virtual
async def test_a_repeat_that_fails_says_nothing_of_the_first_time() -> None:
    """Throttled the first time nothing happened; the next time nobody knows."""
    scene = Scene(launch_throttled=2)
    request = await scene.frozen()
    assert await failure(scene.provider.provision(request)) == ("throttled", "none", "later")
    assert await failure(scene.provider.provision(request)) == ("throttled", "unknown", "later")
    assert (await scene.provider.provision(request)).phase == "pending"


@virtual
async def test_a_repeat_that_is_throttled_does_not_look() -> None:
    """It is sent again: a look would fare no better now."""
    scene = Scene()
    request = await scene.frozen()
    await scene.provider.provision(request)
    scene.told.left["launch throttled"] = 1
    assert await failure(scene.provider.provision(request)) == ("throttled", "unknown", "later")


@virtual
async def test_another_worker_cannot_know_that_it_is_the_first() -> None:
    """A request that it has not frozen may have been sent by who has."""
    scene = Scene(launch_throttled=1)
    request = await scene.frozen()
    assert await failure(scene.another.provision(request)) == ("throttled", "unknown", "later")


@virtual
async def test_a_refused_repeat_finds_the_machine_by_its_tag() -> None:
    """However the error reads, the machine is there."""
    scene = Scene()
    request = await scene.frozen()
    await scene.provider.provision(request)
    scene.ec2.cloud.switches.fail = {"CreateFleet": "UnauthorizedOperation"}
    assert (await scene.provider.provision(request)).phase == "pending"


@virtual
async def test_a_repeat_does_not_trust_a_machine_that_is_not_shown() -> None:
    """It may be too new, or too long gone."""
    scene = Scene(machine_shown_late=1)
    request = await scene.frozen()
    assert (await scene.provider.provision(request)).phase == "pending"
    assert (await scene.provider.provision(request)).phase == "unknown"
    await scene.world.clock.sleep(10)
    assert (await scene.provider.provision(request)).phase == "running"


@virtual
async def test_the_token_of_a_dead_machine_gives_no_new_one() -> None:
    """EC2 names the dead one, or says that it is dead: a definite refusal."""
    scene = Scene()
    request = await scene.frozen()
    status = await scene.provider.provision(request)
    assert status.instance
    await scene.provider.terminate(status.instance)
    await scene.world.clock.sleep(60)
    assert (await scene.provider.provision(request)).phase == "gone"
    scene.told.left["dead token refused"] = 1
    assert await failure(scene.provider.provision(request)) == ("no_capacity", "none", "next")
    assert len(scene.world.machines) == 1


@virtual
async def test_a_spot_machine_is_taken_back_before_it_is_named() -> None:
    """Nobody heard of it, and whoever asks again is told that it is going, and gone."""
    scene = Scene(launch_answer_lost=1, spot_taken_back_before_it_is_named=1)
    request = await scene.frozen()
    assert await failure(scene.provider.provision(request)) == ("no_answer", "unknown", "later")
    assert (await scene.provider.provision(request)).phase == "going"
    await scene.world.clock.sleep(10)
    again = await scene.provider.provision(request)
    assert (again.phase, again.interrupted) == ("gone", True)
    assert len(scene.world.machines) == 1


@virtual
async def test_the_token_of_a_refused_fleet_is_not_dead() -> None:
    """It never had a machine, and says the same each time."""
    scene = Scene(no_capacity=1, dead_token_refused=1)
    request = await scene.frozen()
    for _ in range(2):
        assert await failure(scene.provider.provision(request)) == ("no_capacity", "none", "next")
    assert scene.told.left["dead token refused"] == 1


@virtual
async def test_the_token_of_a_vanished_machine_gives_no_new_one() -> None:
    """Nobody can say whether it is too new or too long gone."""
    scene = Scene(machine_vanishes_at_its_end=1)
    request = await scene.frozen()
    status = await scene.provider.provision(request)
    assert status.instance
    await scene.provider.terminate(status.instance)
    await scene.world.clock.sleep(60)
    assert (await scene.provider.provision(request)).phase == "unknown"
    assert len(scene.world.machines) == 1


@pytest.mark.parametrize(("most", "reason"), [(0.0, "no_capacity"), (1.0, None)])
@virtual
async def test_a_stillborn_machine_never_came_up(most: float, reason: str | None) -> None:
    """It is answered as any other, and described as ended, with the reason of a refusal or not."""
    scene = Scene(machine_stillborn=1)
    scene.told.most = most
    instance = await scene.launched()
    assert instance.state["state"] == "pending"
    assert scene.launches == []
    assert scene.world.alive() == []
    await scene.world.clock.sleep(20)
    seen = await scene.seen()
    assert seen
    assert (seen.phase, seen.refusal and seen.refusal.reason) == ("gone", reason)


@virtual
async def test_two_machines_of_one_launch_are_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sends two client tokens for one launch has two; the core's own is described."""
    scene = Scene()
    tokens_sent = iter("ab")
    monkeypatch.setattr(
        ec2, "fleet_of", lambda written: fleet_of(written) | {"ClientToken": next(tokens_sent)}
    )
    request = await scene.frozen()
    first = await scene.provider.provision(request)
    await scene.provider.provision(request)
    one, other = await scene.provider.owned()
    assert (one.token, other.token) == (token(), token())
    assert one.instance.id != other.instance.id
    assert len(scene.world.alive()) == len(scene.launches) == 2
    for known in (one, other):
        seen = await scene.provider.describe_all({token(): known.instance})
        assert seen[token()].instance == known.instance
    assert first.instance
    await scene.provider.terminate(first.instance)
    found = await scene.provider.find(token())
    assert found
    assert found.instance
    assert found.instance.id == other.instance.id
    await scene.world.clock.sleep(4000)
    await scene.provider.owned()
    assert (await scene.provider.find(token())) is not None


@virtual
async def test_the_rule_of_tokens_is_the_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken in the fake, it is broken in the model: there is one source."""
    monkeypatch.setattr(tokens, "once", lambda _cloud, _operation, _asked, launch: launch()[0])
    scene = Scene()
    request = await scene.frozen()
    await scene.provider.provision(request)
    await scene.provider.provision(request)
    assert len(scene.ec2.all()) == 2
