"""A machine's life in the model: shown late, ended by whomever, its body with it, and its disk."""

import pytest

from jobsched.domain.job import Instance
from jobsched.testing.fakes import FakeMachine
from tests.unit.testing.model_ec2.asking import ON_DEMAND, Scene, failure, token, virtual


@virtual
async def test_a_machine_is_pending_and_then_runs() -> None:
    """It is reached from the begin, and does not say that it is ready where machines say so."""
    scene = Scene()
    scene.world.says_ready = True
    await scene.launched()
    assert await scene.phase() == "pending"
    await scene.world.clock.sleep(10)
    seen = await scene.seen()
    assert seen
    assert seen.access
    assert seen.instance
    assert (seen.phase, seen.ready) == ("running", False)
    assert seen.access.host_id == seen.instance.id


@virtual
async def test_a_provider_can_tell_that_a_machine_is_ready() -> None:
    """As soon as it has booted, in a world whose machines do not say so themselves."""
    scene = Scene()
    await scene.launched()
    for ready in (False, True):
        seen = await scene.seen()
        assert seen
        assert seen.ready is ready
        await scene.world.clock.sleep(scene.world.boot)


@pytest.mark.parametrize(
    ("fault", "most", "seconds"),
    [
        ("machine shown late", 0.0, 5),
        ("machine shown late", 1.0, 30),
        ("machine shown very late", 0.0, 60),
        ("machine shown very late", 1.0, 540),
    ],
)
@virtual
async def test_a_machine_is_shown_late(fault: str, most: float, seconds: float) -> None:
    """Nobody finds it, nor can anybody end it; then everybody can."""
    scene = Scene()
    scene.told.left[fault] = 1
    scene.told.most = most
    instance = await scene.launched()
    (body,) = scene.world.alive()
    shown_at = scene.ec2.cloud.machines[body.id].launched_at + seconds
    await scene.world.clock.sleep(shown_at - scene.now - 3.5)
    assert await scene.provider.find(token()) is None
    assert await scene.seen() is None
    assert (await scene.provider.terminate(instance)).phase == "unknown"
    assert body.phase != "gone"
    await scene.world.clock.sleep(3)
    assert await scene.provider.find(token())
    assert (await scene.provider.terminate(instance)).phase == "going"


@virtual
async def test_a_machine_is_going_and_then_gone() -> None:
    """Its body is on until EC2 says that it has ended, and not a moment longer."""
    scene = Scene()
    body = await scene.body()
    instance = await scene.launched()
    assert (await scene.provider.terminate(instance)).phase == "going"
    assert body.phase != "gone"
    (owned,) = await scene.provider.owned()
    assert owned.phase == "going"
    at = scene.ec2.cloud.machines[body.id].terminated_at
    assert await scene.ended(body) == pytest.approx(at)
    seen = await scene.seen()
    assert seen
    assert (seen.phase, seen.interrupted, seen.refusal) == ("gone", False, None)
    assert seen.access is None
    assert list(await scene.provider.owned()) == []
    assert (await scene.provider.terminate(instance)).phase == "gone"


@pytest.mark.parametrize(("most", "seconds"), [(0.0, 20), (1.0, 90)])
@virtual
async def test_a_machine_ends_slowly(most: float, seconds: float) -> None:
    """For a minute and a half, at the most."""
    scene = Scene(machine_ends_slowly=1)
    scene.told.most = most
    instance = await scene.launched()
    await scene.provider.terminate(instance)
    machine = scene.ec2.cloud.machines[instance.id]
    assert machine.terminated_at - machine.ending_at == pytest.approx(seconds)


@virtual
async def test_an_ended_machine_is_shown_for_an_hour() -> None:
    """Then it is forgotten, and costs nothing any more."""
    scene = Scene()
    body = await scene.body()
    instance = await scene.launched()
    await scene.provider.terminate(instance)
    await scene.world.clock.sleep(3590)
    assert await scene.phase() == "gone"
    await scene.world.clock.sleep(20)
    assert await scene.phase() is None
    assert await scene.provider.find(token()) is None
    assert (scene.ec2.cloud.machines, scene.ec2.cloud.volumes) == ({}, {})
    assert scene.world.machines[token()] is body


@virtual
async def test_a_machine_vanishes_at_its_end() -> None:
    """It is not mentioned; whether it is gone shows its age alone."""
    scene = Scene(machine_vanishes_at_its_end=1)
    instance = await scene.launched()
    await scene.provider.terminate(instance)
    await scene.world.clock.sleep(5)
    assert await scene.seen() is None
    assert (await scene.provider.terminate(instance)).phase == "unknown"
    await scene.world.clock.sleep(600)
    assert (await scene.provider.terminate(instance)).phase == "gone"


@virtual
async def test_a_machine_whose_age_is_not_known_stays_unknown() -> None:
    """However long ago it may have been there."""
    scene = Scene()
    stranger = Instance(id=f"i-{7:017x}")
    await scene.world.clock.sleep(3600)
    assert (await scene.provider.terminate(stranger)).phase == "unknown"


@virtual
async def test_a_body_that_switches_itself_off_is_terminated() -> None:
    """It is off at once, and EC2 shows how it goes."""
    scene = Scene()
    body = await scene.body()
    scene.world.end(body)
    assert await scene.phase() == "going"
    await scene.world.clock.sleep(10)
    seen = await scene.seen()
    assert seen
    assert seen.instance
    assert (seen.phase, seen.interrupted) == ("gone", False)
    assert seen.instance.state["reason"] == "Client.InstanceInitiatedShutdown"


