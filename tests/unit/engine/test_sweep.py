"""A sweep looks at all machines, whatever is wrong with one of their jobs."""

from __future__ import annotations

from dataclasses import replace

from jobsched.domain.state import State, state_of
from jobsched.engine.sweep import sweep
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run


def test_a_runner_that_is_not_loaded_does_not_end_the_sweep() -> None:
    """The machine of a job whose runner this worker lacks is looked at as well."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=10_000.0)
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            while state_of(await simulation.job(job)) is not State.BOOTING:
                await simulation.clock.sleep(0.1)
        await simulation.clock.sleep(10)
        parts = simulation.parts(worker="sweeper")
        lacking = replace(parts, registry=replace(parts.registry, runners={}))

        assert await sweep(lacking, simulation.provider) == 1
        found = await simulation.job(job)
        assert found.attempt is not None
        assert found.attempt.launches[0].ready_at is not None
        # the second time the machine is ready, and would be watched
        assert await sweep(lacking, simulation.provider) == 0

    run(story())
