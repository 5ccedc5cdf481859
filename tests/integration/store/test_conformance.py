"""Every sentence of the port, on every store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId, Note
from jobsched.errors import (
    IdempotencyConflict,
    InvalidInput,
    NewerRecord,
    StaleWrite,
    UnknownJob,
    UnreadableRecord,
    WrongStore,
)
from jobsched.store.port import Alarm, Halted, Idempotency, Renewal, Store, Wake
from tests.integration.store import samples
from tests.integration.store.beds import Bed, MemoryBed
from tests.integration.store.samples import LEASE, decided

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
#: Short enough to be waited for on a real server, long enough for a few calls.
SHORT = timedelta(milliseconds=300)
#: Between two launches, where two begin in a second.
HALF = timedelta(milliseconds=500)


async def accepted(store: Store, *numbers: int, late: timedelta = SECOND) -> list[Job]:
    """Accept jobs that are due for that long, the first one for the longest."""
    now = await store.check()
    jobs = [samples.job(number) for number in numbers]
    for place, job in enumerate(jobs):
        await store.accept(job, look_again_at=now - late + timedelta(milliseconds=place))
    return jobs


async def claimed(store: Store, holder: str = "w1", *, most: int = 10) -> list[JobId]:
    """Claim; give the ids."""
    return [job.id for job in (await store.claim(holder, most=most, lease=LEASE)).jobs]


@asynccontextmanager
async def heard(store: Store) -> AsyncIterator[list[Wake]]:
    """Collect wakes; what was told by then is there when the block is left."""
    collected: list[Wake] = []
    ready = asyncio.Event()

    async def listen() -> None:
        async with aclosing(store.wakes()) as wakes:
            async for wake in wakes:
                collected.append(wake)
                ready.set()

    task = asyncio.create_task(listen())
    await asyncio.wait_for(ready.wait(), 2)
    collected.clear()
    yield collected
    await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def save(store: Store, before: Job, after: Job, **options: object) -> Job:
    """Save; give the job as it is stored."""
    settings: dict[str, object] = {"look_again_at": None, "facts": ["Some"]} | options
    return (await store.save(before, after, **settings)).job  # type: ignore[arg-type] # options


def noted(job: Job, text: str = "x") -> Job:
    """Change a job a little."""
    note = Note(at=samples.START, source="test", data={"text": text})
    return replace(job, notes=(*job.notes, note))


# Whose it is


async def test_check_gives_a_time_that_goes_on(bed: Bed) -> None:
    """The store's time is aware, in UTC and goes on."""
    first = await bed.store.check()
    await bed.pass_by(timedelta(milliseconds=5))
    assert first.utcoffset() == timedelta(0)
    assert await bed.store.check() > first


async def calls(store: Store) -> list[tuple[str, object]]:
    """Make every call once; give what each raised."""
    job = samples.job(1)
    at = samples.START
    change = Change(
        id="1-1", job=job.id, rev=0, at=at, was="", state="", reason="", attempt=0, facts=()
    )
    several = {
        "check": store.check(),
        "accept": store.accept(job, look_again_at=at),
        "read": store.read(job.id),
        "save": store.save(job, noted(job), look_again_at=at, facts=[]),
        "claim": store.claim("w", most=1, lease=LEASE),
        "renew": store.renew("w", [job.id], lease=LEASE),
        "release": store.release("w", job.id, look_again_at=at),
        "wake": store.wake(job.id),
        "list": store.list(),
        "slots": store.slots("fake"),
        "refill": store.refill("fake", Caps(alive=1)),
        "halt": store.halt("fake", why()),
        "resume": store.resume("fake", Caps(alive=1)),
        "halted": store.halted(),
        "hold_back": store.hold_back(job.id),
        "held_back": store.held_back(),
        "let_go": store.let_go(job.id),
        "waits_in_line": store.waits_in_line(job),
        "raise_alarm": store.raise_alarm("a", "look"),
        "clear_alarm": store.clear_alarm("a"),
        "alarms": store.alarms(),
        "suspect": store.suspect("fake", ["i-1"]),
        "permit": store.permit("reap:fake", within=LEASE),
        "use_permit": store.use_permit("reap:fake"),
        "see_reaper": store.see_reaper("fake"),
        "reaped": store.reaped(),
        "lock": store.lock("l", "w", lease=LEASE),
        "unlock": store.unlock("l", "w"),
        "bind": store.bind("b", "w"),
        "changes": store.changes("w", most=1, wait=timedelta(0)),
        "acknowledge": store.acknowledge([change]),
        "quarantine": store.quarantine(),
        "overdue": store.overdue(by=SECOND, most=1),
        "examine": store.examine(["fake"], most=1),
        "faults": store.faults([job.id]),
        "repair": store.repair(job.id),
        "past_retention": store.past_retention(most=1),
        "prune": store.prune([job.id]),
        "see_worker": store.see_worker("w", lease=LEASE),
        "workers": store.workers(),
    }
    answers = await asyncio.gather(*several.values(), return_exceptions=True)
    return list(zip(several, answers, strict=True))


async def test_an_emptied_store_is_refused_by_every_call(bed: Bed) -> None:
    """After FLUSHALL every call raises WrongStore, and nothing is written."""
    await accepted(bed.store, 1)
    await bed.empty()
    before = await bed.snapshot()
    for name, answer in await calls(bed.store):
        assert isinstance(answer, WrongStore), (name, answer)
    assert await bed.snapshot() == before


async def test_another_deployments_store_is_refused_by_every_call(bed: Bed) -> None:
    """Every call on a store of another deployment raises WrongStore, and nothing is written."""
    other = await bed.another("other")
    await accepted(bed.store, 1)
    before = await bed.snapshot()
    for name, answer in await calls(other):
        assert isinstance(answer, WrongStore), (name, answer)
    assert await bed.snapshot() == before


async def test_stamp_takes_an_empty_store_only(bed: Bed) -> None:
    """A store is stamped once; another deployment or secret is refused unless it is forced."""
    await bed.store.stamp("fingerprint")
    other = await bed.another("other")
    with pytest.raises(WrongStore):
        await other.stamp("fingerprint")
    with pytest.raises(WrongStore):
        await bed.store.stamp("another fingerprint")
    await other.stamp("fingerprint", force=True)
    await other.check()
    with pytest.raises(WrongStore):
        await bed.store.check()


# Accept and read


async def test_an_accepted_job_is_read_as_it_was(bed: Bed) -> None:
    """What was accepted is read, due and listed."""
    [job] = await accepted(bed.store, 1)
    assert await bed.store.read(job.id) == job
    assert [line.id for line in (await bed.store.list()).jobs] == [job.id]
    assert await claimed(bed.store) == [job.id]


async def test_the_same_key_and_body_give_the_same_job(bed: Bed) -> None:
    """A repeat with the same idempotency key gives the first job, and makes no second."""
    now = await bed.store.check()
    key = Idempotency(key="k", digest="d")
    first = await bed.store.accept(samples.job(1), look_again_at=now, idempotency=key)
    again = await bed.store.accept(samples.job(2), look_again_at=now, idempotency=key)
    assert (first.created, again.created) == (True, False)
    assert first.id == again.id
    assert len((await bed.store.list()).jobs) == 1


