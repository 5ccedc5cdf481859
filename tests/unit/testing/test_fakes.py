"""The imagined world's machines and containers, where tests count on them."""

from __future__ import annotations

from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.domain.job import Access, Instance, JobId
from jobsched.testing.fakes import FakeMachine, FakeRunner, FakeWorld
from jobsched.testing.virtual_time import VirtualClock, run

ORDER = ContainerOrder(
    deployment="simulated",
    job=JobId("job1"),
    attempt=1,
    launch=1,
    name="jobsched-job1-1-1",
    image="imagined",
    command=(),
    environment=(),
    pull="missing",
    timeout=timedelta(minutes=1),
    grace=timedelta(seconds=1),
)


def a_runner() -> tuple[FakeRunner, FakeMachine, Instance]:
    """Give a runner, the machine that it can reach, and how the engine calls it."""
    world = FakeWorld(clock=VirtualClock())
    machine = world.launched("a")
    access = Access(kind="fake", host_id=machine.id)
    return FakeRunner(world), machine, Instance(id=machine.id, access=access)


def test_machines_that_are_on_are_found() -> None:
    """By their ids, until they are switched off, which is told once."""

    async def story() -> None:
        world, ended = FakeWorld(clock=VirtualClock()), list[FakeMachine]()
        world.on_end = ended.append
        one, other = world.launched("a"), world.launched("b", named="i-2")
        assert world.alive() == [one, other]
        assert world.by_id("i-2") is world.launched("b") is other
        for _ in range(2):
            world.end(one)
        assert (world.alive(), ended) == ([other], [one])
        assert world.by_id(one.id) is None
        assert world.launched("a") is one

    run(story())


def test_a_container_that_is_removed_runs_no_more() -> None:
    """Its end is nobody's news, and nothing runs beside it."""

    async def story() -> None:
        runner, machine, instance = a_runner()
        container = await runner.prepare(instance, ORDER)
        await runner.start(instance, container)
        (one,) = machine.containers.values()
        await runner.remove(instance, container)
        assert (one.phase, machine.containers) == ("gone", {})

    run(story())


def test_a_container_that_is_created_anew_is_another_one() -> None:
    """Whoever asks for the first one by its id is not told of the second one by its name."""

    async def story() -> None:
        runner, machine, instance = a_runner()
        first = await runner.prepare(instance, ORDER)
        assert await runner.prepare(instance, ORDER) == first
        machine.containers.clear()
        second = await runner.prepare(instance, ORDER)
        assert second.id != first.id
        phases = [(await runner.inspect(instance, one)).phase for one in (first, second)]
        assert phases == ["gone", "created"]
        assert (await runner.withdraw(instance, first)).phase == "gone"
        assert [*machine.containers] == [ORDER.name]
        assert (await runner.withdraw(instance, second)).phase == "created"
        assert [*machine.containers] == [f"{ORDER.name}-withdrawn"]

    run(story())
