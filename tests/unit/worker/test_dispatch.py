"""The dispatch loop in virtual time: what it claims, when it looks, and what it lets go."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.engine.parts import Parts
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Claimed, Renewal, Store
from jobsched.testing.simulator import Simulation, earliest_start, violations
from jobsched.testing.virtual_time import VirtualClock, run
from jobsched.worker.dispatch import BEGIN, BESIDE_CLAIM, LONGEST_SLEEP, Pace
from tests.unit.worker.crew import (
    Heard,
    Watched,
    a_world,
    at_work,
    parts_of,
    put_away,
    seen_in,
    store_of,
)


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's story in virtual time."""
    run(work)


def test_no_more_jobs_than_free_hands() -> None:
    """A worker with two hands holds two jobs at a time, whatever is due, and all end."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=10)
        mine = parts_of(simulation)
        jobs = [await simulation.schedule() for _ in range(6)]
        async with at_work(mine, Pace(hands=2, claim=500)):
            await simulation.ended(*jobs)
        assert prepare.most_at_once == 2
        assert violations(simulation, [await simulation.job(job) for job in jobs]) == []

    soon(story())


def test_a_wake_while_claiming_takes_no_more_than_free_hands() -> None:
    """Woken while its claim is under way, a worker counts the jobs of that claim as in hand."""

    async def story() -> None:
        simulation = await a_world()
        mine = parts_of(simulation)
        prepare = Watched(simulation.runner, "prepare", lasts=10)
        jobs = [await simulation.schedule() for _ in range(8)]
        async with at_work(replace(mine, store=cast("Store", _Rousing(store_of(mine)))), _two()):
            await simulation.ended(*jobs)
        assert prepare.most_at_once == 2

    soon(story())


def test_more_that_is_due_than_one_claim_takes_is_claimed_at_once() -> None:
    """A claim that leaves due jobs behind is followed by the next, not by the longest sleep."""

    async def story() -> None:
        simulation = await a_world()
        # no wake may help: the pause after a claim alone decides
        simulation.wakes = lambda: 0
        provision = Watched(simulation.provider, "provision")
        jobs = [await simulation.schedule() for _ in range(8)]
        async with at_work(parts_of(simulation), Pace(hands=100, claim=2)):
            await simulation.ended(*jobs)
        assert len(provision.began) == 8
        assert max(provision.began) - min(provision.began) < 1

    soon(story())


def test_the_next_claim_does_not_wait_for_the_work_of_the_last() -> None:
    """Of a burst all is claimed and decided while the first jobs begin, and each begins once."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        offers = Watched(simulation.provider, "offers", lasts=5)
        crowd, claims = await _a_crowd(simulation, 90, offers)
        async with at_work(crowd, Pace(hands=100, claim=30)):
            await simulation.clock.sleep(1)
            assert [line["jobs"] for line in heard.told("jobs.decided")] == [30, 30, 30]
            assert len(offers.began) == 90
        assert claims.begun[0] == 0
        assert 0 < claims.begun[2] < 20

    soon(story())


def test_few_jobs_begin_in_one_turn_of_the_event_loop() -> None:
    """However many jobs one claim brings, answers and news are heard between their beginnings."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers", lasts=5)
        for _ in range(60):
            await simulation.schedule()
        begun = []
        async with at_work(parts_of(simulation), Pace(hands=100)):
            for _ in range(200):
                await asyncio.sleep(0)
                begun.append(len(offers.began))
        assert begun[-1] == 60
        assert max(after - before for before, after in pairwise(begun)) <= BEGIN

    soon(story())


def test_few_jobs_begin_beside_a_claim_that_is_followed_by_another() -> None:
    """However long a claim takes: a burst's last jobs are decided before most of it is begun."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers", lasts=50)
        crowd, claims = await _a_crowd(simulation, 6 * BESIDE_CLAIM, offers, turns=500)
        async with at_work(crowd, Pace(claim=2 * BESIDE_CLAIM)):
            await simulation.clock.sleep(1)
        assert claims.begun[:3] == [0, 0, BESIDE_CLAIM]
        assert len(offers.began) == 6 * BESIDE_CLAIM

    soon(story())


