"""A store that was put back from a backup lets in only who opens it afterwards, on every store."""

from contextlib import aclosing
from datetime import timedelta

import pytest

from jobsched.errors import UnreadableRecord, WrongStore
from jobsched.store.port import Wake
from tests.integration.store import samples
from tests.integration.store.beds import Bed, RedisBed
from tests.integration.store.test_conformance import accepted, calls, claimed

SECRET = "fingerprint"


async def test_who_opened_it_before_is_refused_by_every_call(bed: Bed) -> None:
    """Who knew the records before the restore does nothing any more, and is told why (R9)."""
    old = await bed.another()
    await accepted(bed.store, 1)
    await bed.store.begin_restore("a")
    await bed.store.end_restore()
    before = await bed.snapshot()
    for name, answer in await calls(old):
        assert isinstance(answer, WrongStore), (name, answer)
        assert "start the process again" in answer.message, (name, answer)
    assert await bed.snapshot() == before
    with pytest.raises(WrongStore):
        await old.stamp(SECRET)
    new = await bed.another()
    await new.check()
    assert await claimed(new) == [samples.job(1).id]


async def test_each_restore_refuses_those_of_the_one_before(bed: Bed) -> None:
    """A backup that brings an older epoch back does not let those of a later one in (R9)."""
    await bed.store.begin_restore("a")
    await bed.store.end_restore()
    later = await bed.another()
    await bed.store.begin_restore("b")
    await bed.store.end_restore()
    with pytest.raises(WrongStore, match="restored from a backup"):
        await later.check()


async def test_nobody_is_let_in_until_it_is_put_right(bed: Bed) -> None:
    """Who opens it meanwhile is refused by every call, and is let in at the end (R9)."""
    await bed.store.begin_restore("a")
    waiting = await bed.another()
    before = await bed.snapshot()
    for name, answer in await calls(waiting):
        assert isinstance(answer, WrongStore), (name, answer)
        assert "`jobsched restore`" in answer.message
    assert await bed.snapshot() == before
    await bed.store.end_restore()
    await waiting.check()


async def test_force_does_not_end_a_restore(bed: Bed) -> None:
    """`jobsched init --store --force` leaves a store alone that is not put right yet (R9)."""
    await bed.store.begin_restore("a")
    waiting = await bed.another()
    with pytest.raises(WrongStore, match="`jobsched restore`"):
        await waiting.stamp(SECRET, force=True)
    await bed.store.check()
    await bed.store.end_restore()
    await waiting.check()
    await waiting.stamp(SECRET)
    await bed.store.check()


async def test_after_a_crash_another_one_puts_it_right(bed: Bed) -> None:
    """The one that began last is the only one that goes on (R9)."""
    await bed.store.begin_restore("a")
    second = await bed.another()
    await second.begin_restore("b")
    with pytest.raises(WrongStore):
        await bed.store.check()
    with pytest.raises(WrongStore):
        await bed.store.end_restore()
    await second.end_restore()
    await (await bed.another()).check()


async def test_another_deployment_restores_nothing(bed: Bed) -> None:
    """Whose the store is not, he does not call his (R9)."""
    other = await bed.another("other")
    for call in (other.begin_restore("a"), other.end_restore()):
        with pytest.raises(WrongStore, match="belongs to"):
            await call
    await bed.store.check()
    await bed.empty()
    for call in (bed.store.begin_restore("a"), bed.store.end_restore()):
        with pytest.raises(WrongStore, match="empty: nothing was put back"):
            await call


async def test_who_is_held_back_is_neither_read_nor_claimed(bed: Bed) -> None:
    """Whatever takes the job out of quarantine, until it is let go (R9)."""
    [job] = await accepted(bed.store, 1)
    await bed.store.hold_back(job.id)
    [(held, since)] = (await bed.store.held_back()).items()
    assert held == job.id
    await bed.pass_by(timedelta(milliseconds=1))
    await bed.store.hold_back(job.id)
    assert await bed.store.held_back() == {job.id: since}
    for look in (bed.store.read, bed.store.repair):
        with pytest.raises(UnreadableRecord, match="restored from a backup"):
            await look(job.id)
        await bed.store.wake(job.id)
        assert await claimed(bed.store) == []
        assert [one.id for one in await bed.store.quarantine()] == [job.id]
    assert await bed.store.read(job.id, held_back=True) == job
    await bed.store.let_go(job.id)
    await bed.store.let_go(job.id)
    assert await bed.store.held_back() == {}
    assert "quarantine" in await bed.store.repair(job.id)
    assert await claimed(bed.store) == [job.id]


async def test_wakes_are_heard_after_a_restore(bed: Bed) -> None:
    """Those of the new epoch wake each other."""
    await bed.store.begin_restore("a")
    await bed.store.end_restore()
    new = await bed.another()
    async with aclosing(new.wakes()) as wakes:
        assert await anext(wakes) == Wake()
        now = await bed.store.check()
        await bed.store.accept(samples.job(1), look_again_at=now)
        assert (await anext(wakes)).due_at == now


async def test_another_secret_restores_nothing(redis_bed: RedisBed) -> None:
    """Its tokens would be others than those of the machines that are on."""
    store = await redis_bed.another(fingerprint="another")
    with pytest.raises(WrongStore, match="another secret"):
        await store.begin_restore("a")
    await redis_bed.store.check()


async def test_a_version_that_knows_no_epochs_is_refused(redis_bed: RedisBed) -> None:
    """It says the deployment alone, and would overlook that a job is held back (R9)."""
    store = await redis_bed.another()
    await redis_bed.store.begin_restore("a")
    await redis_bed.store.end_restore()
    assert await redis_bed.raw.get("jobsched:deployment") == "d/a"
    with pytest.raises(WrongStore):
        await store.check()
