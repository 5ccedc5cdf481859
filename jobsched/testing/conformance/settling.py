"""Looking again until something is so, for as long as a contract says that it may take."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

T = TypeVar("T")

#: Pauses between two looks, in seconds: short for fakes, and bearable for a cloud.
FIRST_PAUSE, LONGEST_PAUSE = 0.02, 2.0


async def settled(
    look: Callable[[], Awaitable[T]], is_so: Callable[[T], bool], *, within: timedelta
) -> T:
    """Look until it is so; give what was seen last, so or not so.

    The last look is taken after the time is over, so that it is not missed by a slow one.
    """
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + within.total_seconds(), FIRST_PAUSE
    while True:
        is_last = loop.time() >= deadline
        seen = await look()
        if is_last or is_so(seen):
            return seen
        await asyncio.sleep(min(pause, max(0.0, deadline - loop.time())))
        pause = min(2 * pause, LONGEST_PAUSE)


__all__ = ["settled"]
