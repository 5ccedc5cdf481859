"""A worker's life, which may end at every await between it and the outside."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Coroutine
from typing import Any, cast


class Life:
    """A worker's life: it ends at the n-th await between the worker and the outside, or never."""

    def __init__(self, ends_at: int | None = None) -> None:
        self.points: list[str] = []
        self.dead = asyncio.Event()
        #: what is left of its tasks is put away: nothing waits any more
        self.is_buried = False
        self._ends_at = ends_at

    async def point(self, name: str) -> None:
        """Pass a point; a dead worker never comes back from one."""
        self.points.append(name)
        if len(self.points) == self._ends_at:
            self.dead.set()
        if self.is_buried:
            raise asyncio.CancelledError
        if self.dead.is_set():
            await asyncio.Event().wait()

    async def pass_through(self, name: str, work: Awaitable[Any]) -> Any:
        """Do something outside: the worker may die before it, or after it without the answer."""
        try:
            await self.point(f"before {name}")
        except asyncio.CancelledError:
            cast("Coroutine[Any, Any, Any]", work).close()
            raise
        result = await work
        await self.point(f"after {name}")
        return result


class Mortal:
    """Stands between a worker and something outside; every call is a place to die."""

    def __init__(self, outside: Any, life: Life, kind: str) -> None:
        self._outside = outside
        self._life = life
        self._kind = kind

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._outside, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def called(*args: Any, **kwargs: Any) -> Any:
            return await self._life.pass_through(f"{self._kind}.{name}", found(*args, **kwargs))

        return called


__all__ = ["Life", "Mortal"]
