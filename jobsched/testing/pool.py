"""Threads for plugins under test: real ones, and none at all in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from jobsched.spawn import DaemonPool
from jobsched.testing.virtual_time import virtual_loop

P = ParamSpec("P")
T = TypeVar("T")


class InlinePool:
    """`contracts.services.Pool` without threads: a call runs at once, in the loop."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function and give its result; nothing else happens meanwhile."""
        await asyncio.sleep(0)
        return function(*args, **kwargs)


class LentPool(DaemonPool):
    """Threads of a test; in virtual time, which no thread has, a call runs in the loop."""

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in a thread of this pool, or at once, and give its result."""
        if virtual_loop() is not None:
            return await InlinePool().run(function, *args, **kwargs)
        return await super().run(function, *args, **kwargs)


__all__ = ["InlinePool", "LentPool"]
