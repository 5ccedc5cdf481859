"""The dispatch loop: claim what is due, put a hand on each job, hear what becomes due sooner."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobsched.domain.due import Due, due
from jobsched.domain.job import Job, JobId
from jobsched.domain.replace import replace
from jobsched.engine.advance import advance
from jobsched.engine.hand import Hand
from jobsched.engine.parts import Parts
from jobsched.errors import JobschedError, Unavailable
from jobsched.store.port import Claimed, Wake
from jobsched.worker.watchdog import Watchdog

#: even with nothing to wake it, the loop looks again this often: a lost wake costs no more
LONGEST_SLEEP = timedelta(seconds=5)
#: new objects until Python looks for cycles again. Records hold none, and a burst makes so many
#: objects at once that looking at Python's own pace (700) takes a third of the CPU.
LOOK_FOR_CYCLES = 20_000
#: jobs that are begun in one turn of the event loop: claims, answers and news come between
BEGIN = 2
#: jobs that are begun beside a claim that is followed by another: they keep the loop busy while
#: Redis works; with more of them a burst's last jobs would be decided late
BESIDE_CLAIM = 40
#: pause between two tries to reach a store that does not answer
RETRY = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much one worker takes on, and for how long it is believed."""

    #: jobs in hand at one time
    hands: int = 1000
    #: jobs claimed in one call
    claim: int = 500
    #: how long a claim lasts without renewal
    lease: timedelta = timedelta(seconds=30)
    #: how often claims are renewed
    renew: timedelta = timedelta(seconds=10)
    #: how long a worker that stops waits for the steps in hand
    leave: timedelta = timedelta(seconds=20)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A job in hand, and what was decided for it when it was claimed."""

    job: Job
    wanted: Due
    hand: Hand
    #: by how much this process's time was late then
    behind: timedelta


class Dispatch:
    """One worker's share of the due jobs. `run` it in a task, and `stop` it."""

    def __init__(self, parts: Parts, pace: Pace | None = None) -> None:
        self._parts = parts
        self._pace = pace or Pace()
        self._watchdog = Watchdog(parts.services.clock, parts.services.log)
        self._hands: dict[JobId, Hand] = {}
        #: in hand, and not begun
        self._decided: deque[_Taken] = deque()
        self._begin = asyncio.Event()
        #: more is due than the last claim took, and the next one is under way
        self._claims_again = False
        self._wake = asyncio.Event()
        self._empty = asyncio.Event()
        self._stopping = False
        self._reachable = True

    async def run(self, *, claiming: bool = True) -> None:
        """Claim and work until `stop`; a store that does not answer is asked again for ever.

        Without ``claiming`` only leases that `claim_and_work` took are kept, and news is heard.
        """
        _look_for_cycles_seldom()
        spawn = self._parts.services.spawn
        helpers = [
            spawn.task(self._listen(), name="dispatch.listen"),
            spawn.task(self._renew(), name="dispatch.renew"),
            spawn.task(self._begin_hands(), name="dispatch.begin"),
            spawn.task(self._watchdog.run(), name="dispatch.watchdog"),
        ]
        try:
            while not self._stopping:
                # before the look: what is heard during it makes the loop look again, and a wake
                # that nobody takes back would let the loop spin without ever giving way
                self._wake.clear()
                pause = await self._round() if claiming else LONGEST_SLEEP
                self._claims_again = pause <= timedelta(0)
                self._begin.set()
                await self._sleep(pause)
        finally:
            await self._leave()
            for helper in helpers:
                helper.cancel()

    @property
    def is_stopping(self) -> bool:
        """Whether it takes nothing more."""
        return self._stopping

    def stop(self) -> None:
        """Claim nothing more; `run` returns when the steps in hand are done, or after 20 s."""
        self._stopping = True
        self._wake.set()

    async def claim_and_work(self, job: JobId, *, arq_job: str = "") -> None:
        """Advance one job, if it is due, and return when it is given up (for a queue's task)."""
        leased_until = self._lease_from_now()
        claimed = await self._parts.store.claim(
            self._parts.worker, most=1, lease=self._pace.lease, only=job
        )
        parts = replace(self._parts, arq_job=arq_job)
        taken = self._taken(claimed, leased_until)
        await asyncio.gather(*(self._advance(one, parts) for one in taken))

    async def _round(self) -> timedelta:
        """Claim once; give how long nothing is due."""
        free = self._pace.hands - len(self._hands)
        if free <= 0:
            return LONGEST_SLEEP
        if not self._watchdog.is_punctual:
            return RETRY
        leased_until = self._lease_from_now()
        try:
            claimed = await self._parts.store.claim(
                self._parts.worker, most=min(free, self._pace.claim), lease=self._pace.lease
            )
        except Unavailable as error:
            self._say_unreachable(error)
            return RETRY
        self._say_reachable()
        self._decided.extend(self._taken(claimed, leased_until))
        # zero is a time too: more is due than one claim takes
        return LONGEST_SLEEP if claimed.next_in is None else min(claimed.next_in, LONGEST_SLEEP)

    async def _begin_hands(self) -> None:
        """Begin what was decided, a few in each turn; all of it once nothing more is claimed."""
        while True:
            await self._begin.wait()
            self._begin.clear()
            begun = 0
            while self._decided and not (self._claims_again and begun >= BESIDE_CLAIM):
                for _ in range(min(BEGIN, len(self._decided))):
                    work = self._advance(self._decided.popleft(), self._parts)
                    self._parts.services.spawn.task(work, name="dispatch.job")
                begun += BEGIN
                await asyncio.sleep(0)

    async def _sleep(self, pause: timedelta) -> None:
        # others get a turn before the next claim
        await asyncio.sleep(0)
        if pause <= timedelta(0):
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(pause.total_seconds()):
                await self._wake.wait()

    def _lease_from_now(self) -> float:
        """Give when a lease ends that is asked for now, by the monotonic clock."""
        return self._parts.services.clock.monotonic() + self._pace.lease.total_seconds()

    def _taken(self, claimed: Claimed, leased_until: float) -> list[_Taken]:
        """Decide and take jobs in hand, at once: they count even before their work has begun."""
        if not claimed.jobs:
            return []
        taken = []
        # a clock that is behind the store's would find nothing to do, and claim again, and again
        behind = max(claimed.now - self._parts.now, timedelta(0))
        parts = replace(self._parts, behind=behind)
        for job in claimed.jobs:
            if job.id not in self._hands and (wanted := self._decide(job, parts.now)):
                hand = self._hands[job.id] = Hand(parts, job.id, leased_until)
                hand.is_leaving = self._stopping
                taken.append(_Taken(job, wanted, hand, behind))
        if taken:
            self._parts.services.log.debug("jobs.decided", jobs=len(taken))
        return taken

    def _decide(self, job: Job, now: datetime) -> Due | None:
        """Say what a job needs; None if we fail at it, so that it alone is left."""
        try:
            return due(job, now)
        except Exception:
            self._parts.services.log.exception("job.bug", job=job.id)
            return None

    async def _advance(self, taken: _Taken, parts: Parts) -> None:
        job = taken.job
        try:
            await advance(replace(parts, behind=taken.behind), job, taken.wanted, taken.hand)
        except Unavailable as error:
            # the lease ends by itself, and the job is due again with what was saved
            self._parts.services.log.warning("job.left", job=job.id, error=error.message)
        except JobschedError as error:
            self._parts.services.log.warning("job.refused", job=job.id, error=error.message)
        except Exception:
            self._parts.services.log.exception("job.bug", job=job.id)
        finally:
            self._let_go(job.id)

    def _let_go(self, job: JobId) -> None:
        was_full = len(self._hands) >= self._pace.hands
        del self._hands[job]
        if was_full:
            self._wake.set()
        if not self._hands:
            self._empty.set()

    async def _listen(self) -> None:
        """Hear wakes; they may be lost, so a broken channel is only opened again."""
        while True:
            try:
                async for wake in self._parts.store.wakes():
                    await self._hear(wake)
            except Unavailable:
                pass
            await self._parts.services.clock.sleep(RETRY.total_seconds())
            self._wake.set()

    async def _hear(self, wake: Wake) -> None:
        if wake.job is None:
            self._wake.set()
        elif wake.holder == self._parts.worker:
            await self._reconsider(wake.job)

    async def _reconsider(self, job: JobId) -> None:
        hand = self._hands.get(job)
        if hand is None:
            return
        try:
            await hand.reconsider()
        except JobschedError as error:
            self._parts.services.log.warning("job.unread", job=job, error=error.message)

    async def _renew(self) -> None:
        while True:
            # not their ids: a job may be given up, and be taken anew, while the answer is on its
            # way
            held = dict(self._hands)
            try:
                await self._parts.store.see_worker(self._parts.worker, lease=self._pace.lease)
                if held:
                    await self._renewed(held)
            except Unavailable as error:
                self._say_unreachable(error)
            await self._parts.services.clock.sleep(self._pace.renew.total_seconds())

    async def _renewed(self, held: Mapping[JobId, Hand]) -> None:
        leased_until = self._lease_from_now()
        renewal = await self._parts.store.renew(
            self._parts.worker, list(held), lease=self._pace.lease
        )
        for job, hand in held.items():
            if job not in renewal.lost:
                hand.leased_until = leased_until
            elif self._hands.get(job) is hand:
                hand.lose()
        for job in sorted(renewal.dirty):
            await self._reconsider(job)

    async def _leave(self) -> None:
        """Let the steps in hand end; what is not done by then is found again by what was saved."""
        for hand in self._hands.values():
            hand.is_leaving = True
        # whoever has not begun is let go by its beginning
        self._claims_again = False
        self._begin.set()
        if not self._hands:
            return
        self._empty.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._pace.leave.total_seconds()):
                await self._empty.wait()

    def _say_unreachable(self, error: JobschedError) -> None:
        if self._reachable:
            self._parts.services.log.error("store.unavailable", error=error.message)
        self._reachable = False

    def _say_reachable(self) -> None:
        if not self._reachable:
            self._parts.services.log.info("store.available")
        self._reachable = True


def _look_for_cycles_seldom() -> None:
    """Set the pace for the whole process, unless somebody chose a slower one, or none (0)."""
    young, *older = gc.get_threshold()
    if 0 < young < LOOK_FOR_CYCLES:
        gc.set_threshold(LOOK_FOR_CYCLES, *older)


__all__ = ["Dispatch", "Pace"]