async def test_the_same_key_with_another_body_is_refused(bed: Bed) -> None:
    """Another body under a key of the last 24 hours is a conflict; nothing is written (A4)."""
    now = await bed.store.check()
    await bed.store.accept(
        samples.job(1), look_again_at=now, idempotency=Idempotency(key="k", digest="d")
    )
    other = Idempotency(key="k", digest="e")
    with pytest.raises(IdempotencyConflict):
        await bed.store.accept(samples.job(2), look_again_at=now, idempotency=other)
    with pytest.raises(UnknownJob):
        await bed.store.read(samples.job(2).id)
    await bed.day_goes_by()
    assert (await bed.store.accept(samples.job(2), look_again_at=now, idempotency=other)).created


async def test_the_same_id_again_changes_nothing(bed: Bed) -> None:
    """A repeated accept whose answer was lost gives the job, and does not write it anew."""
    [job] = await accepted(bed.store, 1)
    after = await save(bed.store, job, noted(job))
    again = await bed.store.accept(job, look_again_at=await bed.store.check())
    assert not again.created
    assert await bed.store.read(job.id) == after


async def test_an_unknown_job_is_unknown(bed: Bed) -> None:
    """Reading a job that is not there raises UnknownJob."""
    with pytest.raises(UnknownJob):
        await bed.store.read(JobId("nobody"))


async def test_a_newer_record_is_left_alone(bed: Bed) -> None:
    """A record of a newer schema is not read, claimed or counted as late, but listed."""
    jobs = await accepted(bed.store, 1, 2)
    await bed.renew_schema(jobs[0].id)
    with pytest.raises(NewerRecord):
        await bed.store.read(jobs[0].id)
    assert await claimed(bed.store) == [jobs[1].id]
    assert await bed.store.overdue(by=timedelta(0), most=10) == []
    assert await bed.store.quarantine() == []
    assert len((await bed.store.list()).jobs) == 2


async def test_a_broken_record_is_quarantined_when_it_is_read(bed: Bed) -> None:
    """Reading a broken record raises UnreadableRecord and puts it aside."""
    [job] = await accepted(bed.store, 1)
    await bed.spoil(job.id)
    with pytest.raises(UnreadableRecord):
        await bed.store.read(job.id)
    [found] = await bed.store.quarantine()
    assert found.id == job.id
    assert found.why
    assert list(await bed.store.overdue(by=timedelta(0), most=1)) == []
    assert (await bed.store.claim("w1", most=1, lease=LEASE)).next_in is None


async def test_a_document_of_another_time_is_quarantined(bed: Bed) -> None:
    """Who puts a record right from an older copy is told: no save of it could be done (Q11)."""
    first, second = await accepted(bed.store, 1, 2)
    for job in (first, second):
        older = await bed.spoil(job.id)
        await bed.spoil(job.id, older)
        await save(bed.store, job, noted(job), look_again_at=await bed.store.check())
        await bed.spoil(job.id, older)
    for look in (bed.store.read, bed.store.repair):
        with pytest.raises(UnreadableRecord, match=r"rev [1-9].* rev 0"):
            await look(first.id)
    assert await claimed(bed.store) == []
    assert {one.id for one in await bed.store.quarantine()} == {first.id, second.id}


async def test_one_broken_record_does_not_hold_the_others(bed: Bed) -> None:
    """Of a thousand due jobs one is broken: 999 are claimed and it is put aside."""
    jobs = await accepted(bed.store, *range(1000))
    await bed.spoil(jobs[10].id)
    found = await claimed(bed.store, most=500) + await claimed(bed.store, most=500)
    assert len(set(found)) == 999
    assert [one.id for one in await bed.store.quarantine()] == [jobs[10].id]
    assert (await bed.store.claim("w1", most=1, lease=LEASE)).jobs == ()


async def test_a_wake_takes_a_record_out_of_quarantine(bed: Bed) -> None:
    """A job in quarantine that is woken is tried again."""
    [job] = await accepted(bed.store, 1)
    await bed.spoil(job.id)
    assert await claimed(bed.store) == []
    await bed.store.wake(job.id)
    assert await bed.store.quarantine() == []
    assert await claimed(bed.store) == []
    assert len(await bed.store.quarantine()) == 1
    assert (await bed.store.claim("w1", most=1, lease=LEASE)).next_in is None


# Save


async def test_a_save_raises_the_revision(bed: Bed) -> None:
    """A saved record is read back with a higher revision."""
    [job] = await accepted(bed.store, 1)
    after = await save(bed.store, job, noted(job))
    assert after.rev > job.rev
    assert after == replace(noted(job), rev=after.rev)
    assert await bed.store.read(job.id) == after


async def test_no_revision_is_given_twice(bed: Bed) -> None:
    """Not even to the save that follows one which the store forgot: it would pass for it."""
    jobs = await accepted(bed.store, *range(10))
    revisions = [(await save(bed.store, job, noted(job))).rev for job in jobs]
    assert len(set(revisions)) == 10


async def test_a_save_of_a_changed_record_is_refused(bed: Bed) -> None:
    """A save on an older revision raises StaleWrite and writes nothing."""
    [job] = await accepted(bed.store, 1)
    after = await save(bed.store, job, noted(job))
    before = await bed.snapshot()
    with pytest.raises(StaleWrite):
        await save(bed.store, job, noted(job, "other"))
    assert await bed.snapshot() == before
    assert await bed.store.read(job.id) == after


async def test_a_record_that_has_ended_never_changes(bed: Bed) -> None:
    """A save on a terminal record raises StaleWrite, a wake does nothing; it is never due."""
    [job] = await accepted(bed.store, 1)
    ended = await save(bed.store, job, decided(job), look_again_at=await bed.store.check())
    with pytest.raises(StaleWrite):
        await save(bed.store, ended, noted(ended))
    await bed.store.wake(job.id)
    assert list(await bed.store.overdue(by=timedelta(0), most=1)) == []
    assert await claimed(bed.store) == []
    assert await bed.store.read(job.id) == ended


async def test_the_due_time_goes_with_a_save(bed: Bed) -> None:
    """A save sets when to look again: later, now, or never."""
    [job] = await accepted(bed.store, 1)
    now = await bed.store.check()
    job = await save(bed.store, job, noted(job), look_again_at=now + HOUR)
    found = await bed.store.claim("w1", most=1, lease=LEASE)
    assert found.jobs == ()
    assert found.next_in is not None
    assert HOUR - 2 * SECOND < found.next_in <= HOUR
    job = await save(bed.store, job, noted(job))
    assert (await bed.store.claim("w1", most=1, lease=LEASE)).next_in is None
    job = await save(bed.store, job, noted(job), look_again_at=now)
    assert (await bed.store.claim("w1", most=1, lease=LEASE)).jobs == (job,)


async def test_a_save_needs_the_lease_that_it_names(bed: Bed) -> None:
    """With a holder, a save without the lease raises StaleWrite: never had, or another's."""
    [job] = await accepted(bed.store, 1)
    with pytest.raises(StaleWrite):
        await save(bed.store, job, noted(job), holder="w1")
    await claimed(bed.store, "w1")
    with pytest.raises(StaleWrite):
        await save(bed.store, job, noted(job), holder="w2")
    assert (await save(bed.store, job, noted(job), holder="w1")).rev > job.rev


async def test_a_lease_that_is_over_is_nobodys(bed: Bed) -> None:
    """After its end a lease neither saves nor is renewed, and others get the job."""
    [job] = await accepted(bed.store, 1)
    await bed.store.claim("w1", most=1, lease=SHORT)
    assert await claimed(bed.store, "w2") == []
    await bed.pass_by(SHORT)
    with pytest.raises(StaleWrite):
        await save(bed.store, job, noted(job), holder="w1")
    assert (await bed.store.renew("w1", [job.id], lease=LEASE)).lost == {job.id}
    assert await claimed(bed.store, "w2") == [job.id]


