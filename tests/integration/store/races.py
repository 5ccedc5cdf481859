"""Many threads that do one thing at once, each with a loop and a connection of its own."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from typing import TypeVar

from jobsched.domain.job import Job, JobId
from jobsched.errors import WrongStore
from jobsched.store.redis import RedisStore
from jobsched.store.row import RETENTION
from tests.integration.store import samples
from tests.integration.store.beds import RedisBed

THREADS = 32
HOUR = timedelta(hours=1)
T = TypeVar("T")


def deployment_d(number: int) -> tuple[str, str]:
    """Give the deployment, and its secret, that all stores of these tests belong to."""
    return "d", ""


async def race(
    url: str,
    work: Callable[[int, RedisStore], Awaitable[T]],
    *,
    identity: Callable[[int], tuple[str, str]] = deployment_d,
    retention: timedelta = RETENTION,
) -> list[T]:
    """Do it in 32 threads at once, each with its own loop and connection; give the answers."""
    start = threading.Barrier(THREADS)

    async def one(number: int) -> T:
        deployment, fingerprint = identity(number)
        store = await RedisStore.open(url, deployment, fingerprint=fingerprint, retention=retention)
        try:
            # Connects; a store that is to be stamped yet is nobody's.
            with suppress(WrongStore):
                await store.check()
            # Blocks this thread's own loop, on which nothing else runs; however busy the machine
            # is, it lasts until all are there, or until one cannot come.
            start.wait()
            return await work(number, store)
        finally:
            await store.close()

    def run(number: int) -> T:
        try:
            return asyncio.run(one(number))
        except BaseException:
            start.abort()
            raise

    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(THREADS) as pool:
        return await asyncio.gather(
            *(loop.run_in_executor(pool, run, number) for number in range(THREADS))
        )


class Room:
    """A place that must never hold too many at once; knows how many it held at most."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0
        self.entries = 0

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Be inside: from after the store said so until before it is told otherwise."""
        with self._lock:
            self._inside += 1
            self.entries += 1
            self.most = max(self.most, self._inside)
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1


def until(seconds: float, done: Callable[[], bool]) -> Iterator[None]:
    """Go on until it is done; give up after that long (what was not done then fails the test)."""
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        yield


async def all_of(ask: Callable[[], Awaitable[Sequence[T]]]) -> list[T]:
    """Ask until nothing is given any more; not for ever, as a broken store may repeat itself."""
    found: list[T] = []
    for _ in range(300):
        if not (given := await ask()):
            break
        found += given
    return found


async def accepted(
    bed: RedisBed, count: int, *, late: timedelta = timedelta(0), first: int = 0
) -> tuple[list[Job], datetime]:
    """Accept jobs that have been due for that long; give them, and the store's time."""
    now = await bed.store.check()
    jobs = [samples.job(number) for number in range(first, first + count)]
    await asyncio.gather(*(bed.store.accept(job, look_again_at=now - late) for job in jobs))
    return jobs, now


async def due(bed: RedisBed) -> list[str]:
    """Give the jobs that are due now, leased ones not."""
    now = (await bed.store.check()).timestamp() * 1_000_000
    found: list[str] = await bed.raw.zrangebyscore("jobsched:due:1", "-inf", now)
    return sorted(found)


async def holder(bed: RedisBed, job: JobId) -> str:
    """Give who holds the job's lease, or did last."""
    found: str = await bed.raw.hget(f"jobsched:job:{job}", "holder")
    return found
