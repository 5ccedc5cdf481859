"""What a provider is told of a launch, and a runner of a container."""

from __future__ import annotations

from jobsched.contracts.order import ContainerOrder
from jobsched.engine.order import machine_order
from jobsched.testing.fakes import FakeProgram
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run


def test_a_launch_has_a_token_without_an_address() -> None:
    """A provider may know an address of its own, where the deployment names none."""

    async def story() -> None:
        simulation = await Simulation.begin()
        async with simulation.worker():
            (job,) = await simulation.ended(await simulation.schedule(after=0))
        parts = simulation.parts()
        attempt = job.attempt
        assert attempt is not None
        asked = machine_order(parts, job, attempt, 0, None)
        ordered = machine_order(parts, job, attempt, 1, None)
        assert (asked.callback_url, asked.callback_token) == ("", "")
        token = parts.secrets.callback_token(job.id, attempt.no, 1)
        assert (ordered.callback_url, ordered.callback_token) == ("", token)

    run(story())


def test_a_later_attempt_runs_the_same_image() -> None:
    """What the tag meant for the first container is what every later one is created of (D6)."""

    async def story() -> None:
        orders: list[ContainerOrder] = []

        def imagine(order: ContainerOrder) -> FakeProgram:
            orders.append(order)
            return FakeProgram(code=1)

        simulation = await Simulation.begin()
        simulation.world.imagine = imagine
        async with simulation.worker():
            retry = {"max_attempts": 2, "on": ("error",)}
            await simulation.ended(await simulation.schedule(retry=retry))
        assert [(one.attempt, one.pinned) for one in orders] == [(1, ""), (2, "imagined@fake")]

    run(story())
