"""What a worker does beside arq's queue: dispatch, watch, tell the plugins.

The same in every process.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from jobsched.engine.parts import Parts
from jobsched.hooks.load import Plugins
from jobsched.hooks.notify import notify_forever
from jobsched.worker.dispatch import Dispatch, Pace
from jobsched.worker.watch import Watches


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """A worker at work."""

    parts: Parts
    dispatch: Dispatch
    pace: Pace
    #: ends only if the dispatch loop died: then the worker must end too
    loop: asyncio.Task[None]

    async def leave(self) -> None:
        """Take nothing more, and let the steps in hand end (20 s at the most). May be repeated."""
        self.dispatch.stop()
        await asyncio.wait({self.loop})


@contextlib.asynccontextmanager
async def working(
    parts: Parts, plugins: Plugins, pace: Pace, *, with_loop: bool = True
) -> AsyncIterator[Working]:
    """Work until the context is left; leaving finishes the steps in hand (20 s at the most)."""
    parts = replace(parts, watch=Watches(parts).ensure)
    dispatch = Dispatch(parts, pace)
    telling = asyncio.ensure_future(notify_forever(parts, plugins, parts.worker))
    loop = asyncio.ensure_future(dispatch.run(claiming=with_loop))
    try:
        yield Working(parts=parts, dispatch=dispatch, pace=pace, loop=loop)
    finally:
        dispatch.stop()
        telling.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await loop
        with contextlib.suppress(asyncio.CancelledError):
            await telling


__all__ = ["Working", "working"]
