"""What the indexes, the wakes or a record have lost is found in time, and the rest goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Access, Job, Limits
from jobsched.domain.state import State, state_of
from jobsched.errors import NotFound, UnreadableRecord
from jobsched.testing.fakes import FakeProvider, FakeRunner
from jobsched.testing.simulator import Cast, Simulation, violations
from jobsched.testing.virtual_time import run

pytestmark = pytest.mark.timeout(60)

MINUTE = 60.0
QUARANTINE = "quarantine"


class Unwatched(FakeRunner):
    """A runner that hints at nothing: its containers are looked at every 5 seconds."""

    def watch(self, access: Access) -> None:
        """See the contract."""
        del access


def test_a_job_without_a_due_time_is_found() -> None:
    """It would sleep for ever: it is found, and runs within two minutes (A7)."""

    async def story() -> tuple[Job, float]:
        simulation = await Simulation.begin(wakes=lambda: 0)
        job = await simulation.schedule()
        simulation.store_world.records[job].due = None
        begun = simulation.clock.monotonic()
        async with simulation.worker():
            [ended] = await simulation.ended(job, within=5 * MINUTE)
        return ended, simulation.clock.monotonic() - begun

    ended, took = run(story())
    assert state_of(ended) is State.FINISHED
    # no wake tells of it, and it runs for 20 seconds
    assert took <= 2 * MINUTE


@pytest.mark.parametrize("state", ["scheduled", "booting", "running"])
def test_in_whatever_state_it_is_lost_it_is_found(state: str) -> None:
    """Its due time is lost again and again in one state, and it ends all the same (A7)."""

    async def story() -> list[str]:
        simulation = await Simulation.begin()
        records = simulation.store_world.records
        async with simulation.worker():
            job = await simulation.schedule(after=20)
            lost = 0
            while lost < 2:
                await simulation.clock.sleep(0.1)
                if records[job].state == state and not records[job].holder:
                    records[job].due, lost = None, lost + 1
                    await simulation.clock.sleep(40)
                if State(records[job].state).is_terminal:
                    break
            ended = await simulation.ended(job, within=20 * MINUTE)
        assert lost
        assert state_of(ended[0]) is State.FINISHED
        return violations(simulation, ended)

    assert run(story()) == []


def test_a_slot_that_no_record_holds_is_given_back() -> None:
    """The cap would be smaller by one for ever: who waits for the slot has it within a minute."""

    async def story() -> float:
        simulation = await Simulation.begin()
        simulation.provider = FakeProvider(simulation.world, caps=Caps(alive=1))
        other = await simulation.schedule(after=86_400)
        simulation.store_world.slots["fake"] = {"stray": other}
        begun = simulation.clock.monotonic()
        async with simulation.worker():
            job = await simulation.schedule()
            [ended] = await simulation.ended(job, within=5 * MINUTE)
        assert state_of(ended) is State.FINISHED
        assert simulation.store_world.slots["fake"] == {}
        return simulation.clock.monotonic() - begun

    assert run(story()) <= 1.5 * MINUTE


def test_every_wake_is_lost_and_all_jobs_end() -> None:
    """Workers look for themselves, every 5 seconds (Q1)."""

    async def story() -> list[str]:
        keeps_all = Limits(evidence=timedelta(0))
        simulation = await Simulation.begin(wakes=lambda: 0, hints=lambda: 0, limits=keeps_all)
        async with simulation.worker():
            await simulation.clock.sleep(1)
            jobs = [await simulation.schedule(after=after) for after in (0, 10, 100)]
            ended = await simulation.ended(*jobs, within=20 * MINUTE)
            starts = simulation.world.started_at
        late = [
            starts[name] - job.spec.schedule
            for job in ended
            for name in starts
            if job.id in name and job.attempt
        ]
        # a machine takes 5 seconds here, and what is due is found within 5 more, a few times
        assert max(late) < timedelta(seconds=25)
        return violations(simulation, ended)

    assert run(story()) == []


def test_one_record_that_cannot_be_read_holds_up_no_other() -> None:
    """Of 1,000 jobs one is poison: 999 finish, and an alarm tells of the one (Q11)."""

    async def story() -> None:
        simulation = await Simulation.begin(through_codec=True)
        runner = Unwatched(simulation.world)
        simulation.cast = Cast(provider=simulation.provider, runner=runner)
        simulation.world.runs = 1.0
        jobs = [await simulation.schedule(after=number % 60) for number in range(1000)]
        poison = jobs.pop(500)
        record = simulation.store_world.records[poison]
        whole, record.document = record.document, b'{"id": 7}'
        async with simulation.worker():
            await simulation.clock.sleep(3 * MINUTE)
            ended = [await simulation.job(job) for job in jobs]
            assert {state_of(one) for one in ended} == {State.FINISHED}
            assert violations(simulation, ended) == []
            with pytest.raises(UnreadableRecord):
                await simulation.job(poison)
            alarm = (await simulation.store().alarms())[QUARANTINE]
            assert poison in alarm.sentence
            assert "1 job " in alarm.sentence
            # and as soon as it is put right, it goes on
            record.document = whole
            [last] = await simulation.ended(poison, within=20 * MINUTE)
            await simulation.clock.sleep(MINUTE)
            assert state_of(last) is State.FINISHED
            assert await simulation.store().alarms() == {}

    run(story())


def test_every_record_in_quarantine_has_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are: those that stay broken are not in the way of others (Q11)."""
    monkeypatch.setattr("jobsched.engine.reconcile.MOST", 3)

    async def story() -> None:
        simulation = await Simulation.begin(through_codec=True)
        jobs = [await simulation.schedule(after=86_400) for _ in range(20)]
        records = simulation.store_world.records
        whole = [records[job].document for job in jobs]
        for job in jobs:
            records[job].document = b"[]"
            with pytest.raises(UnreadableRecord):
                await simulation.job(job)
        for job, document in list(zip(jobs, whole, strict=True))[5:]:
            records[job].document = document
        async with simulation.worker():
            await simulation.clock.sleep(60 * MINUTE)
        left = {one.id for one in await simulation.store().quarantine()}
        assert left == set(jobs[:5])

    run(story())


def test_entries_of_a_record_that_is_not_there_are_forgotten() -> None:
    """They hold neither a slot nor a place in the line."""

    async def story() -> None:
        simulation = await Simulation.begin()
        simulation.provider = FakeProvider(simulation.world, caps=Caps(alive=1))
        lost = await simulation.schedule()
        world = simulation.store_world
        world.slots["fake"] = {"stray": lost}
        world.waiting["fake"] = {lost: simulation.clock.now()}
        del world.records[lost]
        async with simulation.worker():
            job = await simulation.schedule()
            [ended] = await simulation.ended(job, within=5 * MINUTE)
        assert state_of(ended) is State.FINISHED
        assert (world.slots["fake"], world.waiting["fake"]) == ({}, {})
        with pytest.raises(NotFound):
            await simulation.job(lost)

    run(story())
