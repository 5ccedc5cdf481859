"""What the reaper keeps in Redis from one pass to the next, whichever worker makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobsched.store.redis_calls import RedisCalls
from jobsched.store.redis_records import milliseconds
from jobsched.store.row import to_time


class RedisReaper(RedisCalls):
    """The part of the port that the reaper uses."""

    async def suspect(self, name: str, machines: Sequence[str]) -> Mapping[str, datetime]:
        """See the port."""
        times = (await self.call("suspect", name, *machines))[1]
        return {one: to_time(int(at)) for one, at in zip(machines, times, strict=True)}

    async def permit(self, name: str, *, within: timedelta) -> None:
        """See the port."""
        await self.call("permit", name, milliseconds(within))

    async def use_permit(self, name: str) -> bool:
        """See the port."""
        return bool((await self.call("use_permit", name))[1])

    async def see_reaper(self, provider: str) -> None:
        """See the port."""
        await self.call("see_reaper", provider)

    async def reaped(self) -> Mapping[str, datetime]:
        """See the port."""
        found = (await self.call("reaped"))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return {provider.decode(): to_time(int(at)) for provider, at in pairs}


__all__ = ["RedisReaper"]
