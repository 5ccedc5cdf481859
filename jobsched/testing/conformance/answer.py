"""Waiting for a plugin's answer: never longer than its contract allows, also if it will not end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Coroutine
from datetime import timedelta
from typing import Any, TypeVar

from jobsched.testing.conformance.breach import Broken

T = TypeVar("T")

#: what the contracts allow most calls
USUAL = timedelta(seconds=60)
#: how long a call that was cancelled may take to end
ENDS_WITHIN = timedelta(seconds=3)


async def answer(work: Awaitable[T], *, within: timedelta = USUAL) -> T:
    """Give the answer of a plugin's call, and raise what it raises.

    Raises:
        Broken: it gave none in time; it was cancelled then.
    """
    task = asyncio.ensure_future(work)
    try:
        await asyncio.wait({task}, timeout=within.total_seconds())
        if task.done():
            return task.result()
    finally:
        if not task.done():
            task.cancel()
    raise Broken(
        f"{name_of(work)} gave no answer within {within.total_seconds():g} s",
        do="Give each thing that the call waits for a time limit of its own, and raise "
        "OperationFailed when it is over.",
    )


async def cancelled(work: Coroutine[Any, Any, T], *, after: timedelta) -> T | None:
    """Cancel a call in its middle; give its answer if it was faster, and None else.

    Raises:
        Broken: it goes on although it was cancelled.
    """
    task = asyncio.ensure_future(work)
    # A task runs its first step before it can be cancelled inside of the call.
    await asyncio.sleep(0)
    await asyncio.wait({task}, timeout=after.total_seconds())
    task.cancel()
    await asyncio.wait({task}, timeout=ENDS_WITHIN.total_seconds())
    if not task.done():
        raise Broken(
            f"{name_of(work)} was cancelled and still goes on {ENDS_WITHIN.total_seconds():g} s "
            "later",
            do="Let asyncio.CancelledError out: do not catch it, or raise it again.",
        )
    return None if task.cancelled() else task.result()


async def items(stream: AsyncIterator[T], *, within: timedelta = USUAL) -> list[T]:
    """Read a plugin's stream to its end.

    Raises:
        Broken: it did not end in time.
    """

    async def read() -> list[T]:
        return [item async for item in stream]

    return await answer(read(), within=within)


def name_of(work: object) -> str:
    """Give the name of a call: ``AcmeProvider.find``."""
    return getattr(work, "__qualname__", type(work).__name__)


__all__ = ["ENDS_WITHIN", "USUAL", "answer", "cancelled", "items", "name_of"]
