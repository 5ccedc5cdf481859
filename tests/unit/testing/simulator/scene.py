"""A world that is made by hand, so that a promise can be broken in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from jobsched.contracts.change import Change
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.domain.state import state_of
from jobsched.store.memory import MemoryStore
from jobsched.store.world import Record
from jobsched.testing.clock import FakeClock
from jobsched.testing.fakes import (
    AT_RISK,
    BOOT_FAILED,
    READY,
    TAKEN_BACK,
    FakeContainer,
    FakeMachine,
)
from jobsched.testing.simulator.books import Books
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.promise import Promises
from tests.unit.domain.example import HOUR

SOON = timedelta(seconds=5)
WORDS = (READY, BOOT_FAILED, AT_RISK, TAKEN_BACK)


class Scene:
    """Books, a store and whoever watches over them.

    Args:
        caps: of every provider.
    """

    def __init__(self, caps: Caps | None = None) -> None:
        self.clock = FakeClock(HOUR)
        self.books = Books(clock=self.clock, runs=60.0)
        self.history = History(self.clock.monotonic)
        self.promises = Promises(
            self.books,
            self.history,
            jobs=1,
            calm=lambda: 0.0,
            caps_of=lambda _: caps or Caps(),
        )
        self.world = self.promises.store

    def saved(
        self,
        job: Job,
        *,
        was: str | None = None,
        state: str = "",
        due: datetime | None = None,
        said: bool = True,
        facts: Sequence[str] = (),
    ) -> Job:
        """Let a record be as it is given, whether it may or not; give it with its next `rev`.

        Its machines have ``said`` what is believed of them.
        """
        for launch in job.attempt.launches if said and job.attempt else ():
            self.books.words |= {(launch.token, word) for word in WORDS}
        before = self.promises.sight.jobs.get(job.id)
        if was is None:
            was = str(state_of(before)) if before else ""
        job = _with_rev(job, before)
        now = self.clock.now()
        state = state or str(state_of(job))
        is_over = state in {"finished", "failed", "cancelled"}
        self.world.records[job.id] = Record(
            document=job,
            rev=job.rev,
            schema=1,
            state=state,
            place="",
            schedule=job.spec.schedule,
            name="",
            provider=job.spec.provider,
            due=None if is_over else due or now + SOON,
            forget_at=now + SOON if is_over else None,
        )
        self.told(job, was, state, facts)
        return job

    def told(self, job: Job, was: str, state: str, facts: Sequence[str] = ()) -> None:
        """Tell of a change."""
        now, attempt = self.clock.now(), job.attempt.no if job.attempt else 0
        self.world.told(
            Change(
                id="0-0",
                job=job.id,
                rev=job.rev,
                at=now,
                was=was,
                state=state,
                reason="",
                attempt=attempt,
                facts=tuple(facts),
            )
        )

    def started(self, name: str, *, code: int | None = None) -> FakeContainer:
        """Let a container start, and end with a code if there is one."""
        one = FakeContainer(name=name, id=name)
        self.books.note_start(one)
        one.phase, one.started_at = "running", self.clock.now()
        if code is not None:
            one.phase, one.code = "exited", code
        return one

    def launched(self, token: str) -> FakeMachine:
        """Let a machine begin."""
        return self.books.launched(token)

    def store(self) -> MemoryStore:
        """Give a connection to the store."""
        self.world.owner = "memory"
        return MemoryStore(self.clock.now, world=self.world, through_codec=False)

    @property
    def broken(self) -> list[str]:
        """The names of the promises that were broken, in order."""
        return [one.name for one in self.promises.broken]


def _with_rev(job: Job, before: Job | None) -> Job:
    return replace(job, rev=before.rev + 1) if before else job
