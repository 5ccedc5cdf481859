"""What the calls of the store in memory share: done whole or not at all, or refused."""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Coroutine, Generator, Sequence
from datetime import datetime, timedelta
from typing import Any, Concatenate, ParamSpec, TypeVar

from jobsched.contracts.change import Change
from jobsched.domain.job import Job, JobId
from jobsched.errors import StoreUnavailable, WrongStore
from jobsched.store import codec
from jobsched.store.failure import is_held_back, of_one_time
from jobsched.store.owner import owner, whose
from jobsched.store.port import Wake
from jobsched.store.row import RETENTION, Row
from jobsched.store.world import World

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S", bound="Calls")


@types.coroutine
def a_turn() -> Generator[None, None, None]:
    """Let others have a turn, as `asyncio.sleep(0)` does, at half its cost."""
    yield


def whole(
    work: Callable[Concatenate[S, P], T],
) -> Callable[Concatenate[S, P], Coroutine[Any, Any, T]]:
    """Make a call of it: done whole or not, with a pause before and after, where one may die.

    A store that is down, empty or another deployment's refuses the call.
    """

    @functools.wraps(work)
    async def called(store: S, /, *args: P.args, **kwargs: P.kwargs) -> T:
        await a_turn()
        store.refuse()
        try:
            return work(store, *args, **kwargs)
        finally:
            if not store.answers_at_once:
                await a_turn()

    return called


class Calls:
    """A store on a world, and whose it must be."""

    def __init__(
        self,
        now: Callable[[], datetime],
        *,
        deployment: str = "memory",
        world: World | None = None,
        retention: timedelta = RETENTION,
        through_codec: bool = True,
        answers_at_once: bool = False,
    ) -> None:
        self.world = world or World()
        #: True: every call raises ``StoreUnavailable``, as when Redis is down
        self.is_down = False
        #: True: no pause after a call, where a caller that hears nothing of it could die
        self.answers_at_once = answers_at_once
        self._now = now
        self._owner = owner(self.world.owner, deployment)
        self._retention = retention
        self._through_codec = through_codec

    def refuse(self) -> None:
        """Raise if the store is down, empty or another deployment's."""
        self.refuse_down()
        if self.world.owner != self._owner:
            raise WrongStore(whose(self.world.owner, self._owner))

    def refuse_down(self) -> None:
        """Raise if the store is down."""
        if self.is_down or self.world.is_down:
            raise StoreUnavailable("The store does not answer.")

    def _due(self, job: JobId, at: datetime | None) -> None:
        if self.world.schedule(job, at):
            self.world.tell(Wake(due_at=at))

    def _changed(self, job: Job, was: str, row: Row, facts: Sequence[str]) -> None:
        self.world.made += 1
        change = Change(
            id=f"{self.world.made}-0",
            job=job.id,
            rev=job.rev,
            at=self._now(),
            was=was,
            state=row.state,
            reason=row.reason,
            attempt=row.attempt,
            facts=tuple(facts),
        )
        self.world.told(change)

    def _put_aside(self, job: JobId, why: str) -> None:
        record = self.world.records[job]
        self.world.quarantine[job] = why
        self._leave_lines(job, record.provider)
        record.free()
        self.world.schedule(job, None)

    def _leave_lines(self, job: JobId, provider: str) -> None:
        for line in (self.world.waiting, self.world.paced):
            line.get(provider, {}).pop(job, None)
        if record := self.world.records.get(job):
            record.line = ""

    def _document(self, job: Job) -> bytes | Job:
        return codec.encode(job) if self._through_codec else job

    def _decode(self, job: JobId, *, held_back: bool = False) -> Job:
        record = self.world.records[job]
        found = record.document
        if isinstance(found, bytes):
            found = codec.decode(found, record.schema)
        of_one_time(found, str(record.rev))
        if job in self.world.held_back and not held_back:
            raise is_held_back()
        return found


__all__ = ["Calls", "whole"]