async def test_a_save_keeps_the_lease_or_gives_it_up(bed: Bed) -> None:
    """A holder's save keeps the lease; with release the job is due when it was told."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    now = await bed.store.check()
    job = await save(bed.store, job, noted(job), holder="w1", look_again_at=now)
    assert await claimed(bed.store, "w2") == []
    job = await save(bed.store, job, noted(job), holder="w1", look_again_at=now, release=True)
    assert await claimed(bed.store, "w2") == [job.id]
    job = await save(
        bed.store, job, noted(job), holder="w2", look_again_at=now + HOUR, release=True
    )
    assert await claimed(bed.store, "w2") == []


async def test_a_fact_saved_during_a_lease_marks_the_job_dirty(bed: Bed) -> None:
    """A leased job that changes is not handed out; its holder is woken, and told at renewal."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    now = await bed.store.check()
    async with heard(bed.store) as wakes:
        job = await save(bed.store, job, noted(job), look_again_at=now)
    assert wakes == [Wake(job=job.id, holder="w1")]
    assert await claimed(bed.store, "w2") == []
    renewal = await bed.store.renew("w1", [job.id], lease=LEASE)
    assert renewal == Renewal(dirty=frozenset({job.id}), lost=frozenset())
    assert (await bed.store.renew("w1", [job.id], lease=LEASE)).dirty == frozenset()


async def test_a_dirty_job_that_is_released_by_a_save_is_due_now(bed: Bed) -> None:
    """A save that releases a dirty job makes it due now, whatever it was told."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    await bed.store.wake(job.id)
    now = await bed.store.check()
    job = await save(
        bed.store, job, noted(job), holder="w1", release=True, look_again_at=now + HOUR
    )
    assert await claimed(bed.store, "w2") == [job.id]
    assert (await bed.store.renew("w2", [job.id], lease=LEASE)).dirty == frozenset()


async def test_a_dirty_job_that_is_released_is_due_now(bed: Bed) -> None:
    """A release of a dirty job makes it due now; of a clean one, when it was told."""
    [job] = await accepted(bed.store, 1)
    now = await bed.store.check()
    await claimed(bed.store, "w1")
    await bed.store.wake(job.id)
    await bed.store.release("w1", job.id, look_again_at=now + HOUR)
    assert await claimed(bed.store, "w1") == [job.id]
    await bed.store.release("w1", job.id, look_again_at=now + HOUR)
    assert await claimed(bed.store, "w1") == []


async def test_a_release_by_another_does_nothing(bed: Bed) -> None:
    """Only the holder can give a lease up."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    await bed.store.release("w2", job.id, look_again_at=await bed.store.check())
    assert await claimed(bed.store, "w2") == []
    await bed.store.release("w1", job.id, look_again_at=None)
    assert (await bed.store.claim("w2", most=1, lease=LEASE)).next_in is None


async def test_a_job_that_ends_during_a_lease_wakes_the_holder(bed: Bed) -> None:
    """A job that ends while it is leased loses the lease, and the holder hears of it."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    async with heard(bed.store) as wakes:
        await save(bed.store, job, decided(job))
    assert wakes == [Wake(job=job.id, holder="w1")]
    assert (await bed.store.renew("w1", [job.id], lease=LEASE)).lost == {job.id}


async def test_only_the_holder_renews(bed: Bed) -> None:
    """A lease that another one holds is lost, and stays as it is."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    await bed.store.wake(job.id)
    assert (await bed.store.renew("w2", [job.id], lease=LEASE)).lost == {job.id}
    assert (await bed.store.renew("w1", [job.id], lease=LEASE)).dirty == {job.id}


async def test_renewing_prolongs(bed: Bed) -> None:
    """A renewed lease lasts from the renewal on; unknown jobs are lost."""
    [job] = await accepted(bed.store, 1)
    await bed.store.claim("w1", most=1, lease=SHORT)
    renewal = await bed.store.renew("w1", [job.id, JobId("nobody")], lease=LEASE)
    assert renewal.lost == {JobId("nobody")}
    await bed.pass_by(SHORT)
    assert await claimed(bed.store, "w2") == []


# Claim


async def test_a_claim_takes_the_longest_due_first(bed: Bed) -> None:
    """Claims give at most what was asked for, oldest first, each job once."""
    jobs = await accepted(bed.store, 3, 1, 2)
    found = await bed.store.claim("w1", most=2, lease=LEASE)
    assert found.jobs == (jobs[0], jobs[1])
    assert found.next_in == timedelta(0)
    found = await bed.store.claim("w2", most=2, lease=LEASE)
    assert found.jobs == (jobs[2],)
    assert found.next_in is not None
    assert LEASE - 5 * SECOND < found.next_in <= LEASE
    assert abs(found.now - await bed.store.check()) < SECOND


async def test_a_claim_of_nothing(bed: Bed) -> None:
    """An empty store gives no job and no time to the next one."""
    found = await bed.store.claim("w1", most=5, lease=LEASE)
    assert (found.jobs, found.next_in) == ((), None)


# Wakes


async def test_what_is_due_sooner_is_told(bed: Bed) -> None:
    """A wake is told where nothing was due sooner: by accept, save, release and wake, once each."""
    now = await bed.store.check()
    one, other = samples.job(1), samples.job(2)
    async with heard(bed.store) as wakes:
        await bed.store.accept(one, look_again_at=now + HOUR)
        await bed.store.accept(other, look_again_at=now + 2 * HOUR)
        await save(bed.store, other, noted(other), look_again_at=now + HOUR / 2)
    assert wakes == [Wake(due_at=now + HOUR), Wake(due_at=now + HOUR / 2)]
    async with heard(bed.store) as wakes:
        await bed.store.wake(one.id)
    [wake] = wakes
    assert wake.due_at is not None
    await claimed(bed.store, "w1", most=1)
    async with heard(bed.store) as wakes:
        await bed.store.release("w1", one.id, look_again_at=now)
    assert wakes == [Wake(due_at=now)]


async def test_a_wake_makes_a_job_due(bed: Bed) -> None:
    """A woken job is due now, though it was never to be looked at again; others are nothing."""
    now = await bed.store.check()
    job = samples.job(1)
    await bed.store.accept(job, look_again_at=now)
    await save(bed.store, job, noted(job))
    await bed.store.wake(job.id)
    await bed.store.wake(JobId("nobody"))
    assert await claimed(bed.store) == [job.id]


# Lists


async def test_lists_give_the_latest_schedule_first_by_state(bed: Bed) -> None:
    """A list is ordered by schedule, and can be one of a state, which changes with a save."""
    now = await bed.store.check()
    jobs = [samples.job(n, schedule=samples.START + n * SECOND, name=f"n{n}") for n in range(3)]
    for job in jobs:
        await bed.store.accept(job, look_again_at=now)
    await save(bed.store, jobs[1], decided(jobs[1]))
    page = await bed.store.list()
    assert [line.id for line in page.jobs] == [job.id for job in reversed(jobs)]
    assert [line.state for line in page.jobs] == ["scheduled", "finished", "scheduled"]
    assert page.jobs[0].schedule == jobs[2].spec.schedule
    assert page.jobs[0].name == "n2"
    assert page.next is None
    assert [line.id for line in (await bed.store.list(state="finished")).jobs] == [jobs[1].id]
    assert len((await bed.store.list(state="scheduled")).jobs) == 2
    assert (await bed.store.list(state="running")).jobs == ()


