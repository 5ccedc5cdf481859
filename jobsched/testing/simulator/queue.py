"""arq's place where dispatch is done by it alone: tasks at their time, which may be lost."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Final

from jobsched.domain.job import JobId
from jobsched.testing.simulator.process import Surroundings
from jobsched.worker import tasks
from jobsched.worker.working import Working

#: seconds after which a task is tried again that no worker took
AGAIN: Final = 1.0


class Queue:
    """`jobsched.engine.parts.Chores`, and the workers that take its tasks.

    Args:
        around: what they are in.
    """

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        #: in the order in which they began
        self.workers: list[Working] = []
        self._next = 0

    async def advance_later(self, job: JobId, at: datetime) -> None:
        """Ask for one step of a job."""
        weather = self._around.weather
        if weather.strikes("chore lost"):
            return
        for _ in range(1 + weather.strikes("chore doubled")):
            self._in((at - self._around.clock.now()).total_seconds(), job)

    def _in(self, seconds: float, job: JobId) -> None:
        asyncio.get_running_loop().call_later(max(seconds, 0.0), self._give, job)

    def _give(self, job: JobId) -> None:
        """Give it to one worker after the other; a task of one that dies is lost."""
        if not self.workers:
            self._in(AGAIN, job)
            return
        self._next += 1
        worker = self.workers[self._next % len(self.workers)]
        if worker.dispatch.is_stopping:
            self._in(AGAIN, job)
            return
        work = tasks.advance({tasks.WORKING: worker}, job)
        worker.parts.services.spawn.task(work, name="queue.advance")


__all__ = ["Queue"]
