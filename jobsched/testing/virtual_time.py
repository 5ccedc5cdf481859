"""An event loop whose time passes only when nothing else is left to do: hours in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

T = TypeVar("T")

#: when every simulated world begins
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class NothingLeft(RuntimeError):
    """Everybody waits and nothing will ever happen again."""


class _Selector(selectors.DefaultSelector):
    """Never waits: where a real loop would sleep, virtual time jumps ahead."""

    def __init__(self) -> None:
        super().__init__()
        self.elapsed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingLeft
        self.elapsed += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time; deterministic if nothing outside the process is waited for."""

    def __init__(self) -> None:
        self._virtual = _Selector()
        super().__init__(self._virtual)

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._virtual.elapsed


class VirtualClock:
    """`contracts.services.Clock` on the running loop's time, and on nothing else."""

    def now(self) -> datetime:
        """Give the virtual time as a date."""
        return EPOCH + timedelta(seconds=asyncio.get_running_loop().time())

    def monotonic(self) -> float:
        """Give virtual seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that many virtual seconds."""
        await asyncio.sleep(seconds)


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run to the end in virtual time; what is still running then is cancelled."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(work)


__all__ = ["EPOCH", "NothingLeft", "VirtualClock", "VirtualLoop", "run"]