@pytest.mark.timeout(60)
async def test_ten_thousand_jobs_of_one_schedule_are_listed_once_each(bed: Bed) -> None:
    """Paging is exact, however many jobs share a schedule."""
    now = await bed.store.check()
    jobs = [samples.job(number) for number in range(10_000)]
    for start in range(0, len(jobs), 1000):
        several = jobs[start : start + 1000]
        await asyncio.gather(*(bed.store.accept(job, look_again_at=now) for job in several))
    seen: list[JobId] = []
    cursor: str | None = None
    while True:
        page = await bed.store.list(limit=700, cursor=cursor)
        seen += [line.id for line in page.jobs]
        if page.next is None:
            break
        cursor = page.next
    assert seen == sorted((job.id for job in jobs), reverse=True)


@pytest.mark.parametrize("cursor", ["x", "zz-1", "0000000000000000-\n", "0" * 16, "[" * 20])
async def test_a_cursor_that_is_not_ours_is_refused(bed: Bed, cursor: str) -> None:
    """A made-up cursor raises InvalidInput."""
    with pytest.raises(InvalidInput):
        await bed.store.list(cursor=cursor)


# Caps


async def test_slots_are_taken_and_freed_with_a_save(bed: Bed) -> None:
    """A launch holds a slot from the save that begins it to the one that knows it gone."""
    [job] = await accepted(bed.store, 1)
    job = await save(bed.store, job, samples.begun(job, "t1"), caps=Caps(alive=1))
    assert await bed.store.slots("fake") == {"t1": job.id}
    assert await bed.store.slots("other") == {}
    job = await save(bed.store, job, samples.provisioned(job))
    assert await bed.store.slots("fake") == {"t1": job.id}
    await save(bed.store, job, samples.gone(job))
    assert await bed.store.slots("fake") == {}


async def test_at_the_cap_nothing_is_saved_and_the_job_waits(bed: Bed) -> None:
    """At the cap the record stays, the lease is released, and the job is due when it was told."""
    one, other = await accepted(bed.store, 1, 2)
    await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    assert await claimed(bed.store, "w1") == [other.id]
    now = await bed.store.check()
    answer = await bed.store.save(
        other,
        samples.begun(other),
        look_again_at=now,
        facts=["Begun"],
        holder="w1",
        caps=Caps(alive=1),
        waiting_until=now + SHORT,
    )
    assert (answer.waiting, answer.job) == (True, other)
    assert await bed.store.read(other.id) == other
    assert len(await bed.store.slots("fake")) == 1
    assert (await bed.store.renew("w1", [other.id], lease=LEASE)).lost == {other.id}
    assert await claimed(bed.store, "w1") == []
    await bed.pass_by(SHORT)
    assert await claimed(bed.store, "w1") == [other.id]


async def test_a_dirty_job_that_meets_the_cap_is_due_now(bed: Bed) -> None:
    """A job that became dirty before it met the cap is looked at again at once."""
    one, other = await accepted(bed.store, 1, 2)
    await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    await claimed(bed.store, "w1")
    await bed.store.wake(other.id)
    await bed.store.save(
        other,
        samples.begun(other),
        look_again_at=None,
        facts=[],
        holder="w1",
        caps=Caps(alive=1),
        waiting_until=await bed.store.check() + HOUR,
    )
    assert await claimed(bed.store, "w2") == [other.id]


async def test_a_cap_met_by_another_leaves_the_lease_alone(bed: Bed) -> None:
    """Without a holder, a save that meets the cap does not take a lease from its holder."""
    one, other = await accepted(bed.store, 1, 2)
    await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    await claimed(bed.store, "w1")
    answer = await bed.store.save(
        other, samples.begun(other), look_again_at=None, facts=[], caps=Caps(alive=1)
    )
    assert answer.waiting
    assert (await bed.store.renew("w1", [other.id], lease=LEASE)).lost == frozenset()


async def test_a_leased_job_in_line_is_marked_dirty(bed: Bed) -> None:
    """A job in line that somebody holds when a slot is freed is looked at again after its lease."""
    one, other = await accepted(bed.store, 1, 2)
    one = await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    await save(bed.store, other, samples.begun(other), caps=Caps(alive=1))
    await bed.store.wake(other.id)
    await claimed(bed.store, "w1")
    await save(bed.store, one, samples.gone(one))
    assert (await bed.store.renew("w1", [other.id], lease=LEASE)).dirty == {other.id}


async def test_a_freed_slot_wakes_the_first_of_the_line(bed: Bed) -> None:
    """A freed slot wakes as many as fit, in the order of start_at, however they came."""
    caps = Caps(alive=2)
    first, second, *others = await accepted(bed.store, *range(5))
    now = await bed.store.check()
    first = await save(bed.store, first, samples.begun(first), caps=caps)
    second = await save(bed.store, second, samples.begun(second), caps=caps)
    for place, job in enumerate(others):
        start_at = samples.START + (3 - place) * SECOND
        others[place] = await save(bed.store, job, samples.planned(job, start_at=start_at))
    for job in others:
        answer = await bed.store.save(
            job,
            samples.begun(job),
            look_again_at=None,
            facts=[],
            caps=caps,
            waiting_until=now + HOUR,
        )
        assert answer.waiting
    assert await claimed(bed.store) == []
    async with heard(bed.store) as wakes:
        await save(bed.store, first, samples.gone(first))
    assert len(wakes) == 1
    assert await claimed(bed.store) == [others[2].id]
    await save(bed.store, others[2], samples.begun(others[2]), caps=caps)
    await save(bed.store, second, samples.gone(second))
    assert await claimed(bed.store) == [others[1].id]


async def test_a_save_takes_a_job_out_of_the_line(bed: Bed) -> None:
    """A job that was cancelled while it waited is not woken by a freed slot; the next one is."""
    caps = Caps(alive=1)
    one, two, three = await accepted(bed.store, 1, 2, 3)
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    await save(bed.store, two, samples.begun(two), caps=caps)
    await save(bed.store, three, samples.begun(three), caps=caps)
    await save(bed.store, two, noted(two))
    await save(bed.store, one, samples.gone(one))
    assert await claimed(bed.store) == [three.id]


async def test_a_launch_that_replaces_another_passes_the_cap(bed: Bed) -> None:
    """A save that frees a slot and takes one needs no other slot."""
    [job] = await accepted(bed.store, 1)
    caps = Caps(alive=1)
    job = await save(bed.store, job, samples.begun(job, "t1"), caps=caps)
    answer = await bed.store.save(
        job,
        samples.begun(samples.gone(job), "t2"),
        look_again_at=None,
        facts=[],
        caps=caps,
    )
    assert not answer.waiting
    assert set(await bed.store.slots("fake")) == {"t2"}


async def test_the_hourly_cap_does_not_count_what_was_refused(bed: Bed) -> None:
    """A refusal costs nothing: hours without capacity leave the whole cap to what comes after."""
    caps = Caps(hourly=1)
    one, two = await accepted(bed.store, 1, 2)
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    assert not await begins(bed.store, two, caps)
    await save(bed.store, one, samples.refused(one))
    assert await claimed(bed.store) == [two.id]
    assert await begins(bed.store, two, caps)


