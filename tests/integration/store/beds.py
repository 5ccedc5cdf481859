"""The stores under test, with what a test must do behind their back."""

import asyncio
import subprocess
import tempfile
import time
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol, cast

import redis
import redis.asyncio

from jobsched.domain.job import JobId
from jobsched.store.memory import MemoryStore
from jobsched.store.port import Store
from jobsched.store.redis import RedisStore
from jobsched.store.row import RETENTION
from jobsched.store.world import World
from tests.integration.store import damage, samples

#: the document of a broken record
BROKEN = b'{"id": 7}'


class Bed(Protocol):
    """One place that holds a store."""

    store: Store

    async def another(self, deployment: str = "d", *, retention: timedelta = RETENTION) -> Store:
        """Open another store on the same data."""
        ...

    async def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        ...

    async def hour_goes_by(self, provider: str) -> None:
        """Make all launches older than an hour."""
        ...

    async def changes_lie(self) -> None:
        """Make all changes lie with their consumer for longer than a minute."""
        ...

    async def day_goes_by(self) -> None:
        """Make all idempotency keys older than a day."""
        ...

    async def spoil(self, job: JobId, document: bytes = BROKEN) -> bytes:
        """Break a record, or put another document there; give the one that was there."""
        ...

    async def renew_schema(self, job: JobId) -> None:
        """Make a record one that needs a newer version."""
        ...

    async def damage(self, kind: str, job: JobId) -> None:
        """Do something to the index entries of a job; see `damage`."""
        ...

    async def empty(self) -> None:
        """Remove everything, as FLUSHALL does."""
        ...

    async def snapshot(self) -> object:
        """Give everything that is stored, to compare."""
        ...


class MemoryBed:
    """A store in memory, with a clock of its own."""

    def __init__(self) -> None:
        self.now = samples.START
        self.world = World()
        self.store: Store = MemoryStore(self._clock, deployment="d", world=self.world)

    def _clock(self) -> datetime:
        return self.now

    async def another(self, deployment: str = "d", *, retention: timedelta = RETENTION) -> Store:
        """Open another store on the same data."""
        return MemoryStore(
            self._clock, deployment=deployment, world=self.world, retention=retention
        )

    async def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    async def hour_goes_by(self, provider: str) -> None:
        """Make all launches older than an hour."""
        launches = self.world.launches
        older = {one: at - timedelta(hours=1) for one, at in launches[provider].items()}
        launches[provider] = older

    async def changes_lie(self) -> None:
        """Make all changes lie with their consumer for longer than a minute."""
        for given in self.world.given.values():
            given.at -= timedelta(seconds=61)

    async def day_goes_by(self) -> None:
        """Make all idempotency keys older than a day."""
        self.world.keys.clear()

    async def spoil(self, job: JobId, document: bytes = BROKEN) -> bytes:
        """Break a record, or put another document there; give the one that was there."""
        record = self.world.records[job]
        was, record.document = record.document, document
        assert isinstance(was, bytes)
        return was

    async def renew_schema(self, job: JobId) -> None:
        """Make a record one that needs a newer version."""
        record = self.world.records[job]
        record.schema = 2
        self.world.schedule(job, record.due)

    async def damage(self, kind: str, job: JobId) -> None:
        """Do something to the index entries of a job; see `damage`."""
        damage.in_memory(self.world, kind, job)

    async def empty(self) -> None:
        """Remove everything, as FLUSHALL does."""
        self.world.wipe()

    async def snapshot(self) -> object:
        """Give everything that is stored, to compare."""
        return repr(self.world)

    async def close(self) -> None:
        """Nothing to close."""


class RedisBed:
    """A store in a real server."""

    store: Store

    def __init__(self, url: str) -> None:
        self.url = url
        self.raw = redis.asyncio.Redis.from_url(url, decode_responses=True)
        self._opened: list[Store] = []

    async def start(self) -> None:
        """Open the store."""
        self.store = await self.another()

    async def another(
        self, deployment: str = "d", *, retention: timedelta = RETENTION, fingerprint: str = ""
    ) -> Store:
        """Open another store on the same data."""
        store = await RedisStore.open(
            self.url, deployment, retention=retention, fingerprint=fingerprint
        )
        self._opened.append(store)
        return store

    async def pass_by(self, span: timedelta) -> None:
        """Let time pass."""
        # A little more, as both clocks are coarse.
        await asyncio.sleep(span.total_seconds() + 0.02)

    async def hour_goes_by(self, provider: str) -> None:
        """Make all launches older than an hour."""
        key = f"jobsched:launches:{provider}"
        for token in await self.raw.zrange(key, 0, -1):
            await self.raw.zincrby(key, -3_600_000_000, token)

    async def changes_lie(self) -> None:
        """Make all changes lie with their consumer for longer than a minute."""
        for entry in await self.raw.xpending_range("jobsched:events", "plugins", "-", "+", 1000):
            await self.raw.xclaim(
                "jobsched:events",
                "plugins",
                entry["consumer"],
                0,
                [entry["message_id"]],
                idle=61_000,
                justid=True,
            )

    async def day_goes_by(self) -> None:
        """Make all idempotency keys older than a day."""
        for key in await self.raw.keys("jobsched:key:*"):
            assert 86_000 < await self.raw.ttl(key) <= 86_400
            await self.raw.delete(key)

    async def spoil(self, job: JobId, document: bytes = BROKEN) -> bytes:
        """Break a record, or put another document there; give the one that was there."""
        key = f"jobsched:job:{job}"
        was: str = await cast("Any", self.raw).hget(key, "document")
        await cast("Any", self.raw).hset(key, "document", document)
        return was.encode()

    async def renew_schema(self, job: JobId) -> None:
        """Make a record one that needs a newer version."""
        await self.raw.hset(f"jobsched:job:{job}", "schema", "2")
        due = await self.raw.zscore("jobsched:due:1", job)
        await self.raw.zrem("jobsched:due:1", job)
        await self.raw.zadd("jobsched:due:2", {job: due})

    async def damage(self, kind: str, job: JobId) -> None:
        """Do something to the index entries of a job; see `damage`."""
        await damage.in_redis(self.raw, kind, job)

    async def empty(self) -> None:
        """Remove everything, as FLUSHALL does."""
        await self.raw.flushall()

    async def snapshot(self) -> object:
        """Give everything that is stored, to compare."""
        raw = redis.asyncio.Redis.from_url(self.url)
        keys = sorted(key for key in await raw.keys("*") if key != b"jobsched:checked")
        found = {key: await raw.dump(key) for key in keys}
        await raw.aclose()
        return found

    async def close(self) -> None:
        """Close all that was opened."""
        for store in self._opened:
            await store.close()
        await self.raw.aclose()


class Server:
    """A server process of one program, on a socket, with nothing on disk."""

    def __init__(self, program: Path, *settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="jobsched-store-")
        socket = f"{self._folder.name}/redis.sock"
        self.socket = socket
        self.url = f"unix://{socket}?db=0"
        self._process = subprocess.Popen(
            [
                str(program),
                *["--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no"],
                *["--dir", self._folder.name, "--logfile", f"{self._folder.name}/log", *settings],
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            with suppress(redis.RedisError), redis.Redis.from_url(self.url) as client:
                client.ping()
                return
            time.sleep(0.01)
        self.close()
        raise RuntimeError(f"{program} does not answer")

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()
