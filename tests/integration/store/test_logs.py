"""Logs beside the records: head and tail, each byte once."""

import random

import pytest

from jobsched.contracts.log_store import LogPart
from jobsched.domain.job import JobId
from jobsched.errors import LogStoreFailed
from jobsched.store.logs import HEAD, TAIL, MemoryLogs
from jobsched.store.memory import MemoryStore
from jobsched.store.redis import RedisStore
from jobsched.store.redis_logs import RedisLogs
from tests.integration.store.beds import Bed, RedisBed

JOB = JobId("job")


@pytest.fixture
def logs(bed: Bed) -> MemoryLogs | RedisLogs:
    """The logs of each store."""
    assert isinstance(bed.store, MemoryStore | RedisStore)
    return bed.store.logs()


async def test_what_was_written_is_read(logs: RedisLogs) -> None:
    """Pieces that touch are one part; attempts are apart; ``after`` leaves out what came before."""
    await logs.write(JOB, 1, 0, b"hello ")
    await logs.write(JOB, 1, 6, b"world")
    await logs.write(JOB, 2, 0, b"again")
    assert await logs.read(JOB, 1) == [LogPart(offset=0, data=b"hello world")]
    assert await logs.read(JOB, 1, after=6) == [LogPart(offset=6, data=b"world")]
    assert await logs.read(JOB, 1, after=8) == [LogPart(offset=8, data=b"rld")]
    assert await logs.read(JOB, 1, after=11) == []
    assert await logs.read(JOB, 2) == [LogPart(offset=0, data=b"again")]
    assert await logs.read(JOB, 3) == []


async def test_a_repeat_changes_nothing(logs: RedisLogs) -> None:
    """Writing again, also in other pieces, keeps each byte once (G2)."""
    text = bytes(range(200))
    for start, end in [(0, 50), (0, 50), (50, 100), (0, 100), (80, 200), (50, 60), (0, 0)]:
        await logs.write(JOB, 1, start, text[start:end])
    assert await logs.read(JOB, 1) == [LogPart(offset=0, data=text)]


async def test_a_gap_stays_a_gap(logs: RedisLogs) -> None:
    """What was never written is not made up."""
    await logs.write(JOB, 1, 0, b"a")
    await logs.write(JOB, 1, 10, b"b")
    assert await logs.read(JOB, 1) == [LogPart(offset=0, data=b"a"), LogPart(offset=10, data=b"b")]


@pytest.mark.parametrize("size", [1000, 65_536, 300_001, 3 * 1024 * 1024])
async def test_head_and_tail_are_kept(logs: RedisLogs, size: int) -> None:
    """Of long output the first and the last 512 KiB are kept, exactly, whatever is repeated."""
    text = random.Random(1).randbytes(3 * 1024 * 1024 if size > 1000 else HEAD + TAIL + 5000)  # noqa: S311  no secret
    if size == 1000:
        start = HEAD + TAIL - 4500
        await logs.write(JOB, 1, 0, text[:start])
        offsets = list(range(start, len(text), size))
    else:
        offsets = list(range(0, len(text), size))
    for offset in offsets:
        await logs.write(JOB, 1, offset, text[offset : offset + size])
    for offset in [0, *offsets[-3:], offsets[len(offsets) // 2]]:
        await logs.write(JOB, 1, offset, text[offset : offset + size])
    head, tail = await logs.read(JOB, 1)
    assert head == LogPart(offset=0, data=text[:HEAD])
    assert tail.offset == len(text) - TAIL
    assert tail.data == text[-TAIL:]


async def test_deleted_logs_are_gone(logs: RedisLogs) -> None:
    """Deleting forgets all attempts of the job and nothing else, and may be repeated."""
    other = JobId("other")
    await logs.write(JOB, 1, 0, b"a")
    await logs.write(JOB, 2, 0, b"b")
    await logs.write(other, 1, 0, b"c")
    await logs.delete(JOB)
    await logs.delete(JOB)
    assert await logs.read(JOB, 1) == await logs.read(JOB, 2) == []
    assert await logs.read(other, 1) == [LogPart(offset=0, data=b"c")]


async def test_logs_go_by_themselves(redis_bed: RedisBed) -> None:
    """Logs that nobody deletes end a day after the retention."""
    assert isinstance(redis_bed.store, RedisStore)
    await redis_bed.store.logs().write(JOB, 1, 0, b"a")
    for key in ["jobsched:log:job:1", "jobsched:logs:job"]:
        assert 30 * 86_400 < await redis_bed.raw.ttl(key) <= 31 * 86_400


async def test_logs_of_an_emptied_store_fail(redis_bed: RedisBed) -> None:
    """A write to a store that is not ours fails in the expected way and leaves nothing."""
    assert isinstance(redis_bed.store, RedisStore)
    await redis_bed.empty()
    with pytest.raises(LogStoreFailed):
        await redis_bed.store.logs().write(JOB, 1, 0, b"a")
    assert await redis_bed.raw.dbsize() == 0