async def test_the_hourly_cap_counts_launches_that_are_gone(bed: Bed) -> None:
    """Launches of the last hour count, alive or not; as the hour goes on, refill wakes who fits."""
    caps = Caps(alive=10, hourly=2)
    one, two, three = await accepted(bed.store, 1, 2, 3)
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    await save(bed.store, one, samples.gone(one))
    await save(bed.store, two, samples.begun(two), caps=caps)
    answer = await bed.store.save(
        three, samples.begun(three), look_again_at=None, facts=[], caps=caps
    )
    assert answer.waiting
    assert await bed.store.refill("fake", caps) == 0
    assert await claimed(bed.store) == []
    await bed.hour_goes_by("fake")
    assert await bed.store.refill("fake", caps) == 1
    assert await bed.store.refill("fake", caps) == 0
    assert await claimed(bed.store) == [three.id]
    assert not (
        await bed.store.save(three, samples.begun(three), look_again_at=None, facts=[], caps=caps)
    ).waiting


# The pace of launches


async def begins(
    store: Store, job: Job, caps: Caps, *, until: timedelta | None = HOUR, holder: str = ""
) -> bool:
    """Begin a launch; give whether it may, else the job waits."""
    now = await store.check()
    answer = await store.save(
        job,
        samples.begun(job),
        look_again_at=now + HOUR,
        facts=[],
        holder=holder,
        caps=caps,
        waiting_until=None if until is None else now + until,
    )
    return not answer.waiting


async def test_launches_keep_to_the_pace(bed: Bed) -> None:
    """A second's worth begin at once; then one after another, each woken when its turn comes."""
    caps = Caps(per_second=2)
    jobs = await accepted(bed.store, *range(5))
    assert [await begins(bed.store, job, caps) for job in jobs] == [True] * 2 + [False] * 3
    for job in jobs[2:]:
        assert await claimed(bed.store) == []
        await bed.pass_by(HALF)
        assert await claimed(bed.store) == [job.id]
        assert await begins(bed.store, job, caps, holder="w1")
    assert len(await bed.store.slots("fake")) == 5


async def test_a_long_pause_saves_up_no_more_than_a_second(bed: Bed) -> None:
    """After a pause of many intervals no more may begin at once than at first."""
    caps = Caps(per_second=2)
    jobs = await accepted(bed.store, *range(6))
    assert [await begins(bed.store, job, caps) for job in jobs[:3]] == [True, True, False]
    await bed.pass_by(2 * SECOND)
    assert [await begins(bed.store, job, caps) for job in jobs[2:]] == [True, True, False, False]


async def test_a_pace_below_one_a_second_begins_one(bed: Bed) -> None:
    """However slow the pace, the first launch begins at once and the second has its turn."""
    caps = Caps(per_second=0.5)
    one, other = await accepted(bed.store, 1, 2)
    assert await begins(bed.store, one, caps)
    now = await bed.store.check()
    assert not await begins(bed.store, other, caps)
    next_in = (await bed.store.claim("w1", most=10, lease=LEASE)).next_in
    assert next_in is not None
    assert 1.5 * SECOND < next_in + (await bed.store.check() - now) <= 2.1 * SECOND


async def test_who_waits_for_the_pace_goes_in_the_order_of_start_at(bed: Bed) -> None:
    """The turns are given by start_at among all who wait, however they came."""
    caps = Caps(per_second=2)
    jobs = await accepted(bed.store, *range(4))
    for place in (2, 3):
        start_at = samples.START - place * SECOND
        jobs[place] = await save(
            bed.store,
            jobs[place],
            samples.planned(jobs[place], start_at=start_at),
            look_again_at=await bed.store.check() + HOUR,
        )
    assert [await begins(bed.store, job, caps) for job in jobs] == [True] * 2 + [False] * 2
    # the one that came first was given the first turn, and leaves it to the earlier one
    assert not await begins(bed.store, jobs[2], caps)
    await bed.pass_by(HALF)
    assert await claimed(bed.store) == [jobs[3].id]


async def test_a_job_that_waits_for_the_pace_is_due_when_it_was_told(bed: Bed) -> None:
    """Its turn does not put off what it needs before: it is due at the earlier of both times."""
    caps = Caps(per_second=0.001)
    one, other, third = await accepted(bed.store, 1, 2, 3)
    assert await begins(bed.store, one, caps)
    assert not await begins(bed.store, other, caps, until=SHORT)
    assert not await begins(bed.store, third, caps, until=None)
    # nor does a refill, which gives turns anew
    await bed.store.refill("fake", caps)
    assert await claimed(bed.store) == []
    await bed.pass_by(SHORT)
    assert await claimed(bed.store) == [other.id]


async def test_a_freed_slot_wakes_nobody_who_waits_for_the_pace(bed: Bed) -> None:
    """Who waits for the pace alone has a turn of its own: no slot that is freed wakes the line."""
    caps = Caps(alive=10, per_second=0.001)
    one, *others = await accepted(bed.store, *range(4))
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    for job in others:
        assert not await begins(bed.store, job, caps)
    await save(bed.store, one, samples.gone(one))
    assert await bed.store.refill("fake", caps) == 0
    assert await claimed(bed.store) == []


async def test_a_launch_that_no_slot_is_free_for_uses_up_no_pace(bed: Bed) -> None:
    """A job that a cap refuses waits for the slot; once there is one the pace is still there."""
    caps = Caps(alive=1, per_second=0.001)
    one, other = await accepted(bed.store, 1, 2)
    one = await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    assert not await begins(bed.store, other, caps)
    await save(bed.store, one, samples.gone(one))
    assert await claimed(bed.store) == [other.id]
    assert await begins(bed.store, other, caps, holder="w1")


async def test_a_save_takes_a_job_out_of_the_line_for_the_pace(bed: Bed) -> None:
    """Who left the line is not counted in the turns of those who join it later."""
    caps = Caps(per_second=2)
    jobs = await accepted(bed.store, *range(5))
    assert [await begins(bed.store, job, caps) for job in jobs] == [True] * 2 + [False] * 3
    for job in jobs[2:4]:
        await save(bed.store, job, noted(job))
    assert not await begins(bed.store, jobs[4], caps)
    await bed.pass_by(HALF)
    assert await claimed(bed.store) == [jobs[4].id]


async def test_a_refill_lets_move_up_who_waits_for_the_pace(bed: Bed) -> None:
    """Where others have left the line, those behind them get an earlier turn."""
    caps = Caps(per_second=2)
    jobs = await accepted(bed.store, *range(5))
    assert [await begins(bed.store, job, caps) for job in jobs] == [True] * 2 + [False] * 3
    for job in jobs[2:4]:
        await save(bed.store, job, noted(job))
    await bed.pass_by(HALF)
    assert await claimed(bed.store) == []
    async with heard(bed.store) as wakes:
        assert await bed.store.refill("fake", caps) == 0
    assert [wake.due_at is not None for wake in wakes] == [True]
    assert await claimed(bed.store) == [jobs[4].id]


async def test_without_a_pace_nobody_waits_for_one(bed: Bed) -> None:
    """Where the pace was taken out of the configuration, a refill wakes who still waits for it."""
    one, other = await accepted(bed.store, 1, 2)
    assert await begins(bed.store, one, Caps(per_second=0.001))
    assert not await begins(bed.store, other, Caps(per_second=0.001))
    await bed.store.refill("fake", Caps())
    assert await claimed(bed.store) == [other.id]
    assert await begins(bed.store, other, Caps(), holder="w1")


