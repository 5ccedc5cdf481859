"""The reaper ends what no record knows, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.provider import OwnedMachine
from jobsched.domain import facts
from jobsched.domain.job import Instance, JobId
from jobsched.engine.force import force
from jobsched.engine.reap import name_of, reap
from jobsched.engine.turn import Turn
from jobsched.errors import LeaseOver, NotFound, ProviderFailed, WrongStore
from jobsched.store.world import Record
from jobsched.testing.fakes import FakeProvider
from jobsched.testing.virtual_time import run
from tests.unit.domain.example import known, told
from tests.unit.engine.fleet import LEASE, MINUTE, NOBODY, Fleet

Story = Callable[[Fleet], Coroutine[Any, Any, None]]


def fleet(story: Story) -> Callable[[], None]:
    """Make a test of a story about a fleet, in virtual time."""

    def test() -> None:
        async def told_in_time() -> None:
            await story(await Fleet.begin())

        run(told_in_time())

    test.__doc__ = story.__doc__
    return test


# What is ended


@fleet
async def test_an_orphan_is_ended_in_the_second_pass(there: Fleet) -> None:
    """What no record knows is ended once two passes say so, and told with its job and age."""
    machine = there.machine(age=3 * MINUTE)
    assert await there.passes() == 0
    assert there.on() == [machine.id]
    assert await there.passes() == 1
    assert there.on() == []
    [line] = there.said("orphan.ended")
    assert line == {
        "provider": "fake",
        "instance": machine.id,
        "job": NOBODY,
        "attempt": 1,
        "seconds": 4 * 60,
        "why": "no_record",
    }
    assert "orphan.ended" in there.log.warnings()


@fleet
async def test_the_two_passes_may_be_two_workers(there: Fleet) -> None:
    """Whom the first one suspected is in the store."""
    there.machine()
    await there.passes(worker="first")
    assert await there.passes(worker="second") == 1


GONE = told(facts.Gone)
REFUSED = told(facts.Refused)


@pytest.mark.parametrize(
    ("found", "launch", "why"),
    [
        ((GONE,), 1, "launch_over"),
        ((REFUSED,), 1, "launch_over"),
        # a zombie: the request of a launch that was refused, and followed by another
        ((REFUSED, told(facts.Begun, launch=2, token="t2")), 1, "other_launch"),
        ((), 7, "other_launch"),
    ],
)
def test_a_machine_of_another_launch_is_an_orphan(
    found: tuple[facts.Fact, ...], launch: int, why: str
) -> None:
    """A worker that went on too long launched for what the record is done with (L14)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record(*found)
        there.machine(job.id, launch=launch)
        await there.passes(2)
        assert [line["why"] for line in there.said("orphan.ended")] == [why]
        assert there.on() == []

    run(story())


@fleet
async def test_the_second_machine_of_a_launch_ends_after_it(there: Fleet) -> None:
    """Two with one token: both are left while the launch lives, and both end with it."""
    job = await there.record()
    machines = [there.machine(job.id) for _ in range(2)]
    await there.passes(3)
    assert there.on() == [one.id for one in machines]
    record = await there.simulation.job(job.id)
    store = there.simulation.store()
    await store.save(record, known(record, GONE), facts=["Gone"], look_again_at=None)
    await there.passes(2)
    assert there.on() == []


# Who is spared


@fleet
async def test_a_machine_in_use_is_spared(there: Fleet) -> None:
    """However old it is: its record holds the launch, and has not seen its machine yet (R1)."""
    job = await there.record()
    machine = there.machine(job.id, age=timedelta(hours=1))
    await there.passes(20)
    assert there.on() == [machine.id]


@fleet
async def test_a_young_machine_is_spared(there: Fleet) -> None:
    """For two minutes nobody is sure of it, whatever two passes say (R1)."""
    machine = there.machine(age=timedelta(seconds=-10))
    await there.passes(3)
    assert there.on() == [machine.id]
    await there.passes()
    assert there.on() == []