def test_a_stop_between_two_claims_gives_all_back_at_once() -> None:
    """Told to stop while a claim is followed by another, a worker lets go what it has not begun."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers", lasts=1)
        crowd, claims = await _a_crowd(simulation, 6 * BESIDE_CLAIM, offers, turns=500)
        async with at_work(crowd, Pace(claim=2 * BESIDE_CLAIM)) as dispatch:
            while len(claims.begun) < 2:
                await asyncio.sleep(0)
            dispatch.stop()
            stopped = simulation.clock.monotonic()
        assert simulation.clock.monotonic() - stopped < 5
        claimed = await simulation.store().claim("next", most=500, lease=timedelta(seconds=30))
        assert len(claimed.jobs) == 6 * BESIDE_CLAIM

    soon(story())


def test_a_stop_gives_back_what_was_decided_and_not_begun() -> None:
    """Told to stop as its first jobs begin, a worker begins no others, and leaves all due."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers", lasts=1)
        for _ in range(60):
            await simulation.schedule()
        async with at_work(parts_of(simulation), Pace(hands=100)) as dispatch:
            while not offers.began:
                await asyncio.sleep(0)
            dispatch.stop()
        # some turns pass before a job that has begun asks its provider
        assert len(offers.began) <= 6 * BEGIN
        claimed = await simulation.store().claim("next", most=100, lease=timedelta(seconds=30))
        assert len(claimed.jobs) == 60

    soon(story())


def test_news_of_a_job_that_is_not_begun_is_heeded() -> None:
    """A job that is cancelled between its claim and its first step asks for no machine."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers")
        mine = parts_of(simulation)
        for _ in range(60):
            await simulation.schedule()
        last = await simulation.schedule()
        async with at_work(mine, Pace(hands=100)):
            while not offers.began:
                await asyncio.sleep(0)
            begun = len(offers.began)
            await cancel(simulation.parts(), last)
            await seen_in(simulation, last, State.CANCELLED, within=5)
            await simulation.clock.sleep(1)
        assert begun <= BEGIN
        assert len(offers.began) == 60

    soon(story())


def test_a_job_that_cannot_be_decided_hurts_no_other() -> None:
    """A record that our decision fails at is told as a bug and left; others of its claim go on."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        mine = parts_of(simulation)
        bad, good = await simulation.schedule(), await simulation.schedule()
        endless = _Endless(store_of(mine), bad)
        async with at_work(replace(mine, store=cast("Store", endless))):
            ended = await simulation.ended(good, within=30)
        assert state_of(ended[0]) is State.FINISHED
        assert {line["job"] for line in heard.told("job.bug")} == {bad}
        assert state_of(await simulation.job(bad)) is State.SCHEDULED

    soon(story())


def test_a_full_worker_that_is_woken_lets_its_jobs_go_on() -> None:
    """News of due jobs, while every hand is full, does not keep the loop from anything else."""

    async def story() -> None:
        simulation = await a_world()
        Watched(simulation.runner, "prepare", lasts=10)
        first = await simulation.schedule()
        async with at_work(parts_of(simulation), Pace(hands=1)):
            await simulation.clock.sleep(3)
            second = await simulation.schedule()
            await simulation.ended(first, second, within=120)

    soon(story())


def test_a_hand_that_becomes_free_is_used_at_once() -> None:
    """A full worker takes the next job the moment any of its hands is free, not seconds later."""

    async def story() -> None:
        simulation = await a_world(runs=1)
        one = await simulation.schedule()
        async with at_work(parts_of(simulation), _two()):
            await seen_in(simulation, one, State.RUNNING)
            prepare = Watched(simulation.runner, "prepare", lasts=7)
            for _ in range(2):
                await simulation.schedule()
            await simulation.clock.sleep(3)
            short = len(prepare.began)
            waiting = [await simulation.schedule() for _ in range(2)]
            assert short == 2
            await simulation.ended(*waiting, within=300)
            first_free = prepare.began[0] + 7
            assert prepare.began[2] - first_free < 2

    soon(story())


def test_a_wake_makes_it_look_at_once() -> None:
    """A job that is due now is begun within milliseconds of its acceptance."""

    async def story() -> None:
        simulation = await a_world()
        provision = Watched(simulation.provider, "provision")
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(2.5)
            asked_at = simulation.clock.monotonic()
            await simulation.schedule()
            await simulation.clock.sleep(1)
        assert len(provision.began) == 1
        assert provision.began[0] - asked_at < 0.01

    soon(story())


