"""The reaper on a real Redis."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import redis.asyncio

from jobsched.domain import facts
from jobsched.domain.job import JobId
from jobsched.engine.parts import Parts
from jobsched.engine.reap import reap
from jobsched.engine.turn import Turn
from jobsched.errors import WrongStore
from jobsched.testing.fakes import FakeMachine
from tests.integration.worker.bench import Bench
from tests.unit.domain.example import a_job, known, told

SUSPECTS = "jobsched:suspects:fake"
SECOND = 1_000_000


@pytest.fixture
async def raw(redis_url: str) -> AsyncIterator[Any]:
    """The server itself."""
    client: Any = redis.asyncio.Redis.from_url(redis_url, decode_responses=True)
    yield client
    await client.aclose()


def machine(bench: Bench, parts: Parts, job: str) -> FakeMachine:
    """Let a machine of a job's first launch be on, for an hour."""
    token = parts.secrets.token(JobId(job), 1, 1)
    made = bench.world.launched(token)
    made.order = {"job": job, "attempt": 1}
    made.launched_at = parts.now - timedelta(hours=1)
    return made


async def passed(parts: Parts, raw: Any) -> int:
    """Make a pass, a minute after the one before."""
    for one, at in (await raw.hgetall(SUSPECTS)).items():
        await raw.hset(SUSPECTS, one, str(int(at) - 60 * SECOND))
    provider = parts.registry.provider("fake")
    turn = Turn(parts, "reap:fake", timedelta(seconds=60))
    assert await turn.take()
    return await reap(parts, provider, turn)


async def test_an_emptied_redis_ends_no_machine(bench: Bench, raw: Any) -> None:
    """Until FLUSHALL the orphan is ended and no other; after it nobody is an orphan (Q8)."""
    parts = await bench.parts(works=True)
    job = replace(a_job(provider="fake"), id=JobId("j" * 32))
    token = parts.secrets.token(job.id, 1, 1)
    job = known(job, told(facts.Planned), told(facts.Offered), told(facts.Begun, token=token))
    await parts.store.accept(job, look_again_at=parts.now + timedelta(days=9))
    used, orphan = machine(bench, parts, job.id), machine(bench, parts, "x" * 32)
    assert await passed(parts, raw) == 0
    assert await passed(parts, raw) == 1
    assert (used.phase, orphan.phase) == ("running", "gone")
    assert set(await parts.store.reaped()) == {"fake"}

    provider, turn = parts.registry.provider("fake"), Turn(parts, "x", timedelta(seconds=60))
    await turn.take()
    await raw.flushall()
    for _ in range(3):
        with pytest.raises(WrongStore):
            await reap(parts, provider, turn)
    assert used.phase == "running"
    assert await raw.keys("*") == []