@virtual
async def test_a_spot_machine_is_taken_back_without_notice() -> None:
    """Within a quarter of an hour; it is described as interrupted."""
    scene = Scene()
    body = await scene.body()
    # whether it is shows the weather of that moment, not that of its launch
    scene.told.left["spot taken back without notice"] = 1
    await scene.ended(body)
    seen = await scene.seen()
    assert seen
    assert (seen.phase, seen.interrupted, seen.refusal) == ("gone", True, None)
    assert scene.notices == []


@virtual
async def test_a_spot_machine_is_taken_back_with_notice() -> None:
    """It is told two minutes ahead, and runs until then."""
    scene = Scene(spot_taken_back_with_notice=1)
    scene.told.most = 0.5
    body = await scene.body()
    while not scene.notices:
        await scene.world.clock.sleep(10)
    ((told, left, at),) = scene.notices
    assert (told, left) == (body.id, 120)
    await scene.world.clock.sleep(at + 119 - scene.now)
    assert scene.ec2.all()[0].machine.state(scene.now) == "running"
    await scene.world.clock.sleep(2)
    assert scene.ec2.all()[0].machine.state(scene.now) == "shutting-down"
    assert await scene.ended(body) < at + 130


@virtual
async def test_an_on_demand_machine_is_not_taken_back() -> None:
    """EC2 does that to spot machines only."""
    scene = Scene(
        spot_taken_back_without_notice=1,
        spot_taken_back_with_notice=1,
        spot_taken_back_before_it_is_named=1,
        launch_answer_lost=1,
    )
    assert await failure(scene.launched(offer=ON_DEMAND))
    (body,) = scene.world.alive()
    await scene.world.clock.sleep(3600)
    assert body.phase != "gone"
    assert scene.told.left.total() == 3
    with pytest.raises(ValueError, match="no spot machine"):
        scene.ec2.interrupt(body, notice=False)


@virtual
async def test_a_termination_comes_before_an_interruption() -> None:
    """The end that comes first counts, and the body goes with that."""
    scene = Scene()
    body = await scene.body()
    scene.ec2.interrupt(body, notice=True)
    await scene.provider.terminate(await scene.launched())
    assert await scene.ended(body) < 10
    seen = await scene.seen()
    assert seen
    assert not seen.interrupted


@virtual
async def test_an_end_that_begins_earlier_may_take_longer() -> None:
    """The body goes with the end that counts, not with the one that was foreseen."""
    scene = Scene()
    body = await scene.body()
    scene.ec2.interrupt(body, notice=True)
    await scene.world.clock.sleep(119)
    scene.told.left["machine ends slowly"] = 1
    await scene.provider.terminate(await scene.launched())
    assert await scene.ended(body) > 119 + 20


@virtual
async def test_a_body_goes_off_when_its_record_says_terminated() -> None:
    """Never a moment before, whatever the last digits of a time are."""
    scene = Scene()
    states = []
    follows = scene.world.on_end
    assert follows

    def off(body: FakeMachine) -> None:
        states.append(scene.ec2.cloud.machines[body.id].state(scene.now))
        follows(body)

    scene.world.on_end = off
    for number in range(1, 200):
        scene.told.most = number / 199
        body = await scene.body(number)
        await scene.provider.terminate(Instance(id=body.id))
        await scene.ended(body)
    assert set(states) == {"terminated"}


@virtual
async def test_what_has_ended_is_not_taken_back() -> None:
    """A notice would come too late."""
    scene = Scene()
    body = await scene.body()
    scene.world.end(body)
    scene.ec2.interrupt(body, notice=True)
    scene.told.left["spot taken back with notice"] = 1
    await scene.world.clock.sleep(1000)
    assert (scene.notices, scene.told.left.total()) == ([], 1)


@virtual
async def test_a_disk_goes_with_its_machine() -> None:
    """Nothing is left to be removed."""
    scene = Scene()
    await scene.provider.terminate(await scene.launched())
    await scene.world.clock.sleep(700)
    assert list(await scene.provider.remove_leftovers()) == []


@virtual
async def test_a_disk_that_is_left_behind_is_removed() -> None:
    """Once it is ten minutes old, and once; also when its machine is long forgotten."""
    scene = Scene(disk_left_behind=1, machine_vanishes_at_its_end=1)
    await scene.provider.terminate(await scene.launched())
    await scene.world.clock.sleep(20)
    assert list(await scene.provider.remove_leftovers()) == []
    await scene.provider.owned()
    await scene.world.clock.sleep(600)
    (words,) = await scene.provider.remove_leftovers()
    assert words.endswith("(8 GiB)")
    assert list(await scene.another.remove_leftovers()) == []
    assert scene.ec2.cloud.volumes == {}


@virtual
async def test_a_list_says_whose_a_machine_is() -> None:
    """Its tags name job, attempt and launch, and until when it may live."""
    scene = Scene()
    await scene.launched()
    (owned,) = await scene.provider.owned()
    assert (owned.token, owned.job, owned.attempt) == (token(), "job1", 1)
    assert owned.dies_at == scene.order().dies_at
    assert owned.launched_at == scene.world.machines[token()].launched_at
    assert str(owned.usd_per_hour) == "0.035"