def test_a_lost_wake_costs_five_seconds_at_most() -> None:
    """With every wake lost a new job is found by the loop's own look."""

    async def story() -> None:
        simulation = await a_world(wakes=lambda: 0)
        provision = Watched(simulation.provider, "provision")
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(0.5)
            asked_at = simulation.clock.monotonic()
            await simulation.schedule()
            await simulation.clock.sleep(6)
        assert len(provision.began) == 1
        assert 0 < provision.began[0] - asked_at <= LONGEST_SLEEP.total_seconds()

    soon(story())


def test_a_job_starts_at_its_time_and_not_before() -> None:
    """Between two looks the loop wakes by itself for what falls due."""

    async def story() -> None:
        simulation = await a_world()
        job = await simulation.schedule(after=7.25)
        async with at_work(parts_of(simulation)):
            await simulation.ended(job)
        started_at = earliest_start(simulation, job)
        spec = (await simulation.job(job)).spec
        assert started_at is not None
        # half a second each: the machine, and the container
        assert timedelta(seconds=1) <= started_at - spec.schedule < timedelta(seconds=1.1)

    soon(story())


def test_a_cancel_cuts_a_prepare_off() -> None:
    """A cancel while the image is pulled is heard at once: the pull ends and the job with it."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=300)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(20.2)
            await cancel(simulation.parts(), job)
            asked_at = simulation.clock.monotonic()
            ended = await seen_in(simulation, job, State.CANCELLED, within=5)
        assert len(prepare.cancelled) == 1
        assert prepare.cancelled[0] - asked_at < 0.01
        assert violations(simulation, [ended]) == []
        assert not simulation.world.starts

    soon(story())


def test_a_cancel_whose_wake_is_lost_is_heard_at_the_renewal() -> None:
    """The answer to a renewal says that the job is dirty, so a lost wake costs ten seconds."""

    async def story() -> None:
        simulation = await a_world(wakes=lambda: 0)
        prepare = Watched(simulation.runner, "prepare", lasts=300)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(21)
            await cancel(simulation.parts(), job)
            asked_at = simulation.clock.monotonic()
            await seen_in(simulation, job, State.CANCELLED, within=30)
        assert 0 < prepare.cancelled[0] - asked_at <= 10

    soon(story())


def test_news_that_changes_nothing_cuts_nothing_off() -> None:
    """A wake of a job whose command is still the one due lets the command go on."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=20)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(5)
            await simulation.store().wake(job)
            ended = await simulation.ended(job)
        assert (len(prepare.began), prepare.cancelled) == (1, [])
        assert state_of(ended[0]) is State.FINISHED

    soon(story())


def test_a_cancel_never_cuts_a_request_for_a_machine_off() -> None:
    """What provision does cannot be taken back, so it is let end, and its machine given back."""

    async def story() -> None:
        simulation = await a_world()
        provision = Watched(simulation.provider, "provision", lasts=5)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(2)
            await cancel(simulation.parts(), job)
            ended = await simulation.ended(job)
        assert (len(provision.began), provision.cancelled) == (1, [])
        assert state_of(ended[0]) is State.CANCELLED
        assert len(simulation.world.machines) == 1
        assert violations(simulation, ended) == []

    soon(story())


def test_a_cancel_never_cuts_a_start_off() -> None:
    """A start under way is let end; then the container is stopped."""

    async def story() -> None:
        simulation = await a_world(runs=600)
        start = Watched(simulation.runner, "start", lasts=5)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(3)
            await cancel(simulation.parts(), job)
            ended = await simulation.ended(job, within=60)
        assert (len(start.began), start.cancelled) == (1, [])
        assert state_of(ended[0]) is State.CANCELLED
        assert sum(simulation.world.starts.values()) == 1

    soon(story())


