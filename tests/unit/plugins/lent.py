"""What tests of plugins lend them: a real clock, threads, and a log that is kept."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import uuid4

from jobsched.contracts.services import Task

P = ParamSpec("P")
T = TypeVar("T")


class RealClock:
    """The time of this machine."""

    def now(self) -> datetime:
        """The time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class RealIds:
    """Random ids."""

    def job(self) -> str:
        """A new job id."""
        return uuid4().hex

    def holder(self) -> str:
        """A new name of a worker."""
        return f"test-{uuid4().hex[:8]}"


class ThreadPool:
    """A bounded set of threads."""

    def __init__(self, threads: int) -> None:
        self.executor = ThreadPoolExecutor(threads)

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call in a thread."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.executor, lambda: function(*args, **kwargs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Pools, ended together."""

    pools: list[ThreadPool] = field(default_factory=list)

    def task(self, work: Coroutine[Any, Any, None], *, name: str) -> Task:
        """Run it beside the caller."""
        return asyncio.get_running_loop().create_task(work, name=name)

    def pool(self, name: str, threads: int) -> ThreadPool:
        """Make a pool."""
        self.pools.append(ThreadPool(threads))
        return self.pools[-1]

    def close(self) -> None:
        """End all pools."""
        for pool in self.pools:
            pool.executor.shutdown()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLog:
    """A log whose entries a test can read."""

    entries: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)

    def debug(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.entries.append(("debug", event, fields))

    def info(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.entries.append(("info", event, fields))

    def warning(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.entries.append(("warning", event, fields))

    def error(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.entries.append(("error", event, fields))

    def exception(self, event: str, **fields: Any) -> None:
        """Keep it."""
        self.entries.append(("exception", event, fields))

    def warnings(self) -> list[str]:
        """The events that were warned of."""
        return [event for level, event, _ in self.entries if level == "warning"]


class NoHistory:
    """No machine was ever booted."""

    def boot_times(self, provider: str, key: str = "") -> Sequence[timedelta]:
        """None."""
        return ()

    def lead(self, provider: str) -> timedelta:
        """No lead."""
        return timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class LentServices:
    """Services over one data directory; a second object over it stands for a restarted worker."""

    data_dir: Path
    deployment: str = "test"
    clock: RealClock = field(default_factory=RealClock)
    ids: RealIds = field(default_factory=RealIds)
    spawn: Threads = field(default_factory=Threads)
    log: KeptLog = field(default_factory=KeptLog)
    history: NoHistory = field(default_factory=NoHistory)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def ca_dir(self) -> Path:
        """The folder of certificates."""
        return self.data_dir / "ca"
