"""Alarms in Redis: what an operator must look at."""

from __future__ import annotations

from collections.abc import Mapping

from jobsched.store.port import Alarm
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.row import to_time


class RedisAlarms(RedisCalls):
    """The part of the port that keeps alarms."""

    async def raise_alarm(self, name: str, sentence: str) -> bool:
        """See the port."""
        return bool((await self.call("raise_alarm", name, sentence))[1])

    async def clear_alarm(self, name: str) -> bool:
        """See the port."""
        return bool((await self.call("clear_alarm", name))[1])

    async def alarms(self) -> Mapping[str, Alarm]:
        """See the port."""
        found = (await self.call("alarms"))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return {name.decode(): _alarm(kept) for name, kept in sorted(pairs)}


def _alarm(kept: bytes) -> Alarm:
    at, _, sentence = kept.partition(b" ")
    return Alarm(sentence=sentence.decode(), at=to_time(int(at)))


__all__ = ["RedisAlarms"]
