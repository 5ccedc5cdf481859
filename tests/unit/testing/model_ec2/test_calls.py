"""Calls take their time, are throttled, and get lost before or after their effect."""

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from jobsched.testing.model_ec2.faults import CALLS, FAULTS, OF_CALLS
from tests.unit.testing.model_ec2.asking import Scene, failure, token, virtual

Call = Callable[[Scene], Coroutine[Any, Any, object]]


async def launch(scene: Scene) -> object:
    """Ask for a machine."""
    return await scene.launched()


async def terminate(scene: Scene) -> object:
    """End the machine that there is."""
    (owned,) = await scene.another.owned()
    return await scene.provider.terminate(owned.instance)


LOOKS: dict[str, Call] = {
    "search": lambda scene: scene.provider.find(token()),
    "description": lambda scene: scene.provider.describe_all({}),
    "list": lambda scene: scene.provider.owned(),
    "disk removal": lambda scene: scene.provider.remove_leftovers(),
}
ALL: dict[str, Call] = {"launch": launch, "termination": terminate, **LOOKS}


def test_every_call_has_its_faults() -> None:
    """Whatever is called has all three."""
    assert set(ALL) == set(CALLS)
    assert {f"{call} {what}" for call in CALLS for what in OF_CALLS} <= FAULTS.keys()
    assert all(0 < chance < 1 for chance in FAULTS.values())


@pytest.mark.parametrize("call", ALL)
@virtual
async def test_a_throttled_call_has_no_effect(call: str) -> None:
    """EC2 says so at once, and the same may be asked again."""
    scene = Scene()
    if call != "launch":
        await scene.launched()
    scene.told.left[f"{call} throttled"] = 1
    assert await failure(ALL[call](scene)) == ("throttled", "none", "later")
    assert len(scene.world.machines) == (call != "launch")
    assert all(one.machine.is_alive(scene.now) for one in scene.ec2.all())
    await ALL[call](scene)


@pytest.mark.parametrize("call", ALL)
@virtual
async def test_a_lost_question_has_no_effect(call: str) -> None:
    """Nobody knows it, and some seconds go by."""
    scene = Scene()
    if call != "launch":
        await scene.launched()
    scene.told.left[f"{call} question lost"] = 1
    before = scene.now
    assert await failure(ALL[call](scene)) == ("no_answer", "unknown", "later")
    assert scene.now > before + 1
    assert len(scene.world.machines) == (call != "launch")
    assert all(one.machine.is_alive(scene.now) for one in scene.ec2.all())


@virtual
async def test_a_launch_whose_answer_is_lost_has_its_machine() -> None:
    """The launch took effect, and its repeat gives that machine and no other."""
    scene = Scene(launch_answer_lost=1)
    request = await scene.frozen()
    assert await failure(scene.provider.provision(request)) == ("no_answer", "unknown", "later")
    (body,) = scene.world.alive()
    status = await scene.provider.provision(request)
    assert status.instance
    assert status.instance.id == body.id
    assert len(scene.world.machines) == 1


@virtual
async def test_an_end_whose_answer_is_lost_has_begun() -> None:
    """The machine ends all the same."""
    scene = Scene(termination_answer_lost=1)
    instance = await scene.launched()
    call = scene.provider.terminate(instance)
    assert await failure(call) == ("no_answer", "unknown", "later")
    assert await scene.phase() == "gone"


@virtual
async def test_a_removal_whose_answer_is_lost_is_done() -> None:
    """The disk is gone, and the repeat removes nothing."""
    scene = Scene(disk_left_behind=1, disk_removal_answer_lost=1)
    await scene.provider.terminate(await scene.launched())
    await scene.world.clock.sleep(700)
    removal = scene.provider.remove_leftovers()
    assert await failure(removal) == ("no_answer", "unknown", "later")
    assert list(await scene.provider.remove_leftovers()) == []


@pytest.mark.parametrize("look", LOOKS)
@virtual
async def test_a_look_whose_answer_is_lost_is_taken_again(look: str) -> None:
    """The first time nothing is known, the next time it is."""
    scene = Scene()
    await scene.launched()
    scene.told.left[f"{look} answer lost"] = 1
    assert await failure(LOOKS[look](scene)) == ("no_answer", "unknown", "later")
    assert await LOOKS[look](scene) is not None


@pytest.mark.parametrize(("way", "seconds"), [(0.0, 0.2), (1.0, 1.0)])
@virtual
async def test_a_call_takes_up_to_a_second(way: float, seconds: float) -> None:
    """A fifth of a second at the least."""
    scene = Scene()
    scene.told.most = way
    await scene.provider.owned()
    assert scene.now == pytest.approx(seconds)


@virtual
async def test_an_answer_is_as_old_as_its_way() -> None:
    """What is told is how it was when EC2 looked."""
    scene = Scene()
    scene.told.most = 1.0
    await scene.launched()
    runs_at = scene.ec2.all()[0].machine.running_at
    await scene.world.clock.sleep(runs_at - 0.7 - scene.now)
    assert await scene.phase() == "pending"
    assert scene.now > runs_at
    assert await scene.phase() == "running"


@virtual
async def test_a_silent_world_answers_nothing() -> None:
    """As long as it is silent, all that is asked is lost."""
    scene = Scene()
    scene.world.is_silent = True
    assert await failure(scene.provider.owned()) == ("no_answer", "unknown", "later")
    assert await failure(scene.launched()) == ("no_answer", "unknown", "later")
    assert scene.world.machines == {}


@virtual
async def test_switches_of_the_fake_hold_as_long_as_they_are_set() -> None:
    """Whoever has the model can throttle it, and let it fail, for a while."""
    scene = Scene()
    scene.ec2.cloud.switches.throttle = {"DescribeInstances": -1}
    assert await failure(scene.provider.owned()) == ("throttled", "none", "later")
    scene.ec2.cloud.switches.throttle = {}
    scene.ec2.cloud.switches.fail = {"*": "UnauthorizedOperation"}
    assert await failure(scene.provider.owned()) == ("configuration", "none", "breaker")
    scene.ec2.cloud.switches.fail = {}
    assert list(await scene.provider.owned()) == []
