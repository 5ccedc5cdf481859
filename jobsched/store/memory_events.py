"""Wakes, changes, locks and workers in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta

from jobsched.contracts.change import Change
from jobsched.errors import StoreUnavailable
from jobsched.store.memory_calls import Calls, whole
from jobsched.store.port import Wake
from jobsched.store.row import CHANGE_IDLE
from jobsched.store.world import Given


class MemoryEvents(Calls):
    """What processes tell each other."""

    async def wakes(self) -> AsyncGenerator[Wake, None]:
        """See the port."""
        await asyncio.sleep(0)
        self.refuse()
        heard: asyncio.Queue[Wake | None] = asyncio.Queue()
        self.world.listeners.append(heard)
        try:
            yield Wake()
            while (wake := await heard.get()) is not None:
                self.refuse_down()
                yield wake
            raise StoreUnavailable("The store does not answer.")
        finally:
            self.world.listeners.remove(heard)

    def go_down(self) -> None:
        """Become unavailable, and end what listens; ``is_down = False`` brings it back."""
        self.is_down = True
        for listener in self.world.listeners:
            listener.put_nowait(None)

    @whole
    def lock(self, name: str, holder: str, *, lease: timedelta) -> bool:
        """See the port."""
        now = self._now()
        has, until = self.world.locks.get(name, ("", now))
        if has and has != holder and until > now:
            return False
        self.world.locks[name] = (holder, now + lease)
        return True

    @whole
    def bind(self, name: str, value: str) -> str:
        """See the port."""
        return self.world.bound.setdefault(name, value)

    @whole
    def unlock(self, name: str, holder: str) -> None:
        """See the port."""
        if self.world.locks.get(name, ("",))[0] == holder:
            del self.world.locks[name]

    @whole
    def see_worker(self, holder: str, *, lease: timedelta) -> None:
        """See the port."""
        self.world.workers[holder] = self._now() + lease

    @whole
    def workers(self) -> Sequence[str]:
        """See the port."""
        now = self._now()
        return sorted(holder for holder, until in self.world.workers.items() if until > now)

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """See the port."""
        del consumer  # Which one it is makes no difference here.
        waited = self.world.changed
        if found := await self._given(most):
            return found
        try:
            # not `wait_for`, whose turns differ from one version of Python to another
            async with asyncio.timeout(wait.total_seconds()):
                await waited.wait()
        except TimeoutError:
            return []
        return await self._given(most)

    @whole
    def _given(self, most: int) -> Sequence[Change]:
        now, given = self._now(), self.world.given
        idle = [one.change for one in given.values() if one.at <= now - CHANGE_IDLE]
        new = self.world.changes[self.world.handed :]
        found = [*idle[:most], *new[: max(0, most - len(idle))]]
        self.world.handed += len(found) - len(idle[:most])
        for change in found:
            given[change.id] = Given(change=change, at=now)
        return found

    @whole
    def acknowledge(self, changes: Sequence[Change]) -> None:
        """See the port."""
        for change in changes:
            self.world.given.pop(change.id, None)


__all__ = ["MemoryEvents"]
