"""A store that loses its last second (`appendfsync everysec`), at the worst of moments."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.store.memory import MemoryStore
from jobsched.testing.simulator import Simulation
from jobsched.testing.simulator.lossy import copy_of, put_back
from jobsched.testing.virtual_time import run

#: what Redis may lose with `appendfsync everysec` where the disk is slow (P1)
SECONDS = 2.0


async def lost(simulation: Simulation, until: Callable[[], bool]) -> None:
    """Let the store forget, in the moment in which something is so, the two seconds before."""
    copies = [(simulation.clock.monotonic(), copy_of(simulation.store_world))]
    while not until():
        await simulation.clock.sleep(0.05)
        copies.append((simulation.clock.monotonic(), copy_of(simulation.store_world)))
    now = simulation.clock.monotonic()
    put_back(simulation.store_world, min(copies, key=lambda one: abs(now - SECONDS - one[0]))[1])


def is_going(simulation: Simulation) -> bool:
    """Whether the container has been removed, or its machine has ended."""
    return bool(simulation.world.starts) and not any(
        machine.containers for machine in simulation.world.alive()
    )


def is_given_back(simulation: Simulation) -> bool:
    """Whether it was saved that the machine is not wanted any more."""
    (record,) = simulation.store_world.records.values()
    job = record.document
    assert isinstance(job, Job)
    return bool(job.attempt and any(one.released_at for one in job.attempt.launches))


@pytest.mark.parametrize("when", [is_given_back, is_going])
@pytest.mark.parametrize("lives_on", [False, True])
@pytest.mark.parametrize("runs", [0.0, 0.5])
def test_a_job_that_came_and_went_within_it_does_not_run_again(
    runs: float, when: Callable[[Simulation], bool], *, lives_on: bool
) -> None:
    """What is left on the machine says that it ran, for as long as the store may forget it (P3)."""

    async def story() -> tuple[int, State, str]:
        simulation = await Simulation.begin()
        simulation.world.runs, simulation.world.boot = runs, 3.0
        simulation.world.ended_are_empty = True
        simulation.provider.destroys_machine = not lives_on  # type: ignore[misc]  # of this one alone
        job = await simulation.schedule()
        async with simulation.worker():
            await lost(simulation, lambda: when(simulation))
            (ended,) = await simulation.ended(job)
            await asyncio.sleep(60)
        return sum(simulation.world.starts.values()), state_of(ended), reason_of(ended)

    assert run(story()) == (1, State.FINISHED, "finished")


@pytest.mark.parametrize("boot", [0.0, 3.0])
def test_a_start_is_never_forgotten_with_its_container(boot: float) -> None:
    """The machine is lost in the same moment: the record knows that it may have run (P3)."""

    async def story() -> tuple[int, str]:
        simulation = await Simulation.begin()
        simulation.world.boot = boot
        job = await simulation.schedule()
        async with simulation.worker():
            await lost(simulation, lambda: bool(simulation.world.starts))
            (machine,) = simulation.world.alive()
            simulation.world.end(machine)
            (ended,) = await simulation.ended(job)
        return sum(simulation.world.starts.values()), reason_of(ended)

    assert run(story()) == (1, "machine_lost")


def test_an_end_that_was_forgotten_is_read_again() -> None:
    """The machine is given back no sooner than the exit code is surely kept (P2)."""

    async def story() -> tuple[State, str]:
        simulation = await Simulation.begin()
        simulation.world.runs, simulation.world.code = 30.0, 3
        job: JobId = await simulation.schedule()
        async with simulation.worker():
            await lost(simulation, lambda: is_going(simulation))
            (ended,) = await simulation.ended(job)
        return state_of(ended), reason_of(ended)

    assert run(story()) == (State.FAILED, "exited")


def test_a_job_whose_end_was_forgotten_has_somebody_who_looks_at_it() -> None:
    """Its worker knows that it has ended when it lets it go, and the record does not (P2)."""

    async def story() -> list[datetime | None]:
        simulation = await Simulation.begin(reconcile_every=0.0)
        before: list[dict[str, Any]] = []
        due: list[datetime | None] = []
        save, release = MemoryStore.save, MemoryStore.release

        async def saved(store: MemoryStore, *asked: Any, **more: Any) -> Any:
            if "Gone" in more["facts"]:
                before.append(copy_of(simulation.store_world))
            return await save(store, *asked, **more)

        async def released(store: MemoryStore, holder: str, job: JobId, **more: Any) -> None:
            forgets = bool(before and not due)
            if forgets:
                put_back(simulation.store_world, before[0])
            await release(store, holder, job, **more)
            if forgets:
                due.append(simulation.store_world.records[job].due)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(MemoryStore, "save", saved)
            patch.setattr(MemoryStore, "release", released)
            job = await simulation.schedule()
            async with simulation.worker():
                await simulation.ended(job)
                await simulation.clock.sleep(60)
        return due

    (due,) = run(story())
    assert due is not None
