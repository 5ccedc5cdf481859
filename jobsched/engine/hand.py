"""A worker's hand on one job: the command it carries out, and whether that is still wanted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Job, JobId
from jobsched.engine.parts import Parts

#: their effect cannot be taken back: they are never cancelled because of news
NEVER_CANCELLED = frozenset({Verb.PROVISION, Verb.START})


class Hand:
    """Holds one leased job while steps are taken; told when somebody else changed it.

    Args:
        parts: for reading the record anew.
        job: the one that is held.
        leased_until: by this machine's monotonic clock, in seconds.
    """

    def __init__(self, parts: Parts, job: JobId, leased_until: float) -> None:
        self.job = job
        #: reckoned from before the store was asked, so it ends no later than the store's own lease.
        #: A pause that stops this clock too (a laptop asleep) is not seen by it, but by the store
        self.leased_until = leased_until
        #: the lease is another worker's by now
        self.is_lost = False
        #: the worker stops: no further step is begun
        self.is_leaving = False
        #: news came while there was nothing to drop: a record that waits for its first step is old
        self.has_news = False
        self._parts = parts
        self._command: Command | None = None
        self._task: asyncio.Future[Job] | None = None
        self._dropped = False

    def may_act(self) -> bool:
        """Say whether an effect may still be begun: somebody else may have the job by now."""
        return not self.is_lost and self._parts.services.clock.monotonic() < self.leased_until

    async def carry_out(self, command: Command, work: Awaitable[Job]) -> Job | None:
        """Give what the work gives; None if news made it needless and it was cancelled."""
        if command.verb in NEVER_CANCELLED:
            # nothing is to be dropped, so it needs no task of its own
            return await work
        self._command, self._dropped = command, False
        self._task = asyncio.ensure_future(work)
        try:
            return await self._task
        except asyncio.CancelledError:
            outer = asyncio.current_task()
            if self._dropped and not (outer and outer.cancelling()):
                return None
            self._task.cancel()
            raise
        finally:
            self._command = self._task = None

    async def reconsider(self) -> None:
        """A fact was recorded by others: drop a command that is no longer the one due."""
        command = self._command
        if command is None:
            self.has_news = True
            return
        if command.verb in NEVER_CANCELLED:
            return
        fresh = await self._parts.store.read(self.job)
        if due(fresh, self._parts.now).command != command and self._command is command:
            self._drop()

    def lose(self) -> None:
        """The lease is lost: leave the job to its new holder."""
        self.is_lost = True
        if self._command and self._command.verb not in NEVER_CANCELLED:
            self._drop()

    def _drop(self) -> None:
        if self._task is not None:
            self._dropped = True
            self._task.cancel()


__all__ = ["NEVER_CANCELLED", "Hand"]
