"""What befalls a whole world: its store is away, its provider silent, its records are spoiled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Final

from jobsched.domain.job import Job, JobId
from jobsched.store.world import World
from jobsched.testing.ec2.switches import Switches
from jobsched.testing.simulator.faults import SKY
from jobsched.testing.simulator.user import HOUR

if TYPE_CHECKING:
    from jobsched.testing.simulator.world import ImaginedWorld

#: how often each may come, and the seconds within which it does
TIMES, WITHIN = 2, (20.0, 900.0)
#: seconds for which it lasts
STORE_AWAY: Final = (1.0, 25.0)
API_AWAY: Final = (5.0, 120.0)
SILENT: Final = (60.0, 150.0)
MISCONFIGURED: Final = (30.0, 240.0)
UNREADABLE: Final = (20.0, 300.0)
#: seconds after which what was put right is looked at again
LOOK_AGAIN: Final = 3.0
#: what cannot be read
SPOILED: Final = b"[]"


class Sky:
    """Faults of one world that have a time of their own.

    Args:
        world: the one.
    """

    def __init__(self, world: ImaginedWorld) -> None:
        self._world, self._weather = world, world.weather
        #: job → its record before it could not be read any more
        self._whole: dict[JobId, bytes | Job] = {}
        self._strikes: dict[str, Callable[[], None]] = {
            "store away": self._store_away,
            "API away": self._api_away,
            "provider silent": self._silent,
            "provider misconfigured": self._misconfigured,
            "record unreadable": self._unreadable,
            "index entry lost": self._lost,
            "workers deployed": world.operator.deploy,
            "worker told to stop": world.operator.stop_one,
        }

    def begin(self) -> None:
        """Let them come, each at its time."""
        for kind in SKY:
            for _ in range(TIMES):
                self._in(self._weather.between(*WITHIN), partial(self._strike, kind))
        self._in(HOUR, partial(self._strike, "workers deployed"))

    def _strike(self, kind: str) -> None:
        if self._weather.strikes(kind):
            self._strikes[kind]()

    def _in(self, seconds: float, call: Callable[[], None]) -> None:
        asyncio.get_running_loop().call_later(seconds, call)

    def _store_away(self) -> None:
        around = self._world.around
        around.store_is_away = True
        for listener in self._store.listeners:
            listener.put_nowait(None)
        self._in(self._weather.between(*STORE_AWAY), self._store_back)

    def _store_back(self) -> None:
        self._world.around.store_is_away = False

    def _api_away(self) -> None:
        self._world.door.shut(self._weather.between(*API_AWAY))

    def _silent(self) -> None:
        self._world.books.is_silent = True
        self._in(self._weather.between(*SILENT), self._speaks)

    def _speaks(self) -> None:
        self._world.books.is_silent = False

    def _misconfigured(self) -> None:
        if ec2 := self._world.stage.ec2:
            switches = ec2.cloud.switches
            if self._weather.chance(0.5):
                switches.fail["CreateFleet"] = "UnauthorizedOperation"
            else:
                switches.stillborn["*"] = "Client.InvalidParameterValue"
            self._in(self._weather.between(*MISCONFIGURED), partial(_put_right, switches))

    def _unreadable(self) -> None:
        if job := self._any_job():
            self.spoil(self._store, job)

    def spoil(self, store: World, job: JobId) -> None:
        """Let a record be unreadable, until it is put right."""
        record = store.records[job]
        if record.document == SPOILED:
            return
        self._whole[job] = record.document
        record.document = SPOILED
        self._in(self._weather.between(*UNREADABLE), partial(self._put_right, job))

    def mend_later(self, store: World) -> None:
        """Have someone put right what is unreadable in a store, as it was then."""
        for job, record in store.records.items():
            if record.document == SPOILED:
                self._in(self._weather.between(*UNREADABLE), partial(self._put_right, job))

    def _put_right(self, job: JobId) -> None:
        """Put a record right, if nobody has written it anew."""
        record = self._store.records.get(job)
        if record is not None and record.document == SPOILED:
            record.document = self._whole[job]
            # a store that loses its last second may forget it
            self._in(LOOK_AGAIN, partial(self._put_right, job))

    def _lost(self) -> None:
        now, store = self._world.clock.now(), self._store
        free = [job for job, one in store.records.items() if one.due and not one.leased(now)]
        if free:
            store.records[self._weather.one_of(free)].due = None

    def _any_job(self) -> JobId | None:
        """Give some job that has not ended."""
        open_ones = [job for job, one in self._store.records.items() if one.forget_at is None]
        return self._weather.one_of(open_ones) if open_ones else None

    @property
    def _store(self) -> World:
        return self._world.simulation.store_world


def _put_right(switches: Switches) -> None:
    switches.fail.clear()
    switches.stillborn.clear()


__all__ = ["Sky"]
