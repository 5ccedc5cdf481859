"""A store forgets its last second: all of it, and nothing else."""

from __future__ import annotations

import asyncio
from contextvars import copy_context
from dataclasses import replace
from datetime import timedelta

import pytest

from jobsched.domain import facts
from jobsched.domain.job import Container, Job, JobId
from jobsched.errors import StoreUnavailable, UnknownJob
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Idempotency
from jobsched.store.world import World
from jobsched.testing.fakes import FakeContainer, FakeMachine
from jobsched.testing.simulator.books import IS_LATE
from jobsched.testing.simulator.lossy import AWAY, EVERY, LAST, LOST, Lossy, copy_of, put_back
from jobsched.testing.simulator.promise.machines import EXCUSED
from jobsched.testing.simulator.promise.starts import OVER
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run
from tests.unit.domain.example import ALWAYS, HOUR, a_job, known, told
from tests.unit.testing.simulator.scene import Scene

ONCE = Idempotency(key="key", digest="digest")
LEASE = timedelta(seconds=30)
#: what is told of what happens, and no part of what is kept
HEARD = {"listeners", "changed"}


async def a_store(world: World) -> MemoryStore:
    """Give a connection to a store that has a job."""
    store = MemoryStore(lambda: HOUR, world=world, through_codec=False)
    await store.stamp("a")
    await store.accept(a_job(), look_again_at=HOUR, idempotency=ONCE)
    return store


def content(world: World) -> str:
    """Give everything that is stored, as a text; revisions go on, as Redis' numbers do."""
    return repr(
        {name: getattr(world, name) for name in World.__slots__ if name not in {*HEARD, "saves"}}
    )


async def test_everything_is_as_it_was() -> None:
    """Whatever a worker, a sweep and a reaper wrote is forgotten; what was before is there."""
    world = World()
    store = await a_store(world)
    await store.logs().write(JobId("job"), 1, 0, b"before")
    before, kept = content(world), copy_of(world)
    (job,) = (await store.claim("me", most=1, lease=LEASE)).jobs
    after = known(job, told(facts.Planned), told(facts.Begun))
    await store.save(job, after, look_again_at=HOUR, facts=["Begun"], holder="me")
    await store.accept(replace(a_job(), id=JobId("other")), look_again_at=HOUR)
    await store.lock("sweep", "me", lease=LEASE)
    await store.suspect("a", ["m-1"])
    await store.changes("me", most=10, wait=LEASE)
    await store.logs().write(JobId("job"), 1, 6, b"after")
    assert content(world) != before
    put_back(world, kept)
    assert content(world) == before


async def test_what_was_accepted_is_gone_with_its_key() -> None:
    """A user who asks again with the same key gets a job."""
    world = World()
    store = MemoryStore(lambda: HOUR, world=world, through_codec=False)
    await store.stamp("a")
    kept = copy_of(world)
    await store.accept(a_job(), look_again_at=HOUR, idempotency=ONCE)
    put_back(world, kept)
    with pytest.raises(UnknownJob):
        await store.read(a_job().id)
    again = replace(a_job(), id=JobId("again"))
    accepted = await store.accept(again, look_again_at=HOUR, idempotency=ONCE)
    assert (accepted.id, accepted.created) == ("again", True)


def test_now_and_then_and_away_for_a_while() -> None:
    """Connections break, and calls fail until it is back; who watches knows no more than it."""

    async def story() -> tuple[list[JobId], int]:
        scene, clock, lost = Scene(), VirtualClock(), list[JobId]()
        weather = Weather(1, clock.monotonic)
        store = scene.store()
        heard = asyncio.ensure_future(_hear(store))
        lossy = Lossy(scene.promises, weather, clock, scene.history, lost.append)
        losing = asyncio.ensure_future(lossy.run())
        number = 0
        while not lost:
            number += 1
            scene.saved(replace(a_job(), id=JobId(f"job{number}")))
            await clock.sleep(0.25)
        with pytest.raises(StoreUnavailable):
            await store.check()
        assert scene.promises.sight.jobs.keys() == scene.world.records.keys()
        assert clock.monotonic() >= EVERY[0]
        await clock.sleep(AWAY[1])
        await store.check()
        await heard
        losing.cancel()
        assert scene.broken == []
        return lost, weather.faults[LOST]

    lost, times = run(story())
    assert times >= 1
    assert 1 <= len(lost) <= LAST / 0.25 + 1


def test_what_was_forgotten_is_forgiven() -> None:
    """Who gave a machine back by a save that is forgotten broke nothing."""
    scene = Scene()
    planned = known(a_job(), told(facts.Planned))
    for job in (planned, known(planned, told(facts.Begun))):
        scene.saved(job)
    machine = scene.launched("token-1-1")
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    scene.saved(known(planned, told(facts.Begun), told(facts.Released)))
    put_back(scene.world, kept)
    assert scene.promises.forget(known_of_it) == []
    scene.promises.is_told_to_end(machine, "a test")
    assert scene.broken == []
    assert scene.promises.money.extra == {}
    scene.clock.advance(EXCUSED + 1)
    scene.promises.is_told_to_end(machine, "a test")
    assert scene.broken == ["right machine"]


def test_a_cancel_that_was_forgotten_is_counted() -> None:
    """Its user may be told of it yet; of a cancel that was in no record nobody may be told."""
    scene, one, other = Scene(), a_job(), replace(a_job(), id=JobId("other"))
    for job in (one, other):
        scene.saved(job)
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    scene.saved(known(one, told(facts.CancelRequested)))
    put_back(scene.world, kept)
    assert scene.promises.forget(known_of_it) == []
    assert scene.promises.money.lost_cancels == 1
    scene.promises.cancelled(one.id)
    assert scene.broken == []
    scene.promises.cancelled(other.id)
    assert scene.broken == ["cancel heard"]