async def test_a_dirty_job_that_meets_the_pace_is_due_now(bed: Bed) -> None:
    """A job that became dirty before it met the pace is looked at again at once."""
    caps = Caps(per_second=0.001)
    one, other = await accepted(bed.store, 1, 2)
    assert await begins(bed.store, one, caps)
    await claimed(bed.store, "w1")
    await bed.store.wake(other.id)
    assert not await begins(bed.store, other, caps, holder="w1")
    assert await claimed(bed.store, "w2") == [other.id]


async def test_a_pace_met_by_another_leaves_the_lease_alone(bed: Bed) -> None:
    """Without a holder, a save that meets the pace does not take a lease from its holder."""
    caps = Caps(per_second=0.001)
    one, other = await accepted(bed.store, 1, 2)
    assert await begins(bed.store, one, caps)
    assert await claimed(bed.store, "w1") == [other.id]
    assert not await begins(bed.store, other, caps)
    assert (await bed.store.renew("w1", [other.id], lease=LEASE)).lost == frozenset()
    # nor does a refill
    await bed.store.refill("fake", Caps())
    assert await claimed(bed.store, "w2") == []


async def test_a_job_waits_in_one_line_at_a_time(bed: Bed) -> None:
    """Who waited for the pace and then meets a cap waits for a slot, and the other way round."""
    pace, cap = Caps(alive=5, per_second=0.001), Caps(alive=1)
    one, other = await accepted(bed.store, 1, 2)
    one = await save(bed.store, one, samples.begun(one), caps=pace)
    assert not await begins(bed.store, other, pace)
    assert not await begins(bed.store, other, cap)
    await bed.store.refill("fake", cap)
    assert await claimed(bed.store) == []
    assert not await begins(bed.store, other, pace)
    await save(bed.store, one, samples.gone(one))
    assert await claimed(bed.store) == []
    assert not await begins(bed.store, other, Caps(alive=0))
    assert await bed.store.refill("fake", Caps(alive=1)) == 1
    assert await claimed(bed.store) == [other.id]


# Halted providers


def why(number: int = 1) -> Halted:
    """Give a reason to halt."""
    job = samples.job(number).id
    return Halted(reason="configuration", message="no such image", job=job, at=samples.START)


async def test_the_first_halt_stays(bed: Bed) -> None:
    """Who halts a provider that is halted is told by whom; the first reason is kept, and shown."""
    assert await bed.store.halted() == {}
    assert await bed.store.halt("fake", why(1)) == why(1)
    assert await bed.store.halt("fake", why(2)) == why(1)
    assert await bed.store.halt("other", why(3)) == why(3)
    assert await (await bed.another()).halted() == {"fake": why(1), "other": why(3)}
    await bed.store.resume("fake", Caps())
    assert await bed.store.halted() == {"other": why(3)}
    assert await bed.store.halt("fake", why(2)) == why(2)


async def test_an_alarm_stays_until_it_is_cleared(bed: Bed) -> None:
    """The time at which it was raised first is kept, with its last sentence, for all to see."""
    before = await bed.store.check()
    assert await bed.store.alarms() == {}
    assert await bed.store.raise_alarm("reap:fake", "3 machines; look")
    [first] = (await bed.store.alarms()).values()
    assert before <= first.at <= await bed.store.check()
    await bed.pass_by(timedelta(milliseconds=5))
    assert not await (await bed.another()).raise_alarm("reap:fake", "7 µ machines; look")
    assert await bed.store.raise_alarm("quarantine", "one")
    told = await (await bed.another()).alarms()
    assert list(told) == ["quarantine", "reap:fake"]
    assert told["reap:fake"] == Alarm(sentence="7 µ machines; look", at=first.at)


async def test_a_cleared_alarm_can_be_raised_anew(bed: Bed) -> None:
    """It is forgotten, and another one is not; who clears it is told whether there was one."""
    await bed.store.raise_alarm("a", "look")
    await bed.store.raise_alarm("b", "look")
    assert await bed.store.clear_alarm("a")
    assert not await bed.store.clear_alarm("a")
    assert list(await bed.store.alarms()) == ["b"]
    assert await bed.store.raise_alarm("a", "look")


# The reaper


async def test_a_suspect_is_kept_as_long_as_it_is_one(bed: Bed) -> None:
    """Since when is told by whoever names it again; who is left out is forgotten."""
    begun = await bed.store.check()
    first = await bed.store.suspect("fake", ["i-1", "i-2"])
    assert set(first) == {"i-1", "i-2"}
    assert begun <= min(first.values()) <= max(first.values()) <= await bed.store.check()
    await bed.pass_by(timedelta(milliseconds=5))
    second = await (await bed.another()).suspect("fake", ["i-3", "i-2"])
    assert second["i-2"] == first["i-2"] < second["i-3"]
    third = await bed.store.suspect("fake", ["i-1", "i-2", "i-3"])
    assert third == {**second, "i-1": third["i-1"]}
    assert third["i-1"] >= second["i-3"] > first["i-1"]
    assert await bed.store.suspect("fake", []) == {}
    assert (await bed.store.suspect("fake", ["i-2"]))["i-2"] > first["i-2"]


async def test_lists_of_suspects_are_apart(bed: Bed) -> None:
    """A provider's list says nothing of another's."""
    first = await bed.store.suspect("fake", ["i-1"])
    await bed.pass_by(timedelta(milliseconds=5))
    other = await bed.store.suspect("other", ["i-1"])
    assert other["i-1"] > first["i-1"]
    assert await bed.store.suspect("fake", ["i-1"]) == first


async def test_many_suspects_are_one_list(bed: Bed) -> None:
    """More than a script can be given on Lua's own stack."""
    many = [f"i-{number}" for number in range(9000)]
    assert list(await bed.store.suspect("fake", many)) == many


async def test_a_permit_is_used_once(bed: Bed) -> None:
    """Whoever asks first has it; it is one thing's, and the last word counts."""
    assert not await bed.store.use_permit("reap:fake")
    await bed.store.permit("reap:fake", within=LEASE)
    await bed.store.permit("reap:fake", within=LEASE)
    assert not await bed.store.use_permit("reap:other")
    assert await (await bed.another()).use_permit("reap:fake")
    assert not await bed.store.use_permit("reap:fake")


async def test_a_permit_is_over_after_its_time(bed: Bed) -> None:
    """Nobody is surprised by a word of yesterday."""
    await bed.store.permit("reap:fake", within=timedelta(milliseconds=20))
    await bed.pass_by(timedelta(milliseconds=30))
    assert not await bed.store.use_permit("reap:fake")


async def test_the_last_pass_of_the_reaper_is_known(bed: Bed) -> None:
    """For each provider, by the store's clock."""
    assert await bed.store.reaped() == {}
    before = await bed.store.check()
    await bed.store.see_reaper("fake")
    await bed.pass_by(timedelta(milliseconds=5))
    await bed.store.see_reaper("other")
    first = await (await bed.another()).reaped()
    assert before <= first["fake"] < first["other"]
    await bed.pass_by(timedelta(milliseconds=5))
    await bed.store.see_reaper("fake")
    assert (await bed.store.reaped())["fake"] > first["other"]