@fleet
async def test_a_machine_of_unknown_age_is_as_old_as_it_is_suspected(there: Fleet) -> None:
    """Its provider does not say when it was launched, so its first two minutes count from then."""
    machine = there.machine(age=None)
    await there.passes(2)
    assert there.on() == [machine.id]
    await there.passes()
    assert there.on() == []


@pytest.mark.parametrize(("attempt", "launch"), [(1, 2), (1, 4), (2, 1), (2, 3)])
def test_the_next_launches_are_spared_for_ten_minutes(attempt: int, launch: int) -> None:
    """A store that lost its last second asks again with the same token, and finds it on (R1)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record()
        machine = there.machine(job.id, attempt=attempt, launch=launch, age=timedelta(0))
        await there.passes(10)
        assert there.on() == [machine.id]
        await there.passes()
        assert there.on() == []

    run(story())


@fleet
async def test_a_job_that_has_ended_asks_for_no_next_launch(there: Fleet) -> None:
    """So the machine of one need not be spared for long."""
    job = await there.record(GONE, told(facts.GivenUp, reason="expired"))
    there.machine(job.id, attempt=2, launch=1)
    await there.passes(2)
    assert there.on() == []


def unreadable(record: Record) -> None:
    """Break a record."""
    record.document = b"{"


def newer(record: Record) -> None:
    """Let a newer version have written it."""
    record.schema = 99


@pytest.mark.parametrize("spoil", [unreadable, newer])
def test_a_record_that_cannot_be_read_spares_its_machine(spoil: Callable[[Record], None]) -> None:
    """Unknown is not unwanted, however many passes there are (R2)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record(GONE)
        machine = there.machine(job.id)
        spoil(there.simulation.store_world.records[job.id])
        await there.passes(20)
        assert there.on() == [machine.id]

    run(story())


@pytest.mark.parametrize("spoil", [lambda _: None, unreadable, newer])
def test_a_machine_past_its_time_is_ended_whatever_is_recorded(
    spoil: Callable[[Record], None],
) -> None:
    """Its own timer failed: five minutes after `dies_at` it is an orphan (R2, B5)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record()
        machine = there.machine(job.id, age=timedelta(hours=1), dies_in=2 * MINUTE)
        spoil(there.simulation.store_world.records[job.id])
        await there.passes(8)
        assert there.on() == [machine.id]
        await there.passes()
        assert there.on() == []
        assert [line["why"] for line in there.said("orphan.ended")] == ["past_dies_at"]

    run(story())


@pytest.mark.parametrize(("token", "job"), [("", NOBODY), ("t", JobId(""))])
def test_what_may_be_a_persons_is_told_once_and_left(token: str, job: JobId) -> None:
    """A machine with our mark that says of no launch that it is its own."""

    async def story() -> None:
        there = await Fleet.begin()
        machine = there.machine(job, token=token, age=timedelta(days=1))
        await there.passes(20)
        assert there.on() == [machine.id]
        assert there.said("machine.without_launch") == [
            {"provider": "fake", "instance": machine.id}
        ]

    run(story())


@fleet
async def test_a_machine_without_a_token_has_no_time_to_die(there: Fleet) -> None:
    """A person's machine may carry a copy of our tags."""
    machine = there.machine(token="", dies_in=-timedelta(days=1), age=timedelta(days=2))
    await there.passes(5)
    assert there.on() == [machine.id]


@fleet
async def test_who_is_no_orphan_in_between_is_a_new_suspect(there: Fleet) -> None:
    """Two passes in a row must say so."""
    job = await there.record(GONE)
    machine = there.machine(job.id)
    await there.passes()
    record = there.simulation.store_world.records[job.id]
    readable = record.document
    unreadable(record)
    await there.passes()
    record.document = readable
    await there.passes()
    assert there.on() == [machine.id]
    await there.passes()
    assert there.on() == []


# The list


