"""A worker's turn at a chore: the lock that it has, and whether it may still act under it."""

from __future__ import annotations

from datetime import timedelta

from jobsched.engine.parts import Parts


class Turn:
    """A lock that is held by one worker at a time.

    Args:
        parts: the store that keeps it, and the worker that wants it.
        name: of the lock.
        lease: how long it is held without being taken again.
    """

    def __init__(self, parts: Parts, name: str, lease: timedelta) -> None:
        self._parts = parts
        self._name = name
        self._lease = lease
        #: by this machine's monotonic clock, which goes on while the process is paused
        self._until = 0.0

    async def take(self) -> bool:
        """Take or renew the lock; False: somebody else has it. May be repeated."""
        parts = self._parts
        # before the store is asked: so it ends no later than the store's own lease
        until = parts.services.clock.monotonic() + self._lease.total_seconds()
        has_it = await parts.store.lock(self._name, parts.worker, lease=self._lease)
        self._until = until if has_it else 0.0
        return has_it

    async def give_up(self) -> None:
        """Leave the lock to whoever comes next. May be repeated; another's stays his."""
        self._until = 0.0
        await self._parts.store.unlock(self._name, self._parts.worker)

    def may_act(self) -> bool:
        """Say whether an effect may be begun: after the lease another worker may have the lock."""
        return self._parts.services.clock.monotonic() < self._until


__all__ = ["Turn"]
