"""A process's life in bad weather: it dies, stands still, and its store does not answer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from jobsched.engine.outside import POINTS
from jobsched.errors import StoreUnavailable
from jobsched.testing.life import Life
from jobsched.testing.simulator.crash import Crashes
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock

#: seconds that a process stands still, as one does that is swapped out or on a machine that sleeps
STILL: Final = (30.0, 400.0)
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
    "event loop blocked": BLOCKED,
}
SIDES: Final = ("before", "after")
DEATHS: Final = frozenset({"worker dies", "worker dies beside an effect", "API or command dies"})
QUESTION_LOST, ANSWER_LOST = "store's question lost", "store's answer lost"


class Died(BaseException):
    """The process is dead: nothing more of it is carried out. Nobody may go on after it."""


@dataclass(slots=True, kw_only=True)
class Surroundings:
    """What all processes of a world are in."""

    weather: Weather
    history: History
    crashes: Crashes
    clock: VirtualClock = field(default_factory=VirtualClock)
    #: told of each worker that touches something outside the store, and what it does
    acts: Callable[[str, str], None] = lambda worker, what: None  # noqa: ARG005 - nobody looks
    #: the store answers nobody
    store_is_away: bool = False


class HardLife(Life):
    """A worker's life, which whoever stands between it and the outside tells of each call.

    Args:
        who: the process, for the history.
        around: what it is in.
    """

    def __init__(self, who: str, around: Surroundings) -> None:
        super().__init__()
        self._who, self._around = who, around
        self._still_until = 0.0
        self.clock = ProcessClock(self, _error_of_clock(around.weather))

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside; of the store the question or the answer may be lost."""
        around, first = self._around, names[0]
        is_store = first[0] == "s"
        fault = None
        if is_store:
            fault = around.weather.befalls("calls")
        elif first in EFFECTS:
            around.acts(self.worker, first)
            fault = around.weather.befalls("effects")
        side = "" if fault is None else around.weather.one_of(SIDES)
        if fault or self._is_hard(names):
            await self._pass(names, "before", fault if side == "before" else None)
        if is_store and (around.store_is_away or fault == QUESTION_LOST):
            raise StoreUnavailable
        answer = await ask()
        around.history.note(self._who, " ".join(names))
        if first == "store.waits_in_line" and answer:
            around.weather.count("cap reached")
        if fault or self._is_hard(names):
            await self._pass(names, "after", fault if side == "after" else None)
        if fault == ANSWER_LOST:
            raise StoreUnavailable
        return answer

    @property
    def is_still(self) -> bool:
        """Whether it stands still now."""
        return self._still_until > self._around.clock.monotonic() + CLOSE

    async def awake(self) -> None:
        """Return when it does not stand still any more."""
        while (left := self._still_until - self._around.clock.monotonic()) > CLOSE:
            await asyncio.sleep(left)
        self._still_until = 0.0

    def _stand_still(self, fault: str) -> None:
        seconds = self._around.weather.between(*PAUSES[fault])
        until = self._around.clock.monotonic() + seconds
        self._still_until = max(self._still_until, until)

    def _is_hard(self, names: tuple[str, ...]) -> bool:
        """Whether there may be more to passing a call than to pass it."""
        is_ending = self.is_buried or self.dead.is_set()
        return bool(self._still_until) or is_ending or self._around.crashes.aims_at(names)

    async def _pass(self, names: tuple[str, ...], side: str, fault: str | None) -> None:
        if fault in PAUSES:
            self._stand_still(fault)
        if self._still_until:
            await self.awake()
        if not self.dead.is_set() and (fault in DEATHS or self._around.crashes.hits(names, side)):
            self._around.crashes.died(self._who, names, side)
            self.dead.set()
        if self.is_buried:
            raise asyncio.CancelledError
        if self.dead.is_set():
            await asyncio.Event().wait()


class ShortLife(Life):
    """The life of a process that is no worker, such as the API: its end is an exception.

    Args:
        who: the process, for the history.
        around: what it is in.
    """

    def __init__(self, who: str, around: Surroundings) -> None:
        super().__init__()
        self._who, self._around = who, around

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask the outside; of the store the question or the answer may be lost.

        Raises:
            Died: the process is dead.
        """
        around = self._around
        fault = around.weather.befalls("others")
        side = around.weather.one_of(SIDES) if fault in DEATHS else ""
        self._pass(names, "before", dies=side == "before")
        is_store = names[0][0] == "s"
        if is_store and (around.store_is_away or fault == QUESTION_LOST):
            raise StoreUnavailable
        answer = await ask()
        around.history.note(self._who, " ".join(names))
        self._pass(names, "after", dies=side == "after")
        if is_store and fault == ANSWER_LOST:
            raise StoreUnavailable
        return answer

    def _pass(self, names: tuple[str, ...], side: str, *, dies: bool) -> None:
        if not self.dead.is_set() and (dies or self._around.crashes.hits(names, side)):
            self._around.crashes.died(self._who, names, side)
            self.dead.set()
        if self.dead.is_set():
            raise Died


class ProcessClock(VirtualClock):
    """A process's own clock: its idea of the store's time may be wrong, and it wakes with it."""

    def __init__(self, life: HardLife, ahead: float) -> None:
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


__all__ = ["Died", "HardLife", "ShortLife", "Surroundings"]
