"""Indexes that contradict records are found and rebuilt, on every store."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId
from jobsched.errors import UnreadableRecord
from jobsched.store.port import Fault, Store
from tests.integration.store import samples
from tests.integration.store.beds import Bed, RedisBed
from tests.integration.store.damage import KINDS, STRAY
from tests.integration.store.samples import LEASE

HOUR = timedelta(hours=1)
ONE = Caps(alive=1)


async def accepted(store: Store, number: int) -> Job:
    """Accept a job that is due in an hour."""
    job = samples.job(number)
    await store.accept(job, look_again_at=await store.check() + HOUR)
    return job


async def saved(store: Store, before: Job, after: Job, *, caps: Caps | None = None) -> Job:
    """Save a change; the job is due in an hour."""
    later = await store.check() + HOUR
    answer = await store.save(
        before, after, look_again_at=later, facts=[], caps=caps, waiting_until=later
    )
    return answer.job


async def stage(store: Store) -> dict[str, Job]:
    """Have one job for each thing that can be done to it."""
    jobs = {kind: await accepted(store, number) for number, kind in enumerate(KINDS)}
    jobs["ended"] = await saved(store, jobs["ended"], samples.decided(jobs["ended"]))
    for kind in ("slot", "record"):
        jobs[kind] = await saved(store, jobs[kind], samples.begun(jobs[kind]))
    jobs["line"] = await saved(store, jobs["line"], samples.begun(jobs["line"]), caps=ONE)
    return jobs


async def found(store: Store, *, most: int = 500) -> list[Fault]:
    """Give all faults, page by page."""
    faults: list[Fault] = []
    cursor = ""
    for _ in range(100):
        page = await store.examine(["fake"], most=most, cursor=cursor, everything=True)
        faults += page.faults
        cursor = page.cursor
        if not cursor:
            return faults
    raise AssertionError("it does not end")


async def is_due(store: Store, job: JobId) -> bool:
    """Whether a job is due now."""
    return bool((await store.claim("looks", most=1, lease=LEASE, only=job)).jobs)


async def test_nothing_is_wrong_where_nothing_happened(bed: Bed) -> None:
    """Waiting, leased, ended, quarantined and newer records are as they should be."""
    jobs = await stage(bed.store)
    await bed.store.wake(jobs["due"].id)
    assert await is_due(bed.store, jobs["due"].id)
    await bed.spoil(jobs["record"].id)
    with pytest.raises(UnreadableRecord):
        await bed.store.read(jobs["record"].id)
    await bed.renew_schema(jobs["state"].id)
    assert await found(bed.store) == []
    assert await bed.store.faults([job.id for job in jobs.values()]) == ()
    before = await bed.snapshot()
    for kind in KINDS.keys() - {"record"}:
        assert await bed.store.repair(jobs[kind].id) == (), kind
    with pytest.raises(UnreadableRecord):
        await bed.store.repair(jobs["record"].id)
    assert await bed.snapshot() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_a_damaged_index_is_found_and_rebuilt(bed: Bed, kind: str) -> None:
    """Each kind of damage is found and named, and gone after one repair (A7)."""
    jobs = await stage(bed.store)
    job = jobs[kind].id
    await bed.damage(kind, job)
    faults = [one for one in await found(bed.store) if one.job == job]
    assert {one.why for one in faults} == {KINDS[kind]}
    for fault in faults:
        await bed.store.repair(job, place=fault.place, provider=fault.provider, token=fault.token)
    assert await found(bed.store) == []
    assert await bed.store.faults([one.id for one in jobs.values()]) == (
        (Fault(job=job, why="record"),) if kind == "record" else ()
    )


async def test_a_job_without_a_due_time_is_due_at_once(bed: Bed) -> None:
    """It was forgotten for who knows how long, so it is looked at now (A7)."""
    job = await accepted(bed.store, 1)
    await bed.damage("due", job.id)
    assert await bed.store.repair(job.id) == ("due",)
    assert await is_due(bed.store, job.id)


async def test_a_leased_job_without_a_due_time_stays_its_holders(bed: Bed) -> None:
    """It is due when the lease ends, and its holder is told."""
    job = await accepted(bed.store, 1)
    await bed.store.wake(job.id)
    assert await is_due(bed.store, job.id)
    await bed.damage("due", job.id)
    await bed.store.repair(job.id)
    assert not await is_due(bed.store, job.id)
    assert await bed.store.faults([job.id]) == ()
    assert (await bed.store.renew("looks", [job.id], lease=LEASE)).dirty == {job.id}


async def test_a_slot_that_no_record_holds_is_freed(bed: Bed) -> None:
    """The next of the line is woken, as by any other slot that is freed."""
    holds, waits = [await accepted(bed.store, number) for number in (1, 2)]
    await bed.damage("stray slot", holds.id)
    assert (await saved(bed.store, waits, samples.begun(waits), caps=ONE)).attempt is None
    assert not await is_due(bed.store, waits.id)
    async with aclosing(bed.store.wakes()) as wakes:
        await anext(wakes)
        assert await bed.store.repair(holds.id, token=STRAY) == ("slots",)
        told = await asyncio.wait_for(anext(wakes), 5)
    assert told.due_at
    assert STRAY not in await bed.store.slots("fake")
    assert await is_due(bed.store, waits.id)


async def test_a_repair_looks_at_no_slot_of_others(redis_bed: RedisBed) -> None:
    """A provider without a cap may have as many as it likes: the fault says which one it is."""
    holds, other = [await accepted(redis_bed.store, number) for number in (1, 2)]
    await saved(redis_bed.store, other, samples.begun(other))
    await redis_bed.damage("stray slot", holds.id)
    [fault] = await found(redis_bed.store)
    assert (fault.job, fault.token) == (holds.id, STRAY)
    await redis_bed.raw.config_resetstat()
    await redis_bed.store.repair(fault.job, provider=fault.provider, token=fault.token)
    assert "cmdstat_hgetall" not in await redis_bed.raw.info("commandstats")
    assert STRAY not in await redis_bed.store.slots("fake")


async def test_a_repair_frees_what_the_record_said_before(redis_bed: RedisBed) -> None:
    """A record that is put right may hold a slot less than its hash says."""
    job = await accepted(redis_bed.store, 1)
    await redis_bed.damage("stray slot", job.id)
    await cast("Any", redis_bed.raw).hset(f"jobsched:job:{job.id}", "slots", STRAY)
    await redis_bed.store.repair(job.id)
    assert await redis_bed.store.slots("fake") == {}


async def test_a_slot_of_a_record_that_is_not_there_is_freed(bed: Bed) -> None:
    """Its provider is told by the fault."""
    job = await accepted(bed.store, 1)
    await saved(bed.store, job, samples.begun(job))
    await bed.damage("record", job.id)
    faults = await found(bed.store)
    assert {(one.why, one.provider) for one in faults} >= {("record", "fake")}
    for fault in faults:
        await bed.store.repair(
            job.id, place=fault.place, provider=fault.provider, token=fault.token
        )
    assert await bed.store.slots("fake") == {}
    assert (await bed.store.list()).jobs == ()


async def test_a_slot_that_a_record_holds_is_taken_again(bed: Bed) -> None:
    """Or the cap would be passed."""
    job = await accepted(bed.store, 1)
    begun = await saved(bed.store, job, samples.begun(job))
    await bed.damage("slot", job.id)
    assert await bed.store.slots("fake") == {}
    await bed.store.repair(job.id)
    assert begun.attempt
    assert await bed.store.slots("fake") == {begun.attempt.launches[0].token: job.id}


async def test_a_job_that_fell_out_of_its_line_is_due_at_once(bed: Bed) -> None:
    """It asks anew, and joins the line again if it has to."""
    first, second = [await accepted(bed.store, number) for number in (1, 2)]
    await saved(bed.store, first, samples.begun(first), caps=ONE)
    await saved(bed.store, second, samples.begun(second), caps=ONE)
    await bed.damage("line", second.id)
    await bed.store.repair(second.id)
    assert await is_due(bed.store, second.id)


async def test_a_job_that_left_its_line_is_as_it_should_be(bed: Bed) -> None:
    """By a save of whatever kind, and by being put aside."""
    first, second, third = [await accepted(bed.store, number) for number in (1, 2, 3)]
    await saved(bed.store, first, samples.begun(first), caps=ONE)
    for one in (second, third):
        await saved(bed.store, one, samples.begun(one), caps=ONE)
    await saved(bed.store, second, samples.planned(second))
    await bed.spoil(third.id)
    with pytest.raises(UnreadableRecord):
        await bed.store.read(third.id)
    assert await found(bed.store) == []


async def test_an_ended_job_is_forgotten_in_time_again(bed: Bed) -> None:
    """Whose end is not indexed would be kept for ever."""
    store = await bed.another(retention=timedelta(0))
    job = await accepted(store, 1)
    await saved(store, job, samples.decided(job))
    await bed.damage("ended", job.id)
    assert list(await store.past_retention(most=9)) == []
    await store.repair(job.id)
    await bed.pass_by(timedelta(milliseconds=1))
    assert list(await store.past_retention(most=9)) == [job.id]


@pytest.mark.parametrize("most", [1, 2, 3])
async def test_every_entry_is_looked_at_page_by_page(bed: Bed, most: int) -> None:
    """However small the pages are, all that is damaged is found."""
    jobs = [await accepted(bed.store, number) for number in range(9)]
    for job in jobs:
        await bed.damage("due", job.id)
    assert {one.job for one in await found(bed.store, most=most)} == {job.id for job in jobs}


async def test_who_looks_next_goes_on_where_the_last_one_stopped(bed: Bed) -> None:
    """Two workers look at every job once between them, and then begin anew."""
    jobs = [await accepted(bed.store, number) for number in range(4)]
    for job in jobs:
        await bed.damage("due", job.id)
    stores = [bed.store, await bed.another()]
    seen: list[JobId] = []
    for turn in range(20):
        page = await stores[turn % 2].examine(["fake"], most=1)
        seen += [one.job for one in page.faults]
        if not page.cursor:
            break
    assert seen == [job.id for job in jobs]
    assert [one.job for one in (await bed.store.examine(["fake"], most=1)).faults] == seen[:1]


async def test_a_record_that_can_be_read_again_is_due(bed: Bed) -> None:
    """It leaves the quarantine, as one that was put there by mistake does."""
    job = await accepted(bed.store, 1)
    document = await bed.spoil(job.id)
    with pytest.raises(UnreadableRecord):
        await bed.store.read(job.id)
    await bed.spoil(job.id, document)
    assert set(await bed.store.repair(job.id)) == {"due", "quarantine"}
    assert await bed.store.quarantine() == []
    assert await is_due(bed.store, job.id)


async def test_what_was_put_right_meanwhile_is_not_quarantined(bed: Bed) -> None:
    """Whoever found a record broken puts aside only that one (Q11)."""
    # Only where reading and putting aside are two steps can something come between.
    job = await accepted(bed.store, 1)
    whole_one = await bed.snapshot()
    set_aside = getattr(bed.store, "set_aside", None)
    if set_aside is None:
        return
    await set_aside(job.id, b"what was broken before", UnreadableRecord("broken"))
    assert await bed.snapshot() == whole_one


async def test_a_record_that_is_no_hash_is_quarantined(redis_bed: RedisBed) -> None:
    """Whoever reads it is told, and it is found among the index entries until it is put aside."""
    job = await accepted(redis_bed.store, 1)
    await redis_bed.raw.delete(f"jobsched:job:{job.id}")
    await redis_bed.raw.set(f"jobsched:job:{job.id}", "x")
    assert {one.why for one in await found(redis_bed.store)} == {"record"}
    with pytest.raises(UnreadableRecord):
        await redis_bed.store.read(job.id)
    assert [one.id for one in await redis_bed.store.quarantine()] == [job.id]
    assert await found(redis_bed.store) == []
