"""An event loop whose time passes only when nothing else is left to do: hours in milliseconds."""

from __future__ import annotations

import asyncio
import selectors
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, copy_context
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, TypeVar, TypeVarTuple, Unpack

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

#: when every simulated world begins
EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


class NothingLeft(RuntimeError):
    """Everybody waits and nothing will ever happen again."""


class _Soon(asyncio.Handle):
    """A callback, made without asyncio's debug mode."""

    __slots__ = ()

    # asyncio's own, which it does not tell types of
    _callback: Any
    _args: Any
    _context: Context
    _loop: Any
    _cancelled: bool

    def make(self, callback: Any, args: Any, loop: Any, context: Context | None) -> None:
        """Be that callback."""
        self._callback, self._args, self._loop = callback, args, loop
        self._context = copy_context() if context is None else context
        self._cancelled = False

    def call(self) -> None:
        """Call it, unless it was cancelled; what it raises is told to the loop."""
        if self._cancelled:
            return
        try:
            self._context.run(self._callback, *self._args)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException as error:  # noqa: BLE001 - a callback's own; the loop goes on
            about = {"message": f"Exception in {self._callback!r}", "exception": error}
            self._loop.call_exception_handler(about)


class _Later(_Soon, asyncio.TimerHandle):
    """A callback of a moment."""

    __slots__ = ()

    def at(self, when: float) -> None:
        """Be of that moment."""
        self._when, self._scheduled = when, False


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop in virtual time; deterministic if nothing outside the process is waited for.

    Callbacks of one moment are called in the order in which they were asked for, so the order is
    the same in every version of Python. It does without what a simulation has no need of (debug
    mode, other threads), as most of a simulation's time is the loop's own.

    What is sent to a thread (`asyncio.to_thread`) runs at once, in the loop: a thread's time is not
    virtual, and the loop would not wait for it.
    """

    # asyncio's own, which it does not tell types of
    _selector: selectors.BaseSelector
    _stopping: bool
    _process_events: Callable[[list[Any]], None]

    def __init__(self, begin: datetime = EPOCH) -> None:
        self._begin = self._date = begin
        #: the time as a date, made once for each moment
        self._elapsed = self._date_at = 0.0
        self._soon: deque[_Soon] = deque()
        self._later: list[tuple[float, int, _Later]] = []
        self._asked = 0
        super().__init__()

    def call_soon(
        self,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.Handle:
        """Call it in the next turn."""
        one = _Soon.__new__(_Soon)
        one.make(callback, args, self, context)
        self._soon.append(one)
        return one

    # no other thread is ever waited for
    call_soon_threadsafe = call_soon

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it after so many virtual seconds."""
        return self.call_at(self._elapsed + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it at that time."""
        one = _Later.__new__(_Later)
        one.make(callback, args, self, context)
        one.at(when)
        self._asked += 1
        heappush(self._later, (when, self._asked, one))
        return one

    def _run_once(self) -> None:
        """Take one turn: the one place of asyncio's loop at which time passes."""
        soon = self._soon
        if not soon and not self._stopping:
            self._go_on()
        for _ in range(len(soon)):
            soon.popleft().call()

    def _go_on(self) -> None:
        """Hear of something real, if anybody waits for that; else pass time."""
        if len(self._selector.get_map()) > 1:
            # more than the loop's own socket
            self._process_events(self._selector.select(0))
        if not self._soon:
            self._pass_time()

    def _pass_time(self) -> None:
        """Go on to the next moment at which something is to be done."""
        later = self._later
        while later and later[0][2].cancelled():
            heappop(later)
        if not later:
            raise NothingLeft
        self._elapsed = max(self._elapsed, later[0][0])
        while later and later[0][0] <= self._elapsed:
            self._soon.append(heappop(later)[2])

    def time(self) -> float:
        """Give the virtual seconds since the loop was made."""
        return self._elapsed

    def now(self) -> datetime:
        """Give the virtual time as a date."""
        if self._date_at != self._elapsed:
            self._date_at = self._elapsed
            self._date = self._begin + timedelta(seconds=self._elapsed)
        return self._date

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
        loop = asyncio.get_running_loop()
        if type(loop) is VirtualLoop:
            return loop.now()
        return EPOCH + timedelta(seconds=self.monotonic())

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