def test_a_lost_lease_makes_the_hand_leave() -> None:
    """Whose lease is another's by now cuts its command off and takes no further step."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=300)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(15)
            record = simulation.store_world.records[job]
            record.holder = "another"
            record.until = simulation.clock.now() + timedelta(seconds=60)
            simulation.store_world.schedule(job, record.until)
            await simulation.clock.sleep(50)
            assert len(prepare.began) == 1
            assert len(prepare.cancelled) == 1
            assert prepare.cancelled[0] <= 20.1
            assert simulation.store_world.records[job].holder == "another"

    soon(story())


def test_what_became_known_is_recorded_without_a_lease() -> None:
    """The answer to a request for a machine is news, whoever holds the job by then."""

    async def story() -> None:
        simulation = await a_world()
        provision = Watched(simulation.provider, "provision", lasts=40)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)):
            await simulation.clock.sleep(15)
            record = simulation.store_world.records[job]
            record.holder = "another"
            record.until = simulation.clock.now() + timedelta(seconds=600)
            simulation.store_world.schedule(job, record.until)
            await simulation.clock.sleep(60)
            found = await simulation.job(job)
        assert found.attempt is not None
        assert found.attempt.launches[0].instance is not None
        assert (len(provision.began), record.holder, record.dirty) == (1, "another", True)

    soon(story())


def test_a_lease_lasts_as_long_as_its_command() -> None:
    """A pull that takes longer than a lease keeps it, and no second worker takes the job."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=95)
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)), at_work(parts_of(simulation)):
            ended = await simulation.ended(job, within=200)
        assert (len(prepare.began), prepare.cancelled) == (1, [])
        assert violations(simulation, ended) == []

    soon(story())


def test_an_old_renewal_says_nothing_of_a_new_lease() -> None:
    """A lease that was given up, and taken anew, while its renewal was under way is not lost."""

    async def story() -> None:
        simulation = await a_world(runs=100)
        job = await simulation.schedule()
        mine = parts_of(simulation)
        late = _LateRenewal(store_of(mine))
        async with at_work(replace(mine, store=cast("Store", late))):
            await seen_in(simulation, job, State.RUNNING)
            inspect = Watched(simulation.runner, "inspect", lasts=3)
            await simulation.ended(job)
        assert late.told > 0
        assert inspect.cancelled == []

    soon(story())


def test_a_store_that_is_away_is_asked_again_and_said_once() -> None:
    """However long the store is away, one line says so, one that it is back, and work goes on."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        mine = parts_of(simulation)
        store = store_of(mine)
        async with at_work(mine):
            await simulation.clock.sleep(1)
            store.go_down()
            await simulation.clock.sleep(40)
            job = await simulation.schedule()
            store.is_down = False
            await simulation.ended(job, within=30)
        assert len(heard.told("store.unavailable")) == 1
        assert len(heard.told("store.available")) == 1

    soon(story())


def test_a_store_lost_in_the_middle_of_a_step_costs_a_lease_at_most() -> None:
    """The job whose step met the outage is left, found again by what was saved, and ends well."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        start = Watched(simulation.runner, "start", lasts=2)
        mine = parts_of(simulation)
        store = store_of(mine)
        job = await simulation.schedule()
        async with at_work(mine):
            await simulation.clock.sleep(1.5)
            assert len(start.began) == 1
            store.go_down()
            await simulation.clock.sleep(30)
            store.is_down = False
            ended = await simulation.ended(job, within=60)
        assert state_of(ended[0]) is State.FINISHED
        assert len(heard.told("job.left")) == 1
        assert violations(simulation, ended) == []

    soon(story())


def test_a_worker_is_seen_as_soon_as_it_works() -> None:
    """Readiness does not wait for the first renewal."""

    async def story() -> None:
        simulation = await a_world()
        mine = parts_of(simulation)
        async with at_work(mine):
            await simulation.clock.sleep(0.1)
            assert await simulation.store().workers() == [mine.worker]
            await simulation.clock.sleep(60)
            assert await simulation.store().workers() == [mine.worker]

    soon(story())


