"""Random sequences of calls do the same in memory and in Redis."""

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId, Note
from jobsched.errors import JobschedError
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Halted, Idempotency, Store
from jobsched.store.redis import RedisStore
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed

JOBS = 4
HOUR = timedelta(hours=1)
jobs = st.integers(0, JOBS - 1)
holders = st.sampled_from(["w1", "w2"])
#: Past and future are far apart, as the two clocks are not the same.
dues = st.sampled_from([None, -HOUR, -2 * HOUR, HOUR])
#: A pace so slow that between the two clocks nobody's turn comes.
PACED = Caps(alive=3, per_second=0.0001)
caps = st.sampled_from([None, Caps(alive=1), Caps(alive=2, hourly=3), PACED])
changes = st.sampled_from(["note", "plan", "begin", "gone", "decide"])
leases = st.sampled_from([timedelta(hours=2)])
step = st.one_of(
    st.tuples(st.just("accept"), jobs, dues, st.sampled_from([None, "k1", "k2"])),
    st.tuples(
        st.just("save"),
        *[jobs, changes, st.booleans(), dues, st.sampled_from(["", "", "w1", "w2"])],
        *[st.booleans(), caps, dues],
    ),
    st.tuples(st.just("claim"), holders, st.integers(1, 3), leases),
    st.tuples(st.just("renew"), holders, st.lists(jobs, max_size=3), leases),
    st.tuples(st.just("release"), holders, jobs, dues),
    st.tuples(st.just("wake"), jobs),
    st.tuples(st.just("repair"), jobs),
    st.tuples(st.just("refill"), st.sampled_from([Caps(alive=1), Caps(alive=3), PACED])),
    st.tuples(st.just("halt"), jobs),
    st.tuples(st.just("resume"), st.sampled_from([Caps(alive=1), Caps(alive=3)])),
    st.tuples(
        st.just("wait"),
        jobs,
        st.sampled_from([Caps(), Caps(alive=1), PACED]),
        st.sampled_from(["", "w1", "w2"]),
        dues,
    ),
    st.tuples(st.just("lock"), holders),
    st.tuples(st.just("unlock"), holders),
    st.tuples(st.just("changes"), holders),
    st.tuples(st.just("prune")),
)


def changed(job: Job, how: str) -> Job:
    """Change a job in one of the ways that touch different indexes."""
    match how:
        case "plan":
            return samples.planned(job) if job.attempt is None else job
        case "begin":
            return samples.begun(job)
        case "gone" if job.attempt and job.attempt.launches:
            return samples.gone(job)
        case "decide":
            return samples.decided(job)
        case _:
            return replace(job, notes=(Note(at=samples.START, source="s", data={}),))


async def take(store: Store, now: datetime, read: dict[JobId, Job], call: tuple[Any, ...]) -> Any:
    """Make one call; give what can be seen of its answer."""

    def at(due: timedelta | None) -> datetime | None:
        return None if due is None else now + due

    def name(number: int) -> JobId:
        return samples.job(number).id

    match call:
        case "accept", number, due, key:
            idempotency = Idempotency(key=key, digest=str(number)) if key else None
            job = samples.job(number)
            return await store.accept(
                job, look_again_at=now + (due or HOUR), idempotency=idempotency
            )
        case "save", number, how, fresh, due, holder, release, limits, waiting:
            before = read.get(name(number), samples.job(number))
            if fresh:
                before = read[before.id] = await store.read(before.id)
            saved = await store.save(
                before,
                changed(before, how),
                look_again_at=at(due),
                facts=[how],
                holder=holder,
                release=release,
                caps=limits,
                waiting_until=at(waiting),
            )
            # the numbers of revisions are each store's own
            assert saved.waiting or saved.job.rev > before.rev
            return replace(saved, job=replace(saved.job, rev=0))
        case "claim", holder, most, lease:
            found = await store.claim(holder, most=most, lease=lease)
            # Which of several that were woken "now" is first depends on the clock.
            return len(found.jobs), found.next_in is None
        case "renew", holder, numbers, lease:
            return await store.renew(holder, [name(one) for one in numbers], lease=lease)
        case "release", holder, number, due:
            return await store.release(holder, name(number), look_again_at=at(due))
        case "wake", number:
            return await store.wake(name(number))
        case "repair", number:
            return await store.repair(name(number))
        case "refill", limits:
            return await store.refill("fake", limits)
        case "halt", number:
            halted = Halted(reason="r", message="", job=name(number), at=samples.START)
            return await store.halt("fake", halted)
        case "resume", limits:
            return await store.resume("fake", limits)
        case "wait", number, limits, holder, due:
            job = read.get(name(number), samples.job(number))
            return await store.waits_in_line(job, caps=limits, holder=holder, waiting_until=at(due))
        case "lock", holder:
            return await store.lock("l", holder, lease=HOUR)
        case "unlock", holder:
            return await store.unlock("l", holder)
        case "changes", holder:
            told = await store.changes(holder, most=2, wait=timedelta(0))
            return [replace(change, id="", at=now, rev=0) for change in told]
        case _:
            return await store.prune(await store.past_retention(most=10))


async def seen(store: Store, now: datetime, read: dict[JobId, Job], call: tuple[Any, ...]) -> Any:
    """Make a call; give its answer or its error, and all that can be seen afterwards."""
    try:
        answer = await take(store, now, read, call)
    except JobschedError as error:
        answer = type(error)
    lists = [await store.list(state=state) for state in [None, "scheduled", "finished"]]
    late = await store.overdue(by=HOUR / 2, most=10)
    looked = await store.examine(["fake"], most=500, cursor="", everything=True)
    wrong = {(one.job, one.why) for one in looked.faults}
    # what was saved without a due time is the one thing that these calls can do wrong
    assert {why for _, why in wrong} <= {"due"}, (call, wrong)
    return answer, lists, await store.slots("fake"), await store.halted(), sorted(late), wrong


@pytest.mark.timeout(60)
@given(calls=st.lists(step, max_size=25))
@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_both_stores_do_the_same(redis_url: str, calls: list[tuple[Any, ...]]) -> None:
    """Whatever is called in whatever order, both stores answer and show the same."""
    asyncio.run(compare(redis_url, calls))


async def compare(url: str, calls: list[tuple[Any, ...]]) -> None:
    """Make the calls on both."""
    bed = RedisBed(url)
    await bed.raw.flushall()
    real = await RedisStore.open(url, "d")
    try:
        await real.stamp("f")
        # The order of jobs that are due "now" is that of the calls, in both.
        now = await real.check()
        passed = [0]

        def clock() -> datetime:
            passed[0] += 1
            return now + timedelta(microseconds=passed[0])

        memory = MemoryStore(clock, deployment="d")
        await memory.stamp("f")
        read_there: dict[JobId, Job] = {}
        read_here: dict[JobId, Job] = {}
        for call in calls:
            there = await seen(real, now, read_there, call)
            here = await seen(memory, now, read_here, call)
            assert here == there, call
    finally:
        await real.close()
        await bed.close()
