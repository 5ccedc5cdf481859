"""Tasks and threads: everything that runs beside its caller, ended together."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import queue
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from jobsched import log
from jobsched.errors import Unavailable

P = ParamSpec("P")
T = TypeVar("T")

#: seconds after which a task that goes on is cancelled once more
TOLD_AGAIN = 2.0

_log = log.get(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    work: Callable[[], Any]
    future: Future[Any]

    def make(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work())
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is the caller's
            self.future.set_exception(error)


class DaemonPool:
    """At most so many threads, made when needed, that never hold up the end of the process.

    ``ThreadPoolExecutor`` waits at exit for each of its threads: one hanging image pull would keep
    a worker alive after SIGTERM.
    """

    def __init__(self, name: str, threads: int) -> None:
        self._name = name
        self._most = threads
        self._threads: list[threading.Thread] = []
        self._calls: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._idle = threading.Semaphore(0)
        self._closed = False

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a thread of this pool and give its result.

        Raises:
            Unavailable: the pool is closed.
        """
        if self._closed:
            raise Unavailable(f"the threads of {self._name} were ended")
        context = contextvars.copy_context()
        work = functools.partial(context.run, functools.partial(function, *args, **kwargs))
        call = _Call(work=work, future=Future())
        self._calls.put(call)
        self._grow()
        result: T = await asyncio.wrap_future(call.future)
        return result

    def close(self) -> None:
        """Take no more calls, give up those that wait, and leave the running ones to themselves."""
        self._closed = True
        while not self._calls.empty():
            if (call := self._calls.get()) is not None:
                call.future.cancel()
        for _ in self._threads:
            self._calls.put(None)

    def _grow(self) -> None:
        if self._idle.acquire(blocking=False) or len(self._threads) >= self._most:
            return
        name = f"{self._name}-{len(self._threads)}"
        thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _work(self) -> None:
        while (call := self._calls.get()) is not None:
            call.make()
            # Otherwise the last result lives until the next call comes.
            del call
            self._idle.release()


class Spawner:
    """The tasks and thread pools of one process."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()
        self._pools: list[DaemonPool] = []

    def task(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run it beside the caller; a failure is logged as a bug."""
        task = asyncio.create_task(work, name=name)
        # The event loop holds its tasks weakly.
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def pool(self, name: str, threads: int) -> DaemonPool:
        """Make a bounded set of threads."""
        pool = DaemonPool(name, threads)
        self._pools.append(pool)
        return pool

    async def close(self) -> None:
        """Cancel every task, wait for their ends, and close the pools. Safe to repeat."""
        while self._tasks:
            tasks = list(self._tasks)
            for task in tasks:
                task.cancel()
            # A task's end may have spawned another one; and a library may have lost a cancel (until
            # Python 3.12 `asyncio.wait_for` does): whoever is left is told again.
            ended, _ = await asyncio.wait(tasks, timeout=TOLD_AGAIN)
            self._tasks.difference_update(ended)
        for pool in self._pools:
            pool.close()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("task.failed", task=task.get_name(), exc_info=error)


__all__ = ["DaemonPool", "Spawner"]
