"""What was promised, held against what happens: at each change, at each start, and at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Container, Iterable, Mapping
from typing import Any

from structlog.contextvars import get_contextvars

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import TERMINAL
from jobsched.store.memory import MemoryStore
from jobsched.testing.fakes import FakeContainer, FakeMachine
from jobsched.testing.simulator.books import Books
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.promise.caps import CapPromises, KeptCaps
from jobsched.testing.simulator.promise.ends import check_end, check_forgotten, check_told
from jobsched.testing.simulator.promise.machines import MachinePromises
from jobsched.testing.simulator.promise.names import Broken
from jobsched.testing.simulator.promise.records import RecordPromises
from jobsched.testing.simulator.promise.sight import Sight
from jobsched.testing.simulator.promise.starts import StartPromises
from jobsched.testing.simulator.promise.stored import WatchedWorld
from jobsched.testing.simulator.promise.words import WordPromises
from jobsched.testing.virtual_time import EPOCH
from jobsched.worker.dispatch import Pace

#: so long after the store has forgotten something a worker may act by a lease that it had
LEASE = Pace().lease


class Promises:
    """Watches over one world, and writes down what was broken.

    Args:
        books: of the world.
        history: of the world.
        jobs: how many are scheduled.
        calm: gives the time from which on nothing goes wrong any more.
        caps_of: gives a provider's caps, by its name.
    """

    def __init__(
        self,
        books: Books,
        history: History,
        *,
        jobs: int,
        calm: Callable[[], float],
        caps_of: Callable[[str], Caps],
    ) -> None:
        self.sight = Sight(books=books, history=history, time=books.clock.monotonic)
        #: set when every job that was scheduled has ended
        self.all_ended = asyncio.Event()
        self._number = jobs
        self._ended: set[JobId] = set()
        self._records = RecordPromises(self.sight)
        self._caps = CapPromises(self.sight, caps_of)
        self._machines = MachinePromises(self.sight, calm)
        self._words = WordPromises(self.sight)
        self._starts = StartPromises(self.sight)
        self._now = books.clock.now
        #: jobs whose cancel a store has forgotten
        self._uncancelled: set[JobId] = set()
        #: when the store forgot something last
        self._forgot_at = EPOCH - LEASE
        self.store = WatchedWorld(self._changed, self._unwoken)
        books.witness = self

    @property
    def broken(self) -> list[Broken]:
        """Everything that was not kept."""
        return self.sight.broken

    @property
    def money(self) -> Money:
        """What was spent beyond what had to be."""
        return self.sight.money

    def born(self, machine: FakeMachine) -> None:
        """Look at a machine that is new."""
        self._machines.born(machine)
        self._caps.born(machine)

    def ended(self, machine: FakeMachine) -> None:
        """Look at a machine that is switched off."""
        self._machines.ended(machine)

    def is_told_to_end(self, machine: FakeMachine, by: str) -> None:
        """Look at somebody of ours who ends a machine."""
        self._machines.is_told_to_end(machine, by)

    def is_no_business_of_ours(self, thing: str) -> None:
        """Look at somebody of ours who ends a machine or deletes a disk of a stranger's."""
        self.sight.tell("right machine", f"{thing} is a stranger's, and is ended")

    def started(self, one: FakeContainer) -> None:
        """Look at a container that is started."""
        self._starts.started(one)

    def cancelled(self, job: JobId) -> None:
        """Look at a job whose user was just told that it will be cancelled."""
        record = self.sight.jobs.get(job)
        if record and not record.cancel_at and job not in self._uncancelled:
            self.sight.tell("cancel heard", f"{job} knows of no cancel", job)

    def acts(self, worker: str, what: str) -> None:
        """Look at a worker that touches something outside the store."""
        job = get_contextvars().get("job")
        record = self.store.records.get(job) if job else None
        now = self._now()
        if what.startswith("chores."):
            # a queue is asked to have a job looked at, which anybody may
            return
        if record is None or record.forget_at or record.held_by(worker, now):
            return
        # a lease may be forgotten, or be given up with a record that cannot be read
        if job not in self.store.quarantine and now >= self._forgot_at + LEASE:
            self.sight.tell("held", f"{worker} does {what} for {job}", job or "")

    def _changed(self, change: Change) -> None:
        """Look at one save."""
        record = self.store.records[change.job]
        job = record.document
        if not isinstance(job, Job):
            raise TypeError("records of a simulated world are not encoded")
        facts = " ".join(change.facts)
        self.sight.history.note(job.id, f"{change.was} -> {change.state} rev {job.rev}: {facts}")
        self._records.changed(change, record, job, self._now())
        self._caps.changed(job)
        self._machines.changed(job)
        self._words.changed(job)
        self.sight.jobs[job.id] = job
        if change.state in TERMINAL:
            self._ended.add(job.id)
            if len(self._ended) == self._number:
                self.all_ended.set()

    def _unwoken(self, job: JobId) -> None:
        self.sight.tell("always woken", f"{job} has no due time", job)

    def kept(self) -> KeptCaps:
        """Give what is known of what the store holds, when a copy of it is taken."""
        return self._caps.kept()

    def forget(self, kept: KeptCaps, *, for_good: bool = False) -> list[JobId]:
        """Know no more than a store that has forgotten; give the jobs that it does not know now.

        Args:
            kept: what was known when the copy was taken that was put back.
            for_good: it is a backup, after which nothing is begun again.
        """
        before, self.sight.jobs = self.sight.jobs, {}
        for job, record in self.store.records.items():
            if isinstance(record.document, Job):
                self.sight.jobs[job] = record.document
            elif job in before and not for_good:
                # it cannot be read, so that nobody can have changed it in the last second
                self.sight.jobs[job] = before[job]
        ended = self._ended
        self._ended = {job for job, one in self.store.records.items() if one.state in TERMINAL}
        if len(self._ended) < self._number:
            # the last one may have ended in what was forgotten
            self.all_ended.clear()
        self._caps.forget(kept)
        self._forgot_at = self._now()
        self._machines.forget(for_good=for_good)
        if not for_good:
            self._starts.forget(before)
            self._forget_cancels(before)
            # such a job comes to an end again, maybe to another one
            self.money.undone_ends += len((ended & self.sight.jobs.keys()) - self._ended)
        return [job for job in before if job not in self.sight.jobs]

    def _forget_cancels(self, before: Mapping[JobId, Job]) -> None:
        """Count cancels that were in the record; their users may be told of them yet."""
        for job, record in before.items():
            now = self.sight.jobs.get(job)
            if record.cancel_at and now and not now.cancel_at:
                self._uncancelled.add(job)
                self.money.lost_cancels += 1

    async def check_end(self, store: MemoryStore) -> None:
        """Look at everything, when it is over."""
        self._machines.over()
        await check_end(self.sight, store)

    def check_told(self, told: Container[str]) -> None:
        """Look whether the plugins were told of each change, by the ids of those that they were."""
        check_told(self.sight, self.store.changes, told)

    def check_forgotten(self, logs: Iterable[JobId]) -> None:
        """Look at the jobs of which there are logs, when all have been forgotten."""
        check_forgotten(self.sight, logs)

    def debug(self, event: str, **fields: Any) -> None:
        """Be a log that tells of bugs alone."""

    info = warning = debug

    def error(self, event: str, **fields: Any) -> None:
        """Keep the end of a task that nobody foresaw."""
        if event == "task.failed":
            self.exception(event, **fields)

    def exception(self, event: str, **fields: Any) -> None:
        """Keep a bug."""
        self.sight.tell("no bug", f"{event}: {fields}", str(fields.get("job", "")))


__all__ = ["Promises"]
