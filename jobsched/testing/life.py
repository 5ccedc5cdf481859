"""A worker's life, which may end at every await between it and the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any


class Life:
    """A worker's life: it ends at the n-th await between the worker and the outside, or never.

    Whoever stands between the two (`jobsched.engine.outside.Outside`) tells it of every call.
    """

    def __init__(self, ends_at: int | None = None) -> None:
        self.points: list[str] = []
        self.dead = asyncio.Event()
        #: the worker's name, once it works
        self.worker = ""
        #: what is left of its tasks is put away: nothing waits any more
        self.is_buried = False
        #: has the worker take nothing more, and end; set once it works
        self.leave: Callable[[], None] = lambda: None
        self._ends_at = ends_at

    @property
    def is_still(self) -> bool:
        """Whether it stands still now."""
        return False

    async def point(self, name: str) -> None:
        """Pass a point; a dead worker never comes back from one."""
        self.points.append(name)
        if len(self.points) == self._ends_at:
            self.dead.set()
        if self.is_buried:
            raise asyncio.CancelledError
        if self.dead.is_set():
            await asyncio.Event().wait()

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside: the worker may die before it, or after it without the answer."""
        called = " ".join(names)
        await self.point(f"before {called}")
        answer = await ask()
        await self.point(f"after {called}")
        return answer


__all__ = ["Life"]
