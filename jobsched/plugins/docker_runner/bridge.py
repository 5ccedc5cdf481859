"""From a thread that reads to an async iterator: bounded, and ended by the one who iterates."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import TypeVar

from jobsched.contracts.services import Pool
from jobsched.plugins.docker_runner.leash import Leash, Let

Item = TypeVar("Item")
#: Items that may wait for the reader of the iterator; the thread waits for a free place.
DEPTH = 4
#: How often a waiting thread looks whether there is still an event loop.
LOOK_SECONDS = 1.0


async def bridge(
    pool: Pool, produce: Callable[[Callable[[Item], None], Leash], None]
) -> AsyncIterator[Item]:
    """Run ``produce(emit, leash)`` in a thread of the pool, and yield what it emits.

    ``emit`` blocks while the reader is slow, and raises :class:`Let` once the iteration was closed.
    What ``produce`` raises is raised here, after everything that it emitted.
    """
    loop, leash = asyncio.get_running_loop(), Leash()
    places = threading.Semaphore(DEPTH)
    items: asyncio.Queue[Item | None] = asyncio.Queue()

    def emit(item: Item) -> None:
        while not places.acquire(timeout=LOOK_SECONDS):
            if loop.is_closed():
                raise Let
        if leash.pulled:
            raise Let
        loop.call_soon_threadsafe(items.put_nowait, item)

    def work() -> None:
        # A closed loop takes nothing: whoever iterated is gone without a word.
        with suppress(Let):
            if not leash.pulled:
                produce(emit, leash)

    async def run() -> None:
        try:
            await pool.run(work)
        finally:
            items.put_nowait(None)

    task = asyncio.ensure_future(run())
    # Once the iteration was closed nobody asks for its error.
    task.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    try:
        while (item := await items.get()) is not None:
            places.release()
            yield item
        await task
    finally:
        leash.pull()
        places.release()
        task.cancel()


__all__ = ["bridge"]
