"""What Redis tells by itself: wakes over publish and subscribe, and the stream of changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from redis.exceptions import RedisError

from jobsched.contracts.change import Change
from jobsched.domain.job import JobId
from jobsched.errors import StoreUnavailable
from jobsched.store import keys
from jobsched.store.failure import unavailable
from jobsched.store.port import Wake
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.redis_records import milliseconds
from jobsched.store.row import CHANGE_IDLE, to_time

#: A subscription that is silent for so long is asked whether it lives; after twice that it is dead.
SILENCE = timedelta(seconds=10)
#: The longest time that one call may block: below the time-out of calls.
BLOCK = timedelta(seconds=5)


class RedisEvents(RedisCalls):
    """The part of the port that waits."""

    async def wakes(self) -> AsyncGenerator[Wake, None]:
        """See the port."""
        subscription = self._client.pubsub()
        asked = False
        try:
            await subscription.subscribe(keys.wake_channel(self._owner))
            while True:
                message = await subscription.get_message(timeout=SILENCE.total_seconds())
                if message is None:
                    if asked:
                        raise StoreUnavailable("Redis has fallen silent.")
                    await subscription.ping()
                    asked = True
                    continue
                asked = False
                if (wake := _wake(message)) is not None:
                    yield wake
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
        finally:
            await subscription.aclose()  # type: ignore[no-untyped-call] # redis has no type for it

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """See the port."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + wait.total_seconds()
        while True:
            answer = await self.call("changes", consumer, most, milliseconds(CHANGE_IDLE))
            left = timedelta(seconds=deadline - loop.time())
            if answer[1] or left <= timedelta(0):
                return [_change(*entry) for entry in answer[1]]
            await self._wait_for_change(answer[2], min(left, BLOCK))

    async def _wait_for_change(self, last: bytes, wait: timedelta) -> None:
        work = self._client.xread({keys.EVENTS: last}, count=1, block=milliseconds(wait))
        # The client sends with `asyncio.wait_for`, which (until Python 3.12) may lose a cancel that
        # comes as it ends: it would be waited for in vain. `asyncio.wait` loses none.
        reading = asyncio.ensure_future(work)
        try:
            await asyncio.wait({reading})
            reading.result()
        except (RedisError, OSError, TimeoutError) as error:
            raise unavailable(error) from error
        finally:
            reading.cancel()
            reading.add_done_callback(lambda one: one.cancelled() or one.exception())

    async def acknowledge(self, changes: Sequence[Change]) -> None:
        """See the port."""
        # Lua takes no argument lists without end.
        for start in range(0, len(changes), 1000):
            several = changes[start : start + 1000]
            await self.call("acknowledge", *(change.id for change in several))


def _wake(message: Mapping[str, Any]) -> Wake | None:
    if message["type"] == "subscribe":
        return Wake()
    if message["type"] != "message":
        return None
    match message["data"].decode().split(" "):
        case ["dirty", job, holder]:
            return Wake(job=JobId(job), holder=holder)
        case ["due", at]:
            return Wake(due_at=to_time(int(at)))
        case _:
            # A word of a newer version: at least look.
            return Wake()


def _change(position: bytes, flat: Sequence[bytes]) -> Change:
    pairs = zip(flat[::2], flat[1::2], strict=True)
    fields = {name.decode(): value.decode() for name, value in pairs}
    return Change(
        id=position.decode(),
        job=JobId(fields["job"]),
        rev=int(fields["rev"]),
        at=to_time(int(fields["at"])),
        was=fields["was"],
        state=fields["state"],
        reason=fields["reason"],
        attempt=int(fields["attempt"]),
        facts=tuple(fields["facts"].split()),
    )


__all__ = ["RedisEvents"]
