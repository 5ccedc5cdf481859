"""Signals that may be lost or doubled: a store's wakes, and a runner's hints of an end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from jobsched.domain.job import Access
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Wake
from jobsched.testing.fakes import FakeRunner, FakeWorld


class Waking:
    """A store whose wakes may be lost or doubled.

    Args:
        store: the one.
        times: says how often the next one is told.
    """

    def __init__(self, store: MemoryStore, times: Callable[[], int]) -> None:
        self._store = store
        self._times = times

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def wakes(self) -> AsyncIterator[Wake]:
        """Hear wakes, as often as the world lets them through."""
        async for wake in self._store.wakes():
            for _ in range(self._times()):
                yield wake


class Hinting(FakeRunner):
    """A runner whose hints may be lost or doubled.

    Args:
        world: in which its machines are.
        times: says how often the next one is told.
    """

    def __init__(self, world: FakeWorld, times: Callable[[], int]) -> None:
        super().__init__(world)
        self._times = times

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Name ended containers, as often as the world lets it through."""
        return self._some(access)

    async def _some(self, access: Access) -> AsyncIterator[str]:
        async for name in self._names(access):
            for _ in range(self._times()):
                yield name


__all__ = ["Hinting", "Waking"]
