"""What was promised, held against what happens: at each change of a record, and at the end."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from jobsched.contracts.change import Change
from jobsched.domain.job import Job
from jobsched.domain.state import TERMINAL, State, state_of
from jobsched.store.world import World

if TYPE_CHECKING:
    from jobsched.testing.simulator.simulation import Simulation
    from jobsched.testing.simulator.world import ImaginedWorld

#: name → what is promised
PROMISES: Final = {
    "no bug": "no exception that nobody should have raised",
    "nothing lost": "every job ends",
    "one start": "an attempt's container is started once at most",
    "no overlap": "two containers of a job never run at one time",
    "only as told": "a job that asked for no retry is started once at most",
    "no false success": "finished only with an exit code 0",
    "terminal stays": "a job that has ended never changes",
    "no leak": "no machine is on a quarter of an hour after all has ended",
}


class _WatchedWorld(World):
    """A store's world that tells of each change."""

    def __init__(self, world: World, promises: Promises) -> None:
        super().__init__(**{name: getattr(world, name) for name in World.__slots__})
        self._promises = promises

    def told(self, change: Change) -> None:
        """Add a change, and hold it against what was promised."""
        super().told(change)
        self._promises.changed(change)


class Promises:
    """Watches over one world, and writes down what was broken.

    Args:
        world: the one.
    """

    def __init__(self, world: ImaginedWorld) -> None:
        self._world = world
        self.broken: list[str] = []
        #: set when every job that was scheduled has ended
        self.all_ended = asyncio.Event()
        self._ended: dict[str, str] = {}

    def watched(self, world: World) -> World:
        """Give a store's world whose changes are looked at."""
        return _WatchedWorld(world, self)

    def put_back(self, backup: World) -> World:
        """Give the store's world in the place of the former one; what ended since may end anew."""
        self._ended = {
            job: one.state for job, one in backup.records.items() if one.state in TERMINAL
        }
        return self.watched(backup)

    def changed(self, change: Change) -> None:
        """Look at one change."""
        before = self._ended.get(change.job)
        if before is not None:
            self._break("terminal stays", f"{change.job} was {before} and is {change.state}")
        if change.state in TERMINAL:
            self._ended[change.job] = change.state
            if len(self._ended) == self._world.setting.jobs:
                self.all_ended.set()

    async def check_end(self, simulation: Simulation) -> None:
        """Look at everything, when it is over."""
        books = simulation.world
        for name, times in books.starts.items():
            if times > 1:
                self._break("one start", f"{name} was started {times} times")
        for machine in books.alive():
            self._break("no leak", f"{machine.id} is on")
        for overlap in books.overlaps:
            self._break("no overlap", overlap)
        for job in self._world.wishes:
            self._check_job(simulation, await simulation.job(job))

    def _check_job(self, simulation: Simulation, job: Job) -> None:
        wish, starts = self._world.wishes[job.id], simulation.world.starts
        state = state_of(job)
        if not state.is_terminal:
            self._break("nothing lost", f"{job.id} is {state}")
        mine = {name: times for name, times in starts.items() if job.id in name}
        total = sum(mine.values())
        for attempt in (*job.past, *([job.attempt] if job.attempt else [])):
            prefix = f"jobsched-{job.id}-{attempt.no}-"
            times = sum(n for name, n in mine.items() if name.startswith(prefix))
            if times > 1:
                self._break("one start", f"attempt {attempt.no} of {job.id}: {times} times")
        if total > 1 and not set(wish.retried) - {"before_start"}:
            self._break("only as told", f"{job.id} was started {total} times")
        if state is State.FINISHED and (wish.program.code or not total):
            self._break("no false success", f"{job.id} ended otherwise")

    def _break(self, name: str, what: str) -> None:
        self._world.history.note("promise", f"{name}: {what}")
        self.broken.append(f"{name}: {what}")

    def debug(self, event: str, **fields: Any) -> None:
        """Be a log that tells of bugs alone."""

    info = warning = error = debug

    def exception(self, event: str, **fields: Any) -> None:
        """Keep a bug."""
        self._break("no bug", f"{event}: {fields}")


__all__ = ["PROMISES", "Promises"]