async def test_a_halted_provider_begins_nothing(bed: Bed) -> None:
    """Jobs wait in line as at a cap; neither a freed slot nor a refill wakes them."""
    caps = Caps(alive=5)
    one, two, three = await accepted(bed.store, 1, 2, 3)
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    await bed.store.halt("fake", why())
    assert not await begins(bed.store, two, caps)
    assert await claimed(bed.store) == [three.id]
    assert not await begins(bed.store, three, caps, holder="w1")
    await save(bed.store, one, samples.gone(one))
    assert await bed.store.refill("fake", caps) == 0
    assert await claimed(bed.store) == []
    assert await bed.store.slots("fake") == {}


async def test_a_launch_that_would_replace_another_waits_too(bed: Bed) -> None:
    """Also a save that frees the slot that it takes begins nothing while the provider is halted."""
    [job] = await accepted(bed.store, 1)
    job = await save(bed.store, job, samples.begun(job, "t1"))
    await bed.store.halt("fake", why())
    assert not await begins(bed.store, samples.gone(job), Caps())
    assert set(await bed.store.slots("fake")) == {"t1"}


async def test_a_halt_is_of_one_provider(bed: Bed) -> None:
    """The jobs of other providers go on."""
    [job] = await accepted(bed.store, 1)
    await bed.store.halt("other", why())
    assert not await bed.store.waits_in_line(job)
    assert await begins(bed.store, job, Caps(alive=1))


async def test_what_is_no_launch_is_saved_while_a_provider_is_halted(bed: Bed) -> None:
    """What is known of machines that are on is saved, and so is their end."""
    [job] = await accepted(bed.store, 1)
    job = await save(bed.store, job, samples.begun(job), caps=Caps())
    await bed.store.halt("fake", why())
    job = await save(bed.store, job, samples.provisioned(job))
    await save(bed.store, job, samples.gone(job))
    assert await bed.store.slots("fake") == {}


async def test_a_resume_wakes_as_many_as_fit(bed: Bed) -> None:
    """The first of the line are due, as many as slots are free; the others wait for slots."""
    caps = Caps(alive=2)
    jobs = await accepted(bed.store, *range(4))
    await bed.store.halt("fake", why())
    for job in reversed(jobs):
        assert not await begins(bed.store, job, caps)
    async with heard(bed.store) as wakes:
        assert await bed.store.resume("fake", caps) == 2
    assert len(wakes) == 1
    assert await bed.store.resume("fake", caps) == 0
    assert await claimed(bed.store) == [jobs[0].id, jobs[1].id]
    first = await save(bed.store, jobs[0], samples.begun(jobs[0]), caps=caps)
    await save(bed.store, jobs[1], samples.begun(jobs[1]), caps=caps)
    await save(bed.store, first, samples.gone(first))
    assert await claimed(bed.store) == [jobs[2].id]


async def test_a_resume_of_one_that_is_not_halted_does_no_harm(bed: Bed) -> None:
    """It wakes who fits, as a refill does, and keeps to the caps."""
    one, other = await accepted(bed.store, 1, 2)
    await save(bed.store, one, samples.begun(one), caps=Caps(alive=1))
    assert not await begins(bed.store, other, Caps(alive=1))
    assert await bed.store.resume("fake", Caps(alive=1)) == 0
    assert await bed.store.resume("fake", Caps(alive=2)) == 1
    assert await claimed(bed.store) == [other.id]


async def test_nobody_waits_for_a_provider_that_is_not_halted(bed: Bed) -> None:
    """The question changes nothing: the lease stays, and so does the time."""
    [job] = await accepted(bed.store, 1)
    await claimed(bed.store, "w1")
    before = await bed.snapshot()
    assert not await bed.store.waits_in_line(job, holder="w1", waiting_until=samples.START)
    assert await bed.snapshot() == before


async def test_who_finds_no_room_waits_before_it_asks(bed: Bed) -> None:
    """A cap is reached: the job joins the line, and a freed slot wakes it, as after a save."""
    caps = Caps(alive=1)
    one, other = await accepted(bed.store, 1, 2)
    one = await save(bed.store, one, samples.begun(one), caps=caps)
    await claimed(bed.store, "w1")
    later = await bed.store.check() + HOUR
    assert await bed.store.waits_in_line(other, caps=caps, holder="w1", waiting_until=later)
    assert await claimed(bed.store) == []
    await save(bed.store, one, samples.gone(one))
    assert await claimed(bed.store, "w1") == [other.id]
    assert not await bed.store.waits_in_line(other, caps=caps, holder="w1")


async def test_who_gives_a_slot_up_finds_room_for_another(bed: Bed) -> None:
    """At the cap, the slot that is given up in the same save counts; of the hour nothing does."""
    [job] = await accepted(bed.store, 1)
    job = await save(bed.store, job, samples.begun(job), caps=Caps(alive=1, hourly=1))
    assert not await bed.store.waits_in_line(job, caps=Caps(alive=1), freed=1)
    assert await bed.store.waits_in_line(job, caps=Caps(alive=1))
    assert await bed.store.waits_in_line(job, caps=Caps(alive=1, hourly=1), freed=1)


async def test_who_finds_the_pace_used_up_waits_for_its_turn(bed: Bed) -> None:
    """The turn is that of a save which found the pace used up."""
    caps = Caps(per_second=1)
    one, two, three = await accepted(bed.store, 1, 2, 3)
    assert await begins(bed.store, one, caps)
    assert await bed.store.waits_in_line(two, caps=caps)
    assert await bed.store.waits_in_line(three, caps=caps)
    assert await claimed(bed.store) == []
    await bed.pass_by(SECOND)
    assert await claimed(bed.store) == [two.id]
    assert not await bed.store.waits_in_line(two, caps=caps)
    await bed.pass_by(SECOND)
    assert await claimed(bed.store) == [three.id]


async def test_a_job_waits_for_the_resume(bed: Bed) -> None:
    """Its lease is given up, it is due when it was told, and a resume wakes it sooner."""
    one, other = await accepted(bed.store, 1, 2)
    await bed.store.halt("fake", why())
    await claimed(bed.store, "w1")
    now = await bed.store.check()
    assert await bed.store.waits_in_line(one, holder="w1", waiting_until=now + SHORT)
    assert await bed.store.waits_in_line(other, holder="w1", waiting_until=now + HOUR)
    assert (await bed.store.renew("w1", [one.id, other.id], lease=LEASE)).lost == {one.id, other.id}
    assert await bed.store.read(one.id) == one
    assert await claimed(bed.store, "w1") == []
    await bed.pass_by(SHORT)
    assert await claimed(bed.store, "w1") == [one.id]
    assert await bed.store.resume("fake", Caps()) == 1
    assert await claimed(bed.store, "w1") == [other.id]


async def test_who_waits_for_the_resume_must_hold_the_job_as_it_is(bed: Bed) -> None:
    """A lease that is lost, a record that has changed or has ended: decide anew."""
    one, two, three = await accepted(bed.store, 1, 2, 3)
    await bed.store.halt("fake", why())
    await claimed(bed.store, "w1")
    with pytest.raises(StaleWrite):
        await bed.store.waits_in_line(one, holder="w2")
    await save(bed.store, two, noted(two))
    with pytest.raises(StaleWrite):
        await bed.store.waits_in_line(two, holder="w1")
    ended = await save(bed.store, three, decided(three))
    with pytest.raises(StaleWrite):
        await bed.store.waits_in_line(ended)
    with pytest.raises(StaleWrite):
        await bed.store.waits_in_line(samples.job(4))
    assert await bed.store.resume("fake", Caps()) == 0


