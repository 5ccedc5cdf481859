"""A sweep looks at all machines, whatever is wrong with one of their jobs."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Instance
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.sweep import sweep
from jobsched.errors import NewerRecord
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run
from jobsched.worker.settings import TASK_TIMEOUT


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


@pytest.mark.parametrize(
    ("described", "state", "reason"),
    [
        # the host is out of the configuration: nothing can be removed from it, and nothing is
        ({"phase": "gone", "lost": True}, State.FAILED, "outcome_unknown"),
        # the machine lives on and its lease is gone: its container has to be removed first
        ({"phase": "gone"}, State.FINISHING, "machine_lost"),
        # it gives no answer: nothing is concluded
        ({"phase": "unknown"}, State.RUNNING, ""),
    ],
)
def test_a_machine_that_outlives_its_job_is(
    described: dict[str, object], state: State, reason: str
) -> None:
    """What becomes of a running job is what the provider says of its host."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=10_000.0)
        simulation.provider.destroys_machine = False  # type: ignore[misc]  # of this one alone
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            await simulation.clock.sleep(8)
            simulation.provider.world.says_ready = False
            parts = simulation.parts(worker="sweeper")
            await sweep(parts, simulation.provider)
            while state_of(await simulation.job(job)) is not State.RUNNING:
                await simulation.clock.sleep(0.1)
        asked: list[Mapping[str, Instance]] = []

        async def describe_all(known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
            asked.append(known)
            return {token: InstanceStatus(**described) for token in known}  # type: ignore[arg-type]

        simulation.provider.describe_all = describe_all  # type: ignore[method-assign]
        await sweep(parts, simulation.provider)

        found = await simulation.job(job)
        assert (state_of(found), reason_of(found)) == (state, reason)
        assert found.attempt is not None
        launch = found.attempt.launches[0]
        assert asked == [{launch.token: launch.instance}]

    run(story())


def test_a_host_that_is_taken_out_later_ends_its_job() -> None:
    """Its lease was gone already and its container could not be removed: now nothing need be."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=10_000.0)
        simulation.provider.destroys_machine = False  # type: ignore[misc]  # of this one alone
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            await simulation.clock.sleep(8)
            parts = simulation.parts(worker="sweeper")
            await sweep(parts, simulation.provider)
            while state_of(await simulation.job(job)) is not State.RUNNING:
                await simulation.clock.sleep(0.1)
        is_lost = False

        async def describe_all(known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
            return {token: InstanceStatus(phase="gone", lost=is_lost) for token in known}

        simulation.provider.describe_all = describe_all  # type: ignore[method-assign]
        await sweep(parts, simulation.provider)
        assert state_of(await simulation.job(job)) is State.FINISHING
        is_lost = True
        await sweep(parts, simulation.provider)

        assert state_of(await simulation.job(job)) is State.FAILED

    run(story())


def test_a_silent_provider_is_not_waited_for_beyond_its_minute() -> None:
    """A pass is over before arq ends it."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=10_000.0)
        async with simulation.worker():
            job = await simulation.schedule(after=0)
            while state_of(await simulation.job(job)) is not State.BOOTING:
                await simulation.clock.sleep(0.1)

        async def describe_all(known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
            await asyncio.Event().wait()
            return {token: InstanceStatus(phase="gone") for token in known}

        simulation.provider.describe_all = describe_all  # type: ignore[method-assign]
        begin = simulation.clock.monotonic()
        assert await sweep(simulation.parts(worker="sweeper"), simulation.provider) == 0
        assert simulation.clock.monotonic() - begin < TASK_TIMEOUT.total_seconds()

    run(story())


def test_a_record_that_cannot_be_read_hides_no_other() -> None:
    """A broken one is passed over; a newer one is for a newer worker to look at (Q11)."""

    async def story() -> None:
        simulation = await Simulation.begin(sweep_every=10_000.0, through_codec=True)
        simulation.world.runs = 3000
        async with simulation.worker():
            broken, whole = [await simulation.schedule(after=0) for _ in range(2)]
            await simulation.clock.sleep(8)
            await sweep(simulation.parts(worker="sweeper"), simulation.provider)
            for job in (broken, whole):
                while state_of(await simulation.job(job)) is not State.RUNNING:
                    await simulation.clock.sleep(0.1)
        record = simulation.store_world.records[broken]
        record.document = b"{"
        for machine in simulation.world.alive():
            simulation.world.end(machine)
        parts = simulation.parts(worker="sweeper")
        assert await sweep(parts, simulation.provider) == 1
        assert state_of(await simulation.job(whole)) is State.FAILED
        record.schema = 99
        with pytest.raises(NewerRecord):
            await sweep(parts, simulation.provider)

    run(story())