class Listing(FakeProvider):
    """A provider with something that happens after its list is made."""

    def __init__(self, there: Fleet, happens: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__(there.simulation.world)
        self.happens = happens

    async def owned(self) -> Sequence[OwnedMachine]:
        """List, and let it happen."""
        machines = await super().owned()
        await self.happens()
        return machines


async def noop() -> None:
    """Let nothing happen."""


@fleet
async def test_records_are_read_after_the_list(there: Fleet) -> None:
    """What is recorded while the provider lists its machines counts (R1)."""
    machine = there.machine(JobId("job1"))
    await there.passes()

    async def recorded() -> None:
        await there.record()

    await there.passes(provider=Listing(there, recorded))
    assert there.on() == [machine.id]


@fleet
async def test_a_list_that_is_not_whole_ends_nobody(there: Fleet) -> None:
    """Throttled or silent, a provider is asked again a minute later (R6)."""
    there.machine()

    async def fails() -> None:
        raise ProviderFailed("throttled", "too many requests")

    failing = Listing(there, fails)
    await there.passes()
    assert await there.passes(5, provider=failing) == 0
    assert len(there.on()) == 1
    assert there.said("reap.failed")[0]["reason"] == "throttled"
    assert await there.passes() == 1


@fleet
async def test_what_is_wrong_with_one_hides_no_other(there: Fleet) -> None:
    """An entry that is none is told as the provider's bug; the others are looked at."""
    there.machine()

    class Sloppy(FakeProvider):
        async def owned(self) -> Sequence[OwnedMachine]:
            good = await super().owned()
            return [replace(good[0], instance=Instance(id="")), "m-1", *good]  # type: ignore[list-item]

    provider = Sloppy(there.simulation.world)
    await there.passes(2, provider=provider)
    assert there.on() == []
    assert len(there.said("plugin.failed")) == 4


# The store and the lock


@pytest.mark.parametrize("when", ["before", "while it lists"])
def test_an_emptied_store_ends_nobody(when: str) -> None:
    """After FLUSHALL every record is gone, and every machine would be an orphan (Q8)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record()
        machine = there.machine(job.id)
        there.machine()
        await there.passes()

        async def emptied() -> None:
            there.simulation.store_world.wipe()

        parts = there.parts()
        provider = Listing(there, emptied)
        turn = Turn(parts, name_of(provider.name), LEASE)
        await turn.take()
        if when == "before":
            await emptied()
        for _ in range(3):
            with pytest.raises(WrongStore):
                await reap(parts, provider, turn)
        assert machine.id in there.on()
        assert len(there.on()) == 2

    run(story())


@fleet
async def test_a_holder_that_was_paused_ends_nobody(there: Fleet) -> None:
    """The lock is another worker's by then, by the clock that goes on meanwhile."""
    there.machine()
    await there.passes()

    async def paused() -> None:
        await there.simulation.clock.sleep(30)

    parts = there.parts()
    provider = Listing(there, paused)
    turn = Turn(parts, name_of(provider.name), timedelta(seconds=29))
    await turn.take()
    with pytest.raises(LeaseOver):
        await reap(parts, provider, turn)
    assert len(there.on()) == 1
    await turn.take()
    provider.happens = noop
    assert await reap(parts, provider, turn) == 1


@fleet
async def test_a_lock_that_somebody_else_has_ends_nobody(there: Fleet) -> None:
    """The store is asked once more before anything is ended."""
    there.machine()
    await there.passes()
    parts = there.parts()

    async def stolen() -> None:
        await parts.store.unlock(name_of("fake"), parts.worker)
        await parts.store.lock(name_of("fake"), "another", lease=LEASE)

    provider = Listing(there, stolen)
    turn = Turn(parts, name_of(provider.name), LEASE)
    await turn.take()
    with pytest.raises(LeaseOver):
        await reap(parts, provider, turn)
    assert len(there.on()) == 1


# The breaker


@pytest.mark.parametrize(
    ("used", "orphans", "left"), [(0, 5, 0), (0, 6, 6), (80, 20, 0), (79, 21, 21), (20, 5, 0)]
)
def test_too_many_at_once_are_ended_by_nobody(used: int, orphans: int, left: int) -> None:
    """More than five and more than a fifth: a mistake of ours is likelier (R4)."""

    async def story() -> None:
        there = await Fleet.begin()
        job = await there.record()
        for _ in range(used):
            there.machine(job.id)
        for _ in range(orphans):
            there.machine()
        await there.passes(10)
        assert len(there.on()) - used == left
        alarms = await there.simulation.store().alarms()
        assert list(alarms) == (["reap:fake"] if left else [])
        if left:
            assert "jobsched reap fake --force" in alarms["reap:fake"].sentence
            assert f"{orphans} of the {used + orphans} machines" in alarms["reap:fake"].sentence

    run(story())


@fleet
async def test_an_operators_word_counts_once(there: Fleet) -> None:
    """With it the next pass ends them all and takes the alarm back; the one after needs another."""
    for _ in range(40):
        there.machine()
    await there.passes(3)
    assert len(there.on()) == 40
    until = await force(there.parts(), "fake")
    assert until == there.simulation.clock.now() + timedelta(minutes=10)
    assert there.said("reap.forced")[0]["provider"] == "fake"
    assert await there.passes() == 40
    assert there.on() == []
    assert await there.simulation.store().alarms() == {}
    for _ in range(40):
        there.machine()
    await there.passes(5)
    assert len(there.on()) == 40


@fleet
async def test_an_operators_word_is_forgotten(there: Fleet) -> None:
    """After ten minutes without a pass nobody remembers what it was about."""
    for _ in range(6):
        there.machine()
    await there.passes(3)
    await force(there.parts(), "fake")
    await there.simulation.clock.sleep(600)
    await there.passes()
    assert len(there.on()) == 6
    with pytest.raises(NotFound):
        await force(there.parts(), "acme")


@fleet
async def test_what_is_ending_already_trips_nothing(there: Fleet) -> None:
    """Those that an earlier pass ended need time to go, and are no new ones."""

    class Slow(FakeProvider):
        async def owned(self) -> Sequence[OwnedMachine]:
            return [replace(one, phase="going") for one in await super().owned()]

    for _ in range(40):
        there.machine()
    provider = Slow(there.simulation.world)
    await there.passes(2, provider=provider)
    assert await there.simulation.store().alarms() == {}
    assert there.on() == []
    # they were told of by the pass that ended them first
    assert there.said("orphan.ended") == []


# Those that stay, and the reaper itself


@fleet
async def test_an_orphan_that_cannot_be_ended_is_an_alarm(there: Fleet) -> None:
    """Refused for ten minutes: an operator must look; when it is gone all is clear (T5)."""

    class Protected(FakeProvider):
        async def terminate(self, instance: Instance) -> Any:
            raise ProviderFailed("configuration", "it is protected", effect="none")

    machine = there.machine()
    store, protected = there.simulation.store(), Protected(there.simulation.world)
    await there.passes(10, provider=protected)
    assert await store.alarms() == {}
    await there.passes(provider=protected)
    sentence = (await store.alarms())["reap:fake"].sentence
    assert f"{machine.id}: it is protected" in sentence
    assert len(there.said("alarm.raised")) == 1
    await there.passes()
    assert await store.alarms() == {}
    assert there.on() == []


@fleet
async def test_each_pass_is_a_sign_of_life(there: Fleet) -> None:
    """Whoever asks sees when the machines were last compared, and that nobody does now (R5)."""
    assert await there.simulation.store().reaped() == {}
    await there.passes()
    first = (await there.simulation.store().reaped())["fake"]
    there.simulation.world.is_silent = True
    await there.passes(5)
    assert await there.simulation.store().reaped() == {"fake": first}
    there.simulation.world.is_silent = False
    await there.passes()
    assert (await there.simulation.store().reaped())["fake"] - first == timedelta(minutes=6)