async def test_a_dirty_job_that_meets_a_halt_is_due_now(bed: Bed) -> None:
    """A job that became dirty before it met the halt is looked at again at once."""
    [job] = await accepted(bed.store, 1)
    await bed.store.halt("fake", why())
    await claimed(bed.store, "w1")
    await bed.store.wake(job.id)
    assert await bed.store.waits_in_line(job, holder="w1")
    assert await claimed(bed.store, "w2") == [job.id]


async def test_a_halt_met_by_another_leaves_the_lease_alone(bed: Bed) -> None:
    """Without a holder, who meets a halt does not take a lease from its holder."""
    [job] = await accepted(bed.store, 1)
    await bed.store.halt("fake", why())
    await claimed(bed.store, "w1")
    assert await bed.store.waits_in_line(job, waiting_until=samples.START)
    assert await claimed(bed.store, "w2") == []
    assert (await bed.store.renew("w1", [job.id], lease=LEASE)).lost == frozenset()


async def test_who_waited_for_the_pace_waits_for_the_resume(bed: Bed) -> None:
    """A job is in one line: once it has met the halt, its turn no longer wakes it."""
    caps = Caps(per_second=0.001)
    one, other = await accepted(bed.store, 1, 2)
    assert await begins(bed.store, one, caps)
    assert not await begins(bed.store, other, caps)
    await bed.store.halt("fake", why())
    later = await bed.store.check() + HOUR
    assert await bed.store.waits_in_line(other, waiting_until=later)
    await bed.store.refill("fake", Caps())
    assert await claimed(bed.store) == []
    assert await bed.store.resume("fake", Caps()) == 1


# Locks and workers


async def test_a_lock_has_one_holder(bed: Bed) -> None:
    """A lock is taken, renewed, given up by its holder only, and ends by itself."""
    store = bed.store
    assert await store.lock("l", "w1", lease=LEASE)
    assert await store.lock("l", "w1", lease=LEASE)
    assert not await store.lock("l", "w2", lease=LEASE)
    assert await store.lock("other", "w2", lease=LEASE)
    await store.unlock("l", "w2")
    assert not await store.lock("l", "w2", lease=LEASE)
    await store.unlock("l", "w1")
    assert await store.lock("l", "w2", lease=SHORT)
    await bed.pass_by(SHORT)
    assert await store.lock("l", "w1", lease=LEASE)


async def test_what_is_bound_first_stays(bed: Bed) -> None:
    """A value is kept under its name for good; a later one only learns of it."""
    assert await bed.store.bind("host:local", "here") == "here"
    assert await bed.store.bind("host:local", "there") == "here"
    assert await bed.store.bind("host:other", "there") == "there"


async def test_workers_that_live_are_known(bed: Bed) -> None:
    """A worker is known until its lease ends."""
    await bed.store.see_worker("w2", lease=LEASE)
    await bed.store.see_worker("w1", lease=SHORT)
    assert await bed.store.workers() == ["w1", "w2"]
    await bed.pass_by(SHORT)
    assert await bed.store.workers() == ["w2"]


# Changes


async def test_each_change_is_told_once_until_it_lies_too_long(bed: Bed) -> None:
    """A change goes to one consumer; unacknowledged for a minute, it goes to another."""
    [job] = await accepted(bed.store, 1)
    began = await save(bed.store, job, samples.begun(job), facts=["Begun", "Other"])
    ended = await save(bed.store, began, samples.gone(decided(began)), facts=["Ended"])
    now = timedelta(0)
    first, *others = await bed.store.changes("c1", most=10, wait=now)
    assert (first.was, first.state, first.rev, first.facts) == ("", "scheduled", 0, ())
    assert [change.rev for change in others] == [began.rev, ended.rev]
    assert (others[0].was, others[0].state) == ("scheduled", "provisioning")
    assert (others[0].facts, others[0].attempt) == (("Begun", "Other"), 1)
    assert (others[1].state, others[1].reason) == ("finished", "finished")
    assert others[0].job == job.id
    assert abs(others[0].at - await bed.store.check()) < 5 * SECOND
    assert await bed.store.changes("c2", most=10, wait=now) == []
    await bed.store.acknowledge([first])
    await bed.changes_lie()
    assert await bed.store.changes("c2", most=10, wait=now) == others
    await bed.store.acknowledge(others)
    await bed.changes_lie()
    assert await bed.store.changes("c1", most=10, wait=now) == []


async def test_changes_are_waited_for(bed: Bed) -> None:
    """Who waits for a change gets it when it happens, and nothing when the wait is over."""
    assert await bed.store.changes("c", most=1, wait=timedelta(milliseconds=20)) == []
    waiting = asyncio.create_task(bed.store.changes("c", most=1, wait=5 * SECOND))
    await asyncio.sleep(0.05)
    await accepted(bed.store, 1)
    [change] = await asyncio.wait_for(waiting, 2)
    assert change.job == samples.job(1).id


async def test_most_bounds_the_changes(bed: Bed) -> None:
    """No more changes are given than asked for; the rest comes next."""
    await accepted(bed.store, 1, 2, 3)
    told = [await bed.store.changes("c", most=2, wait=timedelta(0)) for _ in range(3)]
    assert [len(changes) for changes in told] == [2, 1, 0]
    await bed.changes_lie()
    await accepted(bed.store, 4, 5)
    first = await bed.store.changes("c", most=3, wait=timedelta(0))
    assert [change.job for change in first] == [samples.job(number).id for number in (1, 2, 3)]
    assert len(await bed.store.changes("c", most=9, wait=timedelta(0))) == 2


# What is late, and what is over


async def test_a_store_says_whether_it_forgets(bed: Bed) -> None:
    """One in memory keeps what it has; the tests' shared server has no file (P1)."""
    assert await bed.store.syncs_each_write() == isinstance(bed, MemoryBed)


async def test_overdue_jobs_are_found(bed: Bed) -> None:
    """Jobs whose due time, or lease, passed that long ago are found, the latest of all first."""
    jobs = await accepted(bed.store, 1, 2, late=10 * SECOND)
    await accepted(bed.store, 3, late=timedelta(0))
    found = await bed.store.overdue(by=5 * SECOND, most=10)
    assert list(found) == [job.id for job in jobs]
    assert list(await bed.store.overdue(by=5 * SECOND, most=1)) == [jobs[0].id]
    await claimed(bed.store)
    assert list(await bed.store.overdue(by=timedelta(0), most=10)) == []


async def test_ended_jobs_are_forgotten_after_their_retention(bed: Bed) -> None:
    """A job is kept for its retention, then every trace of it goes."""
    store = await bed.another(retention=SHORT)
    one, other = await accepted(store, 1, 2)
    await save(store, one, decided(one))
    assert list(await store.past_retention(most=10)) == []
    assert list(await store.prune([one.id, other.id])) == []
    assert (await store.read(one.id)).id == one.id
    await bed.pass_by(SHORT)
    assert list(await store.past_retention(most=10)) == [one.id]
    assert list(await store.prune([one.id, other.id])) == [one.id]
    assert list(await store.past_retention(most=10)) == []
    assert list(await store.prune([one.id, other.id])) == []
    with pytest.raises(UnknownJob):
        await store.read(one.id)
    assert [line.id for line in (await store.list()).jobs] == [other.id]
    assert (await store.list(state="finished")).jobs == ()
    assert await store.read(other.id) == other
