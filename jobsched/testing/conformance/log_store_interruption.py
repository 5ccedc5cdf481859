"""How a log store behaves when it is cut off, when several write, and while it works."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

from jobsched.contracts.log_store import LogStore
from jobsched.testing.conformance.answer import ENDS_WITHIN, answer, name_of
from jobsched.testing.conformance.breach import Broken
from jobsched.testing.conformance.logs import CHUNK, WITHIN, Logs
from jobsched.testing.conformance.promise import promised

#: how far a call has come when it is cut off: in turns of the event loop
TURNS = (1, 2, 3, 5, 8, 20, 50)


class LogStoreInterruption:
    """What holds for all methods."""

    @promised(
        by=LogStore,
        that="No method may block the event loop",
        do="Call what blocks (an SDK, a file) in a thread: await services.spawn.pool(…).run(…).",
        may_block=False,
    )
    async def test_no_method_blocks_the_event_loop(self, logs: Logs) -> None:
        """A whole life of a log goes by, and the loop goes on all the time."""
        store, job = await logs.store(), logs.job()
        for number in range(3):
            await logs.write(job, number * CHUNK, bytes(CHUNK))
        await answer(store.read(job, 1), within=WITHIN)
        await logs.delete(job)

    @promised(
        by=LogStore,
        that="A call may be cut off in its middle",
        do="Let asyncio.CancelledError out, and leave nothing that a repeat does not put right.",
    )
    async def test_a_call_that_was_cut_off_is_made_again(self, logs: Logs) -> None:
        """Wherever a call was cancelled, the next one puts right what it left."""
        store = await logs.store()
        one, two = b"A" * 1000, b"B" * 1000
        for turns in TURNS:
            job = logs.job()
            await logs.write(job, 0, one)
            await _cut_off(store.write(job, 1, 1000, two), turns)
            await logs.write(job, 1000, two)
            await _cut_off(store.read(job, 1), turns)
            await logs.expect(job, (0, one + two))
            await _cut_off(store.delete(job), turns)
            await logs.delete(job)
            await logs.expect_nothing(job)

    @promised(
        by=LogStore.write,
        that="The same offset again changes nothing",
        do="Store a piece under its offset in one step; do not read, change and write back.",
    )
    async def test_many_may_write_at_once(self, logs: Logs) -> None:
        """Two processes that collect the same output lose none of it, and double none."""
        job, pieces = logs.job(), [bytes([65 + number]) * 100 for number in range(10)]
        for by_another in (False, True):
            await logs.store(by_another=by_another)
        await asyncio.gather(
            *(
                logs.write(job, number * 100, piece, by_another=by_another)
                for number, piece in enumerate(pieces)
                for by_another in (False, True)
            )
        )
        await logs.expect(job, (0, b"".join(pieces)))


async def _cut_off(work: Coroutine[Any, Any, object], turns: int) -> None:
    """Cancel a call after some turns of the loop, if it goes on until then.

    Raises:
        Broken: it goes on although it was cancelled.
    """
    task = asyncio.ensure_future(work)
    for _ in range(turns):
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task}, timeout=ENDS_WITHIN.total_seconds())
    if not task.done():
        seconds = f"{ENDS_WITHIN.total_seconds():g} s"
        raise Broken(f"{name_of(work)} was cancelled and still goes on {seconds} later")
    if not task.cancelled():
        task.result()


__all__ = ["LogStoreInterruption"]
