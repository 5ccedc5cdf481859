"""Two deployments in one account of the model: each sees, and cleans up, what is its own."""

from jobsched.testing.model_ec2 import ModelProvider, neighbours
from jobsched.testing.model_ec2.ec2 import PENDING
from tests.unit.testing.model_ec2.asking import Scene, token, virtual

#: seconds after which all of their machines have been launched
ALL_THERE = neighbours.MACHINES[2][0] + PENDING


@virtual
async def test_a_neighbours_machines_are_not_shown() -> None:
    """Neither on a list, nor by the token of their launch, nor as a machine that is not found."""
    scene = Scene()
    theirs = neighbours.settle(scene.ec2)
    await scene.launched()
    await scene.world.clock.sleep(ALL_THERE)
    assert (await scene.provider.describe_all({})).keys() == {token()}
    assert [one.token for one in await scene.provider.owned()] == [token()]
    assert await scene.provider.find(token())
    for one in theirs:
        assert await scene.provider.find(one.token) is None


@virtual
async def test_a_neighbour_sees_its_own() -> None:
    """Of all ages: long overdue, an hour old, not launched yet, and one that ends at once."""
    scene = Scene()
    neighbours.settle(scene.ec2)
    await scene.launched()
    theirs = ModelProvider(scene.ec2, deployment=neighbours.DEPLOYMENT)
    assert len(await theirs.owned()) == 3
    await scene.world.clock.sleep(ALL_THERE)
    found = await theirs.owned()
    assert [one.job for one in found] == ["neighbours1", "neighbours2", "neighbours3"]
    now = scene.world.clock.now()
    assert [one.dies_at < now for one in found if one.dies_at] == [True, False, False]
    assert sorted((await theirs.describe_all({})).keys()) == [
        f"{neighbours.DEPLOYMENT}-{number}" for number in (1, 2, 3, 4)
    ]


@virtual
async def test_a_neighbours_disk_stays() -> None:
    """That its machine has left behind; whoever deletes one is told of."""
    scene = Scene()
    neighbours.settle(scene.ec2)
    deleted: list[str] = []
    scene.ec2.on_delete = lambda disk: deleted.append(disk.id)
    await scene.world.clock.sleep(1000)
    assert list(await scene.provider.remove_leftovers()) == []
    theirs = ModelProvider(scene.ec2, deployment=neighbours.DEPLOYMENT)
    (words,) = await theirs.remove_leftovers()
    assert deleted == [words.split()[1]]


@virtual
async def test_neighbours_are_in_nobodys_books() -> None:
    """The imagined world has no body of theirs: they count nowhere."""
    scene = Scene()
    neighbours.settle(scene.ec2)
    assert (scene.world.machines, scene.world.alive(), scene.launches) == ({}, [], [])