def test_a_record_that_cannot_be_read_is_not_forgotten() -> None:
    """Its job is not lost with the last second, and is known as it was."""
    scene = Scene()
    job = scene.saved(a_job())
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    kept["records"][job.id].document = b"[]"
    put_back(scene.world, kept)
    assert scene.promises.forget(known_of_it) == []
    assert scene.promises.sight.jobs == {job.id: job}


def test_ends_that_were_forgotten_are_counted() -> None:
    """A job that had ended goes on; one that ends for the first time is none of them."""
    scene = Scene()
    scene.saved(a_job())
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    cancelled = known(a_job(), facts.CancelRequested(at=HOUR))
    scene.saved(cancelled)
    put_back(scene.world, kept)
    scene.promises.forget(known_of_it)
    assert scene.promises.money.undone_ends == 1
    scene.saved(cancelled)
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    put_back(scene.world, kept)
    scene.promises.forget(known_of_it)
    assert scene.promises.money.undone_ends == 1
    assert scene.broken == []


def test_a_launch_that_was_forgotten_may_come_again() -> None:
    """Its machine is no extra one if the record asks for it again, with the same token."""
    assert _forgotten(again=True) == {}
    assert _forgotten(again=False) == {"its launch was forgotten": 1}


def _forgotten(*, again: bool) -> dict[str, int]:
    scene, job = Scene(), known(a_job(), told(facts.Planned))
    scene.saved(job)
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    begun: Job = known(job, told(facts.Begun))
    scene.saved(begun)
    put_back(scene.world, kept)
    scene.promises.forget(known_of_it)
    machine = scene.launched("token-1-1")
    if again:
        scene.saved(begun)
    scene.books.end(machine)
    assert scene.broken == []
    return scene.promises.money.extra


GRANTED = (facts.Planned, facts.Begun, facts.Provisioned, facts.Ready, facts.Prepared)


def _started_and_forgotten(
    *more: type, runs: bool = True
) -> tuple[Scene, FakeMachine, FakeContainer]:
    """Let a store forget a start, and all but some facts before it; or one that was not made."""
    scene, job = Scene(), a_job(retry=ALWAYS)
    created = Container(name="jobsched-job-1-1", id="c")
    jobs = [job := known(job, told(kind, container=created)) for kind in GRANTED]  # type: ignore[arg-type]  # facts
    for one in jobs[: 4 + len(more)]:
        scene.saved(one, was=None if scene.promises.sight.jobs else "")
    machine = scene.launched("token-1-1")
    kept, known_of_it = copy_of(scene.world), scene.promises.kept()
    if not more:
        scene.saved(jobs[-1])
    scene.saved(known(job, told(facts.StartGranted)))
    name = created.name
    container = scene.started(name, code=0) if runs else FakeContainer(name=name, id=name)
    put_back(scene.world, kept)
    scene.promises.forget(known_of_it)
    return scene, machine, container


@pytest.mark.parametrize("kept", [(), (facts.Prepared,)])
def test_another_start_than_a_late_one_could_be_prevented(kept: tuple[type, ...]) -> None:
    """No limit: whatever is forgotten, and though the machine is gone."""
    scene, machine, _ = _started_and_forgotten(*kept)
    scene.books.end(machine)
    scene.started("jobsched-job-1-2")
    assert "one start" in scene.broken


def late(scene: Scene, container: FakeContainer) -> None:
    """Start it when nobody waits for that any more."""
    context = copy_context()
    context.run(IS_LATE.set, True)  # noqa: FBT003 - a context's own
    context.run(scene.books.note_start, container)


def test_a_start_that_comes_late_could_not_be_known() -> None:
    """A limit: it was sent under a grant that was forgotten, and its container has run since."""
    scene, _, container = _started_and_forgotten(facts.Prepared)
    late(scene, container)
    assert scene.broken == []
    assert scene.promises.money.limits == {"a start of a forgotten grant came late": 1}
    late(scene, container)
    assert "one start" in scene.broken


@pytest.mark.parametrize("name", ["jobsched-job-1-1-1", "jobsched-job-1-2"])
def test_a_late_start_of_another_container_could_be_known(name: str) -> None:
    """No limit: it was sent under another grant, which nobody has forgotten."""
    scene, _, _ = _started_and_forgotten(facts.Prepared)
    other = FakeContainer(name=name, id=name)
    late(scene, other)
    assert scene.broken == ["one start"]
    late(scene, other)
    assert scene.broken == ["one start", "one start"]


def test_a_start_that_comes_later_than_any_could_be_known() -> None:
    """No limit: an excuse has an end."""
    scene, _, container = _started_and_forgotten(facts.Prepared)
    scene.clock.advance(OVER + 1)
    late(scene, container)
    assert "one start" in scene.broken


def test_another_container_beside_it_could_be_known() -> None:
    """No limit: the machine is there, and the container on it tells that it ran."""
    scene, _, _ = _started_and_forgotten(facts.Prepared)
    scene.started("jobsched-job-1-1-1")
    assert "one start" in scene.broken


async def _hear(store: MemoryStore) -> None:
    with pytest.raises(StoreUnavailable):
        async for _ in store.wakes():
            pass


def test_a_start_that_was_made_again_could_be_known() -> None:
    """No limit: a look would have shown that the container has run."""
    scene, _, container = _started_and_forgotten(facts.Prepared)
    scene.books.note_start(container)
    assert "one start" in scene.broken
