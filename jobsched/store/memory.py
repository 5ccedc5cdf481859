"""A store in memory: the port's rules in plain Python, for the simulator and for tests."""

from __future__ import annotations

import asyncio
from datetime import datetime

from jobsched.errors import WrongStore
from jobsched.store.logs import MemoryLogs
from jobsched.store.memory_alarms import MemoryAlarms
from jobsched.store.memory_calls import whole
from jobsched.store.memory_events import MemoryEvents
from jobsched.store.memory_halts import MemoryHalts
from jobsched.store.memory_index import MemoryIndex
from jobsched.store.memory_leases import MemoryLeases
from jobsched.store.memory_lists import MemoryLists
from jobsched.store.memory_reaper import MemoryReaper
from jobsched.store.memory_records import MemoryRecords
from jobsched.store.owner import RESTORING, in_epoch, whose


class MemoryStore(
    MemoryRecords,
    MemoryIndex,
    MemoryHalts,
    MemoryAlarms,
    MemoryReaper,
    MemoryLeases,
    MemoryLists,
    MemoryEvents,
):
    """The port in memory. A new world is nobody's until it is stamped, as an empty Redis is.

    Args:
        now: the store's clock.
        deployment: whose store it is.
        world: what is stored; give the same one to several stores to share it.
        retention: how long ended jobs are kept.
        through_codec: keep documents as bytes, so that what cannot be encoded fails here too.
        answers_at_once: make no pause after a call.
    """

    def wipe(self) -> None:
        """Forget everything, the stamp included, as FLUSHALL does."""
        self.world.wipe()

    @whole
    def check(self) -> datetime:
        """See the port."""
        return self._now()

    async def stamp(self, fingerprint: str, *, force: bool = False) -> None:
        """See the port."""
        await asyncio.sleep(0)
        self.refuse_down()
        world = self.world
        found = (world.owner, world.fingerprint)
        fresh = found == ("", "") and not world.records
        restoring = world.owner == self._owner + RESTORING
        if restoring or not (force or fresh or found == (self._owner, fingerprint)):
            raise WrongStore(whose(world.owner, self._owner))
        world.owner, world.fingerprint = self._owner, fingerprint

    async def begin_restore(self, epoch: str) -> None:
        """See the port."""
        await self._call_itself(in_epoch(self._owner, epoch) + RESTORING)

    async def end_restore(self) -> None:
        """See the port."""
        await self._call_itself(self._owner.removesuffix(RESTORING))

    async def _call_itself(self, wanted: str) -> None:
        await asyncio.sleep(0)
        self.refuse_down()
        if self.world.owner.removesuffix(RESTORING) != self._owner.removesuffix(RESTORING):
            raise WrongStore(whose(self.world.owner, self._owner, put_back=True))
        self.world.owner = self._owner = wanted

    async def syncs_each_write(self) -> bool:
        """See the port; what it keeps ends with the process that keeps it."""
        return True

    async def close(self) -> None:
        """See the port."""

    def logs(self) -> MemoryLogs:
        """Give the storage of logs that lies beside the records."""
        return MemoryLogs(self.world.logs)


__all__ = ["MemoryStore"]
