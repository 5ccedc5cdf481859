"""A fresh event loop in a thread of its own, and an eye on it from outside.

Outside, because a call that blocks the loop stops everything on it, also whoever would tell.
"""

from __future__ import annotations

import asyncio
import contextvars
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Generic, TypeVar

from jobsched.testing.conformance.breach import Broken

T = TypeVar("T")

#: Pause between two looks at the loop. On a machine that is busy with something else, whoever looks
#: is as late as the loop is: so one look counts for no longer than twice the pause.
LOOK = timedelta(milliseconds=20)
#: A loop that does not answer for so long is blocked.
BLOCKED = timedelta(milliseconds=500)
#: Longer than any call may take: it will never go on.
STUCK = timedelta(seconds=60)
IN_A_THREAD = (
    "Call what blocks in a thread: await services.spawn.pool(name, threads).run(function)."
)
#: How long what is left on the loop may take to end, before it is left alone.
CLEARED = timedelta(seconds=5)


@dataclass(slots=True, kw_only=True)
class Blocked:
    """The longest time for which the loop did not answer."""

    seconds: float = 0.0
    #: where it was then: ``plugin.py:31 in find``; empty if it was never blocked
    where: str = ""

    @property
    def sentence(self) -> str:
        """What was seen."""
        return f"the event loop stood still for {self.seconds:.1f} s, at {self.where}"


@dataclass(slots=True)
class _Work(Generic[T]):
    make: Callable[[], Coroutine[Any, Any, T]]
    ended: threading.Event = field(default_factory=threading.Event)
    loop: asyncio.AbstractEventLoop | None = None
    task: asyncio.Task[T] | None = None
    result: list[T] = field(default_factory=list)
    error: BaseException | None = None

    def __call__(self) -> None:
        with asyncio.Runner() as runner:
            try:
                self.loop = runner.get_loop()
                self.result.append(runner.run(self._main()))
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised in the test's own thread
                self.error = error
            finally:
                self.ended.set()

    async def _main(self) -> T:
        self.task = asyncio.current_task()
        return await self.make()


def run(
    make: Callable[[], Coroutine[Any, Any, T]],
    *,
    within: timedelta = timedelta(minutes=5),
    blocked: Blocked | None = None,
) -> T:
    """Run what ``make()`` gives on a fresh loop; give its result or raise its error.

    Args:
        make: called once, in the loop's own thread.
        within: for the whole; what goes on then is cancelled, and left alone if that does not help.
        blocked: is told of the longest time for which the loop was blocked.

    Raises:
        Broken: it did not end in time, or blocked the loop for all that time.
    """
    work = _Work(make)
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(work,), name="conformance", daemon=True)
    thread.start()
    _look_on(work, thread, within, blocked or Blocked())
    # Whatever the test left behind is cancelled by then; a task that will not end is given up.
    thread.join(CLEARED.total_seconds())
    if work.error is not None:
        raise work.error
    return work.result[0]


def _look_on(
    work: _Work[Any], thread: threading.Thread, within: timedelta, blocked: Blocked
) -> None:
    answered = threading.Event()
    answered.set()
    seconds, begun = 0.0, time.monotonic()
    looked = begun
    while not work.ended.wait(LOOK.total_seconds()):
        before, looked = looked, time.monotonic()
        passed = min(looked - before, 2 * LOOK.total_seconds())
        seconds = 0.0 if answered.is_set() else seconds + passed
        if seconds >= BLOCKED.total_seconds() and seconds > blocked.seconds:
            blocked.where = (
                _where(thread) if seconds - passed < BLOCKED.total_seconds() else blocked.where
            )
            blocked.seconds = seconds
        if looked - begun > within.total_seconds() or seconds > STUCK.total_seconds():
            _give_up(work, seconds, blocked)
            return
        if answered.is_set() and work.loop is not None:
            answered.clear()
            soon(work.loop, answered.set)


def _give_up(work: _Work[Any], seconds: float, blocked: Blocked) -> None:
    if seconds >= BLOCKED.total_seconds():
        raise Broken(blocked.sentence, do=IN_A_THREAD)
    if work.loop is not None and work.task is not None:
        soon(work.loop, work.task.cancel)
    ended = work.ended.wait(CLEARED.total_seconds())
    if not ended or isinstance(work.error, asyncio.CancelledError):
        raise Broken("the test did not end in time", do="Look for what waits for ever.")


def soon(loop: asyncio.AbstractEventLoop, call: Callable[[], object]) -> None:
    """Call it in the loop, unless that is closed: its thread may do so at any moment."""
    with suppress(RuntimeError):
        loop.call_soon_threadsafe(call)


def _where(thread: threading.Thread) -> str:
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - documented, in spite of its name
    frames = traceback.extract_stack(frame)
    own = [one for one in frames if "/asyncio/" not in one.filename.replace("\\", "/")]
    found = [f"{one.filename}:{one.lineno} in {one.name}" for one in own[-3:]]
    return " < ".join(reversed(found))


__all__ = ["BLOCKED", "IN_A_THREAD", "Blocked", "run", "soon"]