def test_leaving_ends_the_step_in_hand_and_begins_no_other() -> None:
    """Told to stop in the middle of a request for a machine, it records the answer, and leaves."""

    async def story() -> None:
        simulation = await a_world()
        provision = Watched(simulation.provider, "provision", lasts=3)
        prepare = Watched(simulation.runner, "prepare")
        job = await simulation.schedule()
        async with at_work(parts_of(simulation)) as dispatch:
            await simulation.clock.sleep(1)
            dispatch.stop()
        assert 3 <= simulation.clock.monotonic() < 5
        assert provision.cancelled == []
        assert prepare.began == []
        found = await simulation.job(job)
        assert found.attempt is not None
        assert found.attempt.launches[0].instance is not None
        # and the next worker need not wait for the end of a lease
        claimed = await simulation.store().claim("next", most=1, lease=timedelta(seconds=30))
        assert [one.id for one in claimed.jobs] == [job]

    soon(story())


def test_leaving_waits_twenty_seconds_at_most() -> None:
    """A pull that takes minutes does not keep a worker from its end."""

    async def story() -> None:
        simulation = await a_world()
        Watched(simulation.runner, "prepare", lasts=300)
        await simulation.schedule()
        mine = parts_of(simulation)
        async with at_work(mine) as dispatch:
            await simulation.clock.sleep(2)
            dispatch.stop()
            began = simulation.clock.monotonic()
        assert 19 < simulation.clock.monotonic() - began < 21

    soon(story())


def test_jobs_claimed_while_it_is_told_to_stop_are_given_back() -> None:
    """What the last claim brought is due at once for the next worker, untouched."""

    async def story() -> None:
        simulation = await a_world()
        offers = Watched(simulation.provider, "offers")
        mine = parts_of(simulation)
        job = await simulation.schedule()
        leaving = _Leaving(store_of(mine))
        async with at_work(replace(mine, store=cast("Store", leaving))) as dispatch:
            leaving.when_claimed = dispatch.stop
            await simulation.clock.sleep(1)
        await put_away(mine)
        assert leaving.claimed == [job]
        assert offers.began == []
        claimed = await simulation.store().claim("next", most=1, lease=timedelta(seconds=30))
        assert [one.id for one in claimed.jobs] == [job]

    soon(story())


def test_without_claiming_it_keeps_leases_and_lets_others_work() -> None:
    """With dispatch by arq the loop claims nothing and blocks nothing; wakes do not spin it."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", lasts=95)
        mine = parts_of(simulation)
        quiet = parts_of(simulation)
        from jobsched.worker.dispatch import Dispatch

        dispatch = Dispatch(quiet)
        loop = asyncio.ensure_future(dispatch.run(claiming=False))
        await simulation.clock.sleep(1)
        job = await simulation.schedule()
        await simulation.clock.sleep(20)
        assert state_of(await simulation.job(job)) is State.SCHEDULED
        async with at_work(mine, Pace(hands=0)):
            await dispatch.claim_and_work(job, arq_job="the-task")
            assert len(prepare.began) == 1
            found = await simulation.job(job)
            assert (found.worker, found.arq_job) == (quiet.worker, "the-task")
        dispatch.stop()
        await loop
        await put_away(quiet)

    soon(story())


class _Late(VirtualClock):
    """A clock that is behind the store's."""

    def now(self) -> datetime:
        """Give what it takes for the store's time."""
        return super().now() - timedelta(seconds=3)


def test_a_clock_that_is_late_does_not_claim_one_job_again_and_again() -> None:
    """What the store calls due is begun, whatever this process takes for the store's time (rule 7).

    It was claimed, found not to be due, given up and claimed anew, with no time between the two.
    """

    async def story() -> None:
        simulation = await a_world()
        mine = parts_of(simulation)
        services = replace(cast("Any", mine.services), clock=_Late())
        claims = Watched(store_of(mine), "claim")
        async with at_work(replace(mine, services=services)):
            job = await simulation.schedule(after=10)
            async with asyncio.timeout(60):
                while not state_of(await simulation.job(job)).is_terminal:
                    await simulation.clock.sleep(0.05)
                    assert len(claims.began) < 100
        assert earliest_start(simulation, job) is not None

    soon(story())


def test_a_bug_of_ours_is_logged_and_hurts_no_other_job() -> None:
    """A job whose step raises what nobody expects is left, and the others go on."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        mine = parts_of(simulation)
        bad = await simulation.schedule()
        secrets = _Breaking(mine.secrets, bad)
        good = await simulation.schedule()
        async with at_work(replace(mine, secrets=cast("Any", secrets))):
            ended = await simulation.ended(good, within=30)
        assert state_of(ended[0]) is State.FINISHED
        assert [line["job"] for line in heard.told("job.bug")] == [bad]
        assert reason_of(await simulation.job(bad)) == ""

    soon(story())


def _two() -> Pace:
    return Pace(hands=2, claim=500)


class _Around:
    """A store with one call changed."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


