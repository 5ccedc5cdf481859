"""What the core lends in virtual time: names in order, tasks, a log that lets no bug pass."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from jobsched.contracts.planner import History
from jobsched.contracts.services import Log
from jobsched.testing.pool import InlinePool
from jobsched.testing.virtual_time import VirtualClock


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedServices:
    """`contracts.services.Services` in virtual time."""

    clock: VirtualClock
    ids: SimulatedIds
    spawn: SimulatedSpawn
    log: Log
    history: History
    deployment: str = "simulated"
    data_dir: Path = Path("/nonexistent")
    ca_dir: Path = Path("/nonexistent/ca")
    settings: Mapping[str, Any] = field(default_factory=dict)


class SimulatedIds:
    """Names in order."""

    def __init__(self) -> None:
        self._jobs = 0
        self._holders = 0

    def job(self) -> str:
        """Give the next job id."""
        self._jobs += 1
        return f"job{self._jobs:029d}"

    def holder(self) -> str:
        """Give the next worker's name."""
        self._holders += 1
        return f"worker-{self._holders}"


class SimulatedSpawn:
    """Tasks of the running loop; no threads."""

    def __init__(self, log: Log) -> None:
        # in the order in which they were begun, so that they end in the same one each time
        self.tasks: dict[asyncio.Task[None], None] = {}
        self._log = log

    def task(self, work: Coroutine[Any, Any, None], *, name: str) -> asyncio.Task[None]:
        """Run it beside the caller."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self.tasks[task] = None
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self.tasks.pop(task, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._log.error("task.failed", task=task.get_name(), exc_info=error)

    async def end(self) -> None:
        """Cancel all tasks, and see them off."""
        tasks = list(self.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def pool(self, name: str, threads: int) -> InlinePool:
        """Make no threads: their time is not virtual."""
        del name, threads
        return InlinePool()


class Silence:
    """A log of thousands of worlds that nobody reads; a bug (an exception) is raised at once."""

    def debug(self, event: str, **fields: Any) -> None:
        """Say nothing."""

    info = warning = error = debug

    def exception(self, event: str, **fields: Any) -> None:
        """Let no bug pass."""
        raise AssertionError(f"{event}: {fields}")


class NoHistory:
    """A world without a past."""

    def boot_times(self, provider: str, key: str = "") -> tuple[timedelta, ...]:
        """Give none."""
        del provider, key
        return ()

    def lead(self, provider: str) -> timedelta:
        """Give none."""
        del provider
        return timedelta(0)


__all__ = ["NoHistory", "Silence", "SimulatedIds", "SimulatedServices", "SimulatedSpawn"]
