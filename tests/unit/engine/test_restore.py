"""A backup is put back in the place of a whole day's news; nothing runs a second time."""

from __future__ import annotations

import copy
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobsched.domain.job import JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.parts import Parts
from jobsched.engine.restore import Restoration, restore
from jobsched.errors import NewerRecord, UnreadableRecord
from jobsched.store.world import World
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import a_world, crew, seen_in

pytestmark = pytest.mark.timeout(60)

HOUR = 3600.0
AN_HOUR = timedelta(hours=1)


def copy_of(world: World) -> World:
    """Make a backup."""
    listeners = dict.fromkeys(("listeners", "changed"))
    kept = {name: getattr(world, name) for name in world.__slots__ if name not in listeners}
    return World(**copy.deepcopy(kept))


async def put_back(simulation: Simulation, backup: World) -> Restoration:
    """Put the backup back as the command does, and restore it."""
    simulation.store_world = backup
    parts = simulation.parts()
    await parts.store.begin_restore(simulation.ids.holder())
    found = await restore(parts, lambda _: None)
    await parts.store.end_restore()
    return found


def test_nothing_runs_a_second_time() -> None:
    """What ran since the backup has failed (restored); what is ahead runs, once (R9)."""

    async def story() -> None:
        simulation = await a_world(runs=60, through_codec=True)
        retry = {"on": ("before_start", "error", "interruption", "timeout")}
        done = [await simulation.schedule(after=60, retry=retry) for _ in range(3)]
        ahead = await simulation.schedule(after=3 * HOUR, retry=retry)
        running = await simulation.schedule(retry=retry, timeout=10 * AN_HOUR)
        async with crew(simulation):
            await seen_in(simulation, running, State.RUNNING)
            backup = copy_of(simulation.store_world)
            await simulation.ended(*done, running)
        before = Counter(simulation.world.starts)
        assert before.total() == 4

        await simulation.clock.sleep(HOUR)
        found = await put_back(simulation, backup)
        assert found.jobs == {"failed": 3, "watched": 1, "ahead": 1}
        async with crew(simulation, workers=2):
            ended = await simulation.ended(*done, running, within=HOUR)
            assert [(state_of(job), reason_of(job)) for job in ended] == [
                *[(State.FAILED, "restored")] * 4
            ]
            assert simulation.world.starts == before
            (job,) = await simulation.ended(ahead, within=3 * HOUR)
        assert state_of(job) is State.FINISHED
        assert simulation.world.starts - before == {next(reversed(simulation.world.starts)): 1}
        assert simulation.world.alive() == []

    run(story())


def test_a_container_that_still_runs_is_watched_to_its_end() -> None:
    """Its machine waited in the backup; it was started since, and is adopted, not killed (R9)."""

    async def story() -> None:
        simulation = await a_world(runs=2 * HOUR, through_codec=True, boot=1.0)
        job = await simulation.schedule(after=20, timeout=5 * AN_HOUR)
        early = await simulation.job(job)
        assert early.attempt
        # capacity is asked for ahead, so that the container waits for its time
        plan = replace(early.attempt.plan, provision_at=simulation.clock.now())
        after = replace(early, attempt=replace(early.attempt, plan=plan))
        await simulation.store().save(
            early, after, look_again_at=simulation.clock.now(), facts=["Some"]
        )
        async with crew(simulation):
            await seen_in(simulation, job, State.READY)
            backup = copy_of(simulation.store_world)
            await seen_in(simulation, job, State.RUNNING)
        await simulation.clock.sleep(600)
        found = await put_back(simulation, backup)
        assert found.jobs == {"watched": 1}
        async with crew(simulation):
            (ended,) = await simulation.ended(job, within=5 * HOUR)
        assert state_of(ended) is State.FINISHED
        assert list(simulation.world.starts.values()) == [1]

    run(story())


def test_every_page_is_gone_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs are taken by the page, and a second run finds them as the first one left them (R9)."""
    monkeypatch.setattr("jobsched.engine.restore.PAGE", 2)

    async def story() -> None:
        simulation = await a_world()
        for after in (0, 0, 0, HOUR, HOUR):
            await simulation.schedule(after=after)
        told: list[int] = []
        parts = simulation.parts()
        found = await restore(parts, lambda found: told.append(found.jobs.total()))
        assert found.jobs == {"failed": 3, "ahead": 2}
        assert told == [2, 4, 5]
        again = await restore(parts, lambda _: None)
        assert again.jobs == {"ended": 3, "ahead": 2}

    run(story())


async def spoiled(parts: Parts, job: JobId, **changes: Any) -> None:
    """Break a record."""
    record = parts.store.world.records[job]  # type: ignore[attr-defined]  # the one in memory
    for name, value in changes.items():
        setattr(record, name, value)


def test_a_record_that_cannot_be_read_is_named() -> None:
    """It is put into quarantine, and the others are gone through all the same (R9)."""

    async def story() -> None:
        simulation = await a_world(through_codec=True)
        jobs = [await simulation.schedule() for _ in range(3)]
        parts = simulation.parts()
        await spoiled(parts, jobs[1], document=b"[]")
        found = await restore(parts, lambda _: None)
        assert (found.jobs, found.unreadable) == ({"failed": 2}, [jobs[1]])

    run(story())


def test_a_record_that_is_put_right_later_does_not_run_again() -> None:
    """Who puts it right has its job held back first, as all others were (R9)."""

    async def story() -> None:
        simulation = await a_world(runs=60, through_codec=True)
        job = await simulation.schedule(after=60)
        ahead = await simulation.schedule(after=3 * HOUR)
        backup = copy_of(simulation.store_world)
        async with crew(simulation):
            await simulation.ended(job)
        assert simulation.world.starts.keys()
        before = Counter(simulation.world.starts)
        whole = {one: backup.records[one].document for one in (job, ahead)}
        for one in whole:
            backup.records[one].document = b"[]"
        for _ in range(2):
            found = await put_back(simulation, backup)
            assert sorted(found.unreadable) == sorted(whole)
        for one, document in whole.items():
            backup.records[one].document = document
        parts = simulation.parts()
        # neither a wake nor a repair has it go on before it is looked at
        for one in whole:
            await parts.store.wake(one)
            with pytest.raises(UnreadableRecord):
                await parts.store.repair(one)
        async with simulation.worker():
            await simulation.clock.sleep(2 * simulation.reconcile_every)
            (ended,) = await simulation.ended(job, within=HOUR)
            assert (state_of(ended), reason_of(ended)) == (State.FAILED, "restored")
            assert simulation.world.starts == before
            (late,) = await simulation.ended(ahead, within=4 * HOUR)
        assert state_of(late) is State.FINISHED
        assert await simulation.store().held_back() == {}
        assert await simulation.store().quarantine() == []

    run(story())


def test_a_newer_record_is_not_passed_over() -> None:
    """A version that cannot read it must not call the store put right (R9)."""

    async def story() -> None:
        simulation = await a_world(through_codec=True)
        job = await simulation.schedule()
        parts = simulation.parts()
        await spoiled(parts, job, schema=99)
        with pytest.raises(NewerRecord):
            await restore(parts, lambda _: None)

    run(story())