class _Rousing(_Around):
    """A store where something else falls due while a claim is under way."""

    async def claim(self, holder: str, *, most: int, lease: timedelta) -> Claimed:
        """Claim, and wake everybody."""
        claimed = await self._store.claim(holder, most=most, lease=lease)
        if claimed.jobs:
            from jobsched.store.port import Wake

            self._store.world.tell(Wake(due_at=claimed.now))
            # the wake is heard before the answer
            for _ in range(10):
                await asyncio.sleep(0)
        return claimed


class _LateRenewal(_Around):
    """A store whose answers to renewals come late, and tell of leases that were given up since."""

    told = 0

    async def renew(self, holder: str, jobs: list[JobId], *, lease: timedelta) -> Renewal:
        """Wait until the leases are over, and say so."""
        await self._store.renew(holder, jobs, lease=lease)
        for _ in range(1000):
            await asyncio.sleep(0.1)
            record = self._store.world.records[jobs[0]]
            if not record.holder:
                break
        while not self._store.world.records[jobs[0]].holder:
            await asyncio.sleep(0.1)
        self.told += 1
        return Renewal(dirty=frozenset(), lost=frozenset(jobs))


class _Leaving(_Around):
    """A store that tells when a claim has brought something."""

    when_claimed: Any = None

    def __init__(self, store: MemoryStore) -> None:
        super().__init__(store)
        self.claimed: list[JobId] = []

    async def claim(self, holder: str, *, most: int, lease: timedelta) -> Claimed:
        """Claim, and tell."""
        claimed = await self._store.claim(holder, most=most, lease=lease)
        self.claimed += [job.id for job in claimed.jobs]
        if self.claimed and self.when_claimed:
            self.when_claimed()
        return claimed


class _Counting(_Around):
    """A store that notes how much was begun when each claim was asked for."""

    def __init__(self, store: MemoryStore, work: Watched, *, turns: int = 3) -> None:
        super().__init__(store)
        self._work = work
        self._turns = turns
        self.begun: list[int] = []

    async def claim(self, holder: str, *, most: int, lease: timedelta) -> Claimed:
        """Note it; answer after a few turns, as Redis does."""
        self.begun.append(len(self._work.began))
        for _ in range(self._turns):
            await asyncio.sleep(0)
        return await self._store.claim(holder, most=most, lease=lease)


async def _a_crowd(
    simulation: Simulation, jobs: int, work: Watched, **more: int
) -> tuple[Parts, _Counting]:
    """Let so many jobs be due; give a worker's parts, and what its claims note of the work."""
    mine = parts_of(simulation)
    claims = _Counting(store_of(mine), work, **more)
    for _ in range(jobs):
        await simulation.schedule()
    return replace(mine, store=cast("Store", claims)), claims


class _Endless(_Around):
    """A store that gives one job a span that no time can be added to."""

    def __init__(self, store: MemoryStore, job: JobId) -> None:
        super().__init__(store)
        self._job = job

    async def claim(self, holder: str, *, most: int, lease: timedelta) -> Claimed:
        """Claim, with that one job spoiled."""
        claimed = await self._store.claim(holder, most=most, lease=lease)
        jobs = tuple(self._spoiled(job) if job.id == self._job else job for job in claimed.jobs)
        return replace(claimed, jobs=jobs)

    def _spoiled(self, job: Job) -> Job:
        return replace(job, spec=replace(job.spec, late_limit=timedelta.max))


class _Breaking:
    """Secrets that break for one job."""

    def __init__(self, secrets: Any, job: JobId) -> None:
        self._secrets = secrets
        self._job = job

    def __getattr__(self, name: str) -> Any:
        return getattr(self._secrets, name)

    def token(self, job: JobId, attempt: int, launch: int) -> str:
        """Give a token, but not for that job."""
        if job == self._job:
            raise ZeroDivisionError
        token: str = self._secrets.token(job, attempt, launch)
        return token
