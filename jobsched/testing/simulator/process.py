"""A process's life in bad weather: it dies, stands still, and its store does not answer."""

from __future__ import annotations

import asyncio
import contextlib
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from structlog.contextvars import get_contextvars

from jobsched.engine.outside import POINTS
from jobsched.errors import OperationFailed, StoreUnavailable
from jobsched.testing.life import Life
from jobsched.testing.simulator.books import IS_LATE
from jobsched.testing.simulator.crash import DEATH, PAUSE, Traps
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock

#: seconds that a process stands still, as one does that is swapped out or on a machine that sleeps
STILL: Final = (30.0, 400.0)
#: the same of the API or a command, which hold up whoever waits for them
SHORTLY_STILL: Final = (31.0, 60.0)
#: at a chosen place: longer than a lease, so that its jobs go to others
AIMED_STILL: Final = (31.0, 40.0)
#: seconds for which something blocks its event loop
BLOCKED: Final = (5.0, 25.0)
#: seconds by which a process may be wrong about the store's time
WRONG: Final = (0.5, 5.0)
#: a timer may be early by the last digit of a float
CLOSE: Final = 1e-3
#: what changes something outside the store
EFFECTS: Final = frozenset(one for one in POINTS if not one.startswith(("store.", "save.")))
PAUSES: Final = {
    "worker stands still": STILL,
    "worker stands still beside an effect": STILL,
    "API or command stands still": SHORTLY_STILL,
    "stands still at a chosen place": AIMED_STILL,
    "event loop blocked": BLOCKED,
}
SIDES: Final = ("before", "after")
DEATHS: Final = frozenset(
    {
        "worker dies",
        "worker dies beside an effect",
        "API or command dies",
        "dies at a chosen place",
    }
)
#: what befalls a process by a trap, as a fault
SPRUNG: Final = {DEATH: "dies at a chosen place", PAUSE: "stands still at a chosen place"}
QUESTION_LOST, ANSWER_LOST = "store's question lost", "store's answer lost"


class Died(BaseException):
    """The process is dead: nothing more of it is carried out. Nobody may go on after it."""


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What all processes of a world are in."""

    weather: Weather
    history: History
    traps: Traps
    clock: VirtualClock = field(default_factory=VirtualClock)
    #: told of each worker that touches something outside the store, and what it does
    acts: Callable[[str, str], None] = lambda worker, what: None  # noqa: ARG005 - nobody looks
    #: the store answers nobody
    store_is_away: bool = False
    #: jobs that have waited for a cap
    _in_line: set[str] = field(default_factory=set)

    def waits(self) -> None:
        """Count that the job at hand waits for a cap: once, however often it asks."""
        job = get_contextvars().get("job", "")
        if job not in self._in_line:
            self._in_line.add(job)
            self.weather.count("cap reached")


class StormyLife(Life, ABC):
    """A process's life, which whoever stands between it and the outside tells of each call.

    Args:
        who: the process, for the history.
        around: what it is in.
    """

    def __init__(self, who: str, around: Surroundings) -> None:
        super().__init__()
        self._who, self._around = who, around
        self._still_until = 0.0
        self._unheard: set[asyncio.Task[None]] = set()
        self.clock = ProcessClock(self, 0.0)

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside; of the store the question or the answer may be lost.

        Raises:
            StoreUnavailable: one of them is.
            Died: the process is dead, and no worker.
        """
        around, is_store = self._around, names[0][0] == "s"
        fault = self._befalls(names[0])
        side = "" if fault is None else around.weather.one_of(SIDES)
        if fault or self._is_hard(names):
            began = around.clock.monotonic()
            try:
                await self._pass(names, "before", fault if side == "before" else None)
            except asyncio.CancelledError:
                self._go_on_with(names[0], ask)
                raise
            if around.clock.monotonic() > began and names[0] in EFFECTS:
                # what looked whether it may is long ago
                ask = _lately(ask)
        if is_store and (around.store_is_away or fault == QUESTION_LOST):
            raise StoreUnavailable
        answer = await ask()
        around.history.note(self._who, " ".join(names))
        if answer and names[0] == "store.waits_in_line":
            around.waits()
        if fault or self._is_hard(names):
            await self._pass(names, "after", fault if side == "after" else None)
        if is_store and fault == ANSWER_LOST:
            raise StoreUnavailable
        return answer

    @property
    def is_still(self) -> bool:
        """Whether it stands still now."""
        until = self._still_until
        return bool(until) and until > self._around.clock.monotonic() + CLOSE

    async def awake(self) -> None:
        """Return when it does not stand still any more."""
        while (left := self._still_until - self._around.clock.monotonic()) > CLOSE:
            await asyncio.sleep(left)
        self._still_until = 0.0

    @abstractmethod
    def _befalls(self, first: str) -> str | None:
        """Give the fault that befalls a call, by its first name."""

    @abstractmethod
    async def _be_dead(self) -> None:
        """Let whoever calls feel that the process is dead."""

    def _is_hard(self, names: tuple[str, ...]) -> bool:
        """Whether there may be more to passing a call than to pass it."""
        is_ending = self.is_buried or self.dead.is_set()
        return bool(self._still_until) or is_ending or self._around.traps.aims_at(names)

    async def _pass(self, names: tuple[str, ...], side: str, fault: str | None) -> None:
        """Stand still, or die, if that is to be."""
        if not self.dead.is_set():
            fault = fault or self._sprung(names, side)
        if fault in PAUSES:
            self._stand_still(names, side, fault)
        if self._still_until:
            await self.awake()
        if fault in DEATHS and not self.dead.is_set():
            self._around.traps.died(self._who, names, side)
            self.dead.set()
        if self.is_buried or self.dead.is_set():
            await self._be_dead()

    def _sprung(self, names: tuple[str, ...], side: str) -> str | None:
        fault = SPRUNG.get(self._around.traps.hits(names, side))
        if fault:
            self._around.weather.count(fault)
        return fault

    def _stand_still(self, names: tuple[str, ...], side: str, fault: str) -> None:
        around = self._around
        seconds = around.weather.between(*PAUSES[fault])
        if fault != "event loop blocked":
            around.traps.stood_still(self._who, names, side, seconds)
        self._still_until = max(self._still_until, around.clock.monotonic() + seconds)

    def _go_on_with(self, first: str, ask: Callable[[], Awaitable[Any]]) -> None:
        """Have a call on its way whose time was over before the process went on.

        Its time-out is known to a process that stands still when it goes on, and by then it does
        what it was about to do. Nobody hears the answer.
        """
        if self.is_still and not self.is_buried and first in EFFECTS:
            task = asyncio.ensure_future(self._late(ask))
            self._unheard.add(task)
            task.add_done_callback(self._unheard.discard)

    async def _late(self, ask: Callable[[], Awaitable[Any]]) -> None:
        await self.awake()
        if not self.is_buried and not self.dead.is_set():
            with contextlib.suppress(OperationFailed):
                await _lately(ask)()


