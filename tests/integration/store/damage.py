"""What may become of an index behind the store's back, in each kind of store."""

from __future__ import annotations

from typing import Any

import redis.asyncio

from jobsched.domain.job import JobId
from jobsched.store.world import World

#: what can be done to the entries of a job, and how the store names it
KINDS = {
    "due": "due",
    "state": "state",
    "ended": "ended",
    "slot": "slots",
    "stray slot": "slots",
    "line": "line",
    "record": "record",
}
#: a token that no launch has
STRAY = "stray"


def in_memory(world: World, kind: str, job: JobId) -> None:
    """Do it to a store in memory."""
    record = world.records[job]
    slots = world.slots.setdefault(record.provider, {})
    match kind:
        case "due":
            record.due = None
        case "state":
            record.state = "running"
        case "ended":
            record.forget_at = None
        case "slot":
            for token in [token for token, whose in slots.items() if whose == job]:
                del slots[token]
        case "stray slot":
            slots[STRAY] = job
        case "line":
            for line in (world.waiting, world.paced):
                line.get(record.provider, {}).pop(job, None)
        case _:
            del world.records[job]


async def in_redis(client: redis.asyncio.Redis, kind: str, job: JobId) -> None:
    """Do it to a store in Redis."""
    raw: Any = client  # Its types are those of both clients at once.
    key = f"jobsched:job:{job}"
    state, place, provider = await raw.hmget(key, ["state", "place", "provider"])
    slots = f"jobsched:slots:{provider}"
    match kind:
        case "due":
            await raw.zrem("jobsched:due:1", job)
        case "state":
            await raw.zrem(f"jobsched:jobs:{state}", place)
            await raw.zadd("jobsched:jobs:running", {place: 0})
        case "ended":
            await raw.zrem("jobsched:ended", job)
        case "slot":
            for token, whose in (await raw.hgetall(slots)).items():
                if whose == job:
                    await raw.hdel(slots, token)
        case "stray slot":
            await raw.hset(slots, STRAY, job)
        case "line":
            await raw.zrem(f"jobsched:waiting:{provider}", job)
            await raw.zrem(f"jobsched:paced:{provider}", job)
        case _:
            await raw.delete(key)


__all__ = ["KINDS", "STRAY", "in_memory", "in_redis"]
