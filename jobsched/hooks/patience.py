"""Run a plugin's code so that it ends nothing but itself, and is not waited for for ever."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from jobsched import log

T = TypeVar("T")

#: how long code that was cancelled may take to end
GRACE = timedelta(seconds=5)

_log = log.get(__name__)
#: tasks that took no notice of being cancelled; the event loop itself holds them weakly
_left: set[asyncio.Task[object]] = set()


class NoAnswer(Exception):
    """It gave no answer in time. What it was asked to do may have been done."""


class Broke(Exception):
    """It raised what would have ended more than its own call: a cancel, or the process's exit."""


async def patiently(what: str, work: Callable[[], Awaitable[T]], within: timedelta) -> T:
    """Give what the work gives; whatever it does, this returns within the time and `GRACE`.

    Work that takes no notice of being cancelled goes on beside us, and nobody hears what comes of
    it. Only code that blocks the event loop can hold this up. A cancel of the caller reaches the
    work.

    Raises:
        NoAnswer: its time is over.
        Broke: it cancelled itself, or raised something that is no ``Exception``.
    """
    task: asyncio.Task[T] = asyncio.ensure_future(_contained(work))
    try:
        await asyncio.wait((task,), timeout=within.total_seconds())
        if not task.done():
            task.cancel()
            await asyncio.wait((task,), timeout=GRACE.total_seconds())
    except asyncio.CancelledError:
        task.cancel()
        await asyncio.wait((task,), timeout=GRACE.total_seconds())
        raise
    finally:
        if not task.done() or task.cancelled() or task.exception() is not None:
            _forget(what, task)
    if not task.done() or task.cancelled():
        raise NoAnswer
    return task.result()


async def _contained(work: Callable[[], Awaitable[T]]) -> T:
    """Do the work; nothing that it raises may pass for a cancel of ours, or end the process."""
    try:
        return await work()
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise Broke("it raised CancelledError, and nobody had cancelled it") from error
    except (Exception, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Broke(f"it raised {type(error).__name__}") from error


def contained(work: Callable[[], T]) -> T:
    """Give what a plain function gives at once.

    Raises:
        Broke: it raised a cancel, an exit, or another thing that is no ``Exception``.
    """
    try:
        return work()
    except (Exception, GeneratorExit, KeyboardInterrupt):
        raise
    except BaseException as error:
        raise Broke(f"it raised {type(error).__name__}") from error


def _forget(what: str, task: asyncio.Task[T]) -> None:
    if task.done():
        return
    _log.warning("plugin.goes_on", call=what)
    _left.add(task)
    task.add_done_callback(_ended)


def _ended(task: asyncio.Task[T]) -> None:
    _left.discard(task)
    if not task.cancelled():
        # looked at, so that asyncio does not complain that nobody did
        task.exception()


__all__ = ["GRACE", "Broke", "NoAnswer", "contained", "patiently"]
