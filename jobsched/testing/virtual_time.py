"""An event loop whose time passes only when nothing else is left to do: hours in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
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
        if timeout == 0 and len(self.get_map()) == 1:
            # only the loop's own socket, which is looked at when there is nothing else to do
            return []
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            raise NothingLeft
        self.elapsed += max(timeout, 0.0)
        return ready


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time; deterministic if nothing outside the process is waited for.

    What is sent to a thread (`asyncio.to_thread`) runs at once, in the loop: a thread's time is not
    virtual, and the loop would not wait for it.
    """

    def __init__(self, begin: datetime = EPOCH) -> None:
        self._virtual = _Selector()
        self._begin = begin
        super().__init__(self._virtual)

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._virtual.elapsed

    def now(self) -> datetime:
        """Give the virtual time as a date."""
        return self._begin + timedelta(seconds=self.time())

    def run_in_executor(  # type: ignore[override]  # typeshed's generics of the loop are its own
        self, executor: Any, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        """Call at once; the answer is there before it is waited for."""
        del executor
        answer: asyncio.Future[T] = self.create_future()
        try:
            answer.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - whatever it is, it is the caller's
            answer.set_exception(error)
        return answer


class VirtualClock:
    """`contracts.services.Clock` on the running loop's time, and on nothing else."""

    def now(self) -> datetime:
        """Give the virtual time as a date."""
        loop = virtual_loop()
        return loop.now() if loop else EPOCH + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        """Give virtual seconds."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Return after that many virtual seconds."""
        await asyncio.sleep(seconds)


def virtual_loop() -> VirtualLoop | None:
    """Give the loop in virtual time that runs here, if one does."""
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        return None
    return loop if isinstance(loop, VirtualLoop) else None


def run(work: Coroutine[Any, Any, T], *, begin: datetime = EPOCH) -> T:
    """Run to the end in virtual time; what is still running then is cancelled."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(begin)) as runner:
        return runner.run(work)


__all__ = ["EPOCH", "NothingLeft", "VirtualClock", "VirtualLoop", "run", "virtual_loop"]