def _lately(ask: Callable[[], Awaitable[Any]]) -> Callable[[], Awaitable[Any]]:
    """Give a call that is known to come late."""

    async def asked() -> Any:
        before = IS_LATE.set(True)
        try:
            return await ask()
        finally:
            IS_LATE.reset(before)

    return asked


class HardLife(StormyLife):
    """A worker's life.

    Args:
        who: the process, for the history.
        around: what it is in.
    """

    def __init__(self, who: str, around: Surroundings) -> None:
        super().__init__(who, around)
        self.clock = ProcessClock(self, _error_of_clock(around.weather))

    def _befalls(self, first: str) -> str | None:
        if first[0] == "s":
            return self._around.weather.befalls("calls")
        if first not in EFFECTS:
            return None
        self._around.acts(self.worker, first)
        return self._around.weather.befalls("effects")

    async def _be_dead(self) -> None:
        if self.is_buried:
            raise asyncio.CancelledError
        await asyncio.Event().wait()


class ShortLife(StormyLife):
    """The life of a process that is no worker, such as the API: its end is an exception."""

    def _befalls(self, first: str) -> str | None:
        del first
        return self._around.weather.befalls("others")

    async def _be_dead(self) -> None:
        raise Died


class ProcessClock(VirtualClock):
    """A process's own clock: its idea of the store's time may be wrong, and it wakes with it."""

    def __init__(self, life: StormyLife, ahead: float) -> None:
        self._life = life
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        """Give what it takes for the store's time."""
        return super().now() + self._ahead

    async def sleep(self, seconds: float) -> None:
        """Return after that many seconds, and not while it stands still."""
        await asyncio.sleep(seconds)
        if self._life.is_still:
            await self._life.awake()


def _error_of_clock(weather: Weather) -> float:
    fault = weather.befalls("workers")
    if fault is None:
        return 0.0
    error = weather.between(*WRONG)
    return error if fault == "clock ahead" else -error


__all__ = ["Died", "HardLife", "ShortLife", "StormyLife", "Surroundings"]
