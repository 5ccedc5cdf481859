"""arq's place where dispatch is done by it alone: tasks at their time, which may be lost."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from typing import Final

from jobsched.domain.job import JobId
from jobsched.errors import Unavailable
from jobsched.testing.life import Life
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
        #: with their lives, in the order in which they began
        self.workers: list[tuple[Life, Working]] = []
        self._next = 0
        self._is_closed = False

    async def advance_later(self, job: JobId, at: datetime) -> None:
        """Ask for one step of a job."""
        weather = self._around.weather
        if weather.strikes("chore lost"):
            return
        for _ in range(1 + weather.strikes("chore doubled")):
            self._in((at - self._around.clock.now()).total_seconds(), job)

    def close(self) -> None:
        """Forget all tasks, as nobody will ever take one."""
        self._is_closed = True

    def _in(self, seconds: float, job: JobId) -> None:
        asyncio.get_running_loop().call_later(max(seconds, 0.0), self._give, job)

    def _give(self, job: JobId) -> None:
        """Give it to one worker after the other; a task of one that dies is lost.

        One that stands still takes nothing: arq's workers ask for their tasks.
        """
        if self._is_closed:
            return
        able = [
            worker
            for life, worker in self.workers
            if not life.is_still and not worker.dispatch.is_stopping
        ]
        if not able:
            self._in(AGAIN, job)
            return
        self._next += 1
        worker = able[self._next % len(able)]
        worker.parts.services.spawn.task(_advanced(worker, job), name="queue.advance")


async def _advanced(worker: Working, job: JobId) -> None:
    """Take a task; one that fails is lost, as arq's are."""
    with contextlib.suppress(Unavailable):
        await tasks.advance({tasks.WORKING: worker}, job)


__all__ = ["Queue"]
