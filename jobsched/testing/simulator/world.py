"""One seed, one world: jobs, workers and machines in bad weather, until all has come to its end."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final, cast

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId, Limits
from jobsched.errors import Unavailable
from jobsched.store.owner import RESTORING
from jobsched.testing.fakes import FakeProgram
from jobsched.testing.simulator.aim import Aim
from jobsched.testing.simulator.books import Books
from jobsched.testing.simulator.coverage import Coverage
from jobsched.testing.simulator.crash import Traps, aimed, aimed_still
from jobsched.testing.simulator.door import Door
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.lossy import Lossy
from jobsched.testing.simulator.money import Money
from jobsched.testing.simulator.operator import Operator
from jobsched.testing.simulator.process import Died, HardLife, ShortLife, Surroundings
from jobsched.testing.simulator.promise import Broken, Promises
from jobsched.testing.simulator.queue import Queue
from jobsched.testing.simulator.simulation import Simulation
from jobsched.testing.simulator.sky import Sky
from jobsched.testing.simulator.stage import Stage
from jobsched.testing.simulator.teller import tell_forever
from jobsched.testing.simulator.user import User
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run

#: jobs of one world, and how many workers it may have
JOBS = 100
WORKERS: Final = (3, 4)
#: seconds after the last fault within which everything must have ended
LONGEST = 24 * 3600.0
#: seconds after all jobs have ended in which whatever is under way comes to light, and within
#: which the last machine must be gone
STILL_UNDER_WAY, AFTERWARDS = 90.0, 900.0
#: how many worlds of a hundred have what: machines that outlive their jobs; dispatch by arq alone;
#: few machines at most; a backup that is put back; a plugin that is told; a forced reaper
HOSTS, BY_ARQ, FEW, PUT_BACK, TOLD, FORCED = 0.12, 0.1, 0.1, 0.1, 0.15, 0.3
LEADS: Final = (timedelta(0), timedelta(minutes=2))
#: machines that one attempt may use
MACHINES: Final = (2, 5)
#: how many machines there may be, in worlds with few
CAPS: Final = (Caps(alive=20, per_second=0.5), Caps(alive=30, hourly=90))


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """What a world is made of, besides its seed."""

    jobs: int = JOBS
    #: how often things go wrong; 1 is already far more often than in life
    heat: float = 1.0
    #: the two nets below the engine: the reaper, and the machines' own timers
    reaper: bool = True
    dead_man: bool = True
    #: the store loses its last second now and then, as Redis does with `appendfsync everysec`
    lossy: bool = False
    #: seconds within which everything must have ended
    longest: float = LONGEST
    #: what it is made for, if not for everything at once
    aim: Aim | None = None


@dataclass(frozen=True, kw_only=True)
class Told:
    """How it went."""

    seed: int
    jobs: int
    faults: Counter[str]
    #: promises that were not kept
    broken: list[Broken]
    money: Money
    history: History
    coverage: Coverage
    #: virtual seconds
    seconds: float

    @property
    def violations(self) -> list[str]:
        """Broken promises, each in a line that begins with its name."""
        return [str(one) for one in self.broken]

    def explained(self) -> str:
        """Give each broken promise with the history of its job before it, for people."""
        lines = (self.history.before(one.line, one.job) for one in self.broken)
        return "\n\n".join(map(Broken.explained, self.broken, lines))


class ImaginedWorld:
    """One world.

    Args:
        seed: everything in it follows from this and the setting.
        setting: what it is made of.
    """

    simulation: Simulation
    door: Door
    stage: Stage
    sky: Sky

    def __init__(self, seed: int, setting: Setting) -> None:
        self.seed, self.setting = seed, setting
        aim = setting.aim
        self.clock = VirtualClock()
        # the loop's own, without a way over the clock: it is asked for with each line
        time = asyncio.get_running_loop().time
        self.history = History(time)
        self.weather = weather = Weather(
            seed,
            time,
            heat=setting.heat,
            note=lambda fault: self.history.note("weather", fault),
            often=aim.faults if aim else None,
        )
        #: machines outlive their jobs, and say nothing by themselves
        self.lives_on = weather.chance(HOSTS)
        self.by_arq = weather.chance(BY_ARQ)
        #: seconds before its start at which the machine of a job is asked for
        self.lead = weather.one_of(LEADS)
        is_bad = setting.heat > 0
        self.is_put_back = weather.chance(PUT_BACK) and is_bad
        has_few = weather.chance(FEW) and is_bad and not self.is_put_back
        self.caps = weather.one_of(CAPS) if has_few else Caps()
        if aim:
            self.lives_on, self.by_arq, self.is_put_back = aim.lives_on, False, aim.is_put_back
            self.caps = aim.caps
        #: accepted job → whose it is
        self.users: dict[JobId, User] = {}
        self.books = Books(
            clock=self.clock,
            says_ready=not self.lives_on,
            has_dead_man=setting.dead_man,
            ended_are_empty=True,
        )
        self.books.imagine = self._program
        self.promises = Promises(
            self.books,
            self.history,
            jobs=setting.jobs,
            calm=lambda: weather.calm,
            caps_of=lambda _: self.caps,
        )
        self.coverage = Coverage()
        #: processes die and stand still at places that are aimed at
        self.has_places = is_bad and not aim
        places = (aimed(seed), aimed_still(seed)) if self.has_places else ()
        self.traps = Traps(*places)
        self.traps.note = lambda what: self.history.note("process", what)
        self.around = Surroundings(
            weather=weather, history=self.history, traps=self.traps, clock=self.clock
        )
        self.around.acts = self.promises.acts
        self.operator = Operator(self)
        #: the workers that live, by number
        self.lives: list[HardLife | None] = [None] * weather.one_of(WORKERS)
        #: job → what follows when its container is created, or started
        self.on_prepared: dict[JobId, Callable[[], None]] = {}
        self.on_started: dict[JobId, Callable[[], None]] = {}
        self._programs: dict[str, FakeProgram] = {}
        self._changes_told: set[str] = set()
        self._is_open = asyncio.Event()
        #: in the order in which they began
        self._tasks: dict[asyncio.Task[None], None] = {}
        self._teller: asyncio.Task[None] | None = None

    async def tell(self) -> Told:
        """Let it happen."""
        await self._begin()
        users = [User(self, number) for number in range(self.setting.jobs)]
        self._programs = {user.image: user.wish.program for user in users}
        for number in range(len(self.lives)):
            self.do(self._crew(number))
        self.do(self.operator.watch())
        if self.weather.chance(FORCED):
            self.do(self.operator.force_all())
        if self.is_put_back:
            self.do(self.operator.put_back())
        if self.setting.lossy:
            lossy = Lossy(self.promises, self.weather, self.clock, self.history, self._post_again)
            self.do(lossy.run())
        await asyncio.gather(*(asyncio.ensure_future(user()) for user in users))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.setting.longest):
                await self.promises.all_ended.wait()
        await self._calm()
        await self._end()
        seconds = self.clock.monotonic()
        if self.promises.all_ended.is_set() and not self.books.alive():
            await self.operator.forget()
            self.promises.check_forgotten(self.simulation.store_world.logs)
        self.coverage.deaths += self.traps.deaths
        self.coverage.pauses += self.traps.pauses
        return Told(
            seed=self.seed,
            jobs=self.setting.jobs,
            faults=self.weather.faults,
            broken=self.promises.broken,
            money=self._money(),
            history=self.history,
            coverage=self.coverage,
            seconds=seconds,
        )

    def _money(self) -> Money:
        """Give what was spent; of a backup that is put back nobody knows what it will cost."""
        money = self.promises.money
        return money.uncounted() if self.is_put_back else replace(money, jobs=self.setting.jobs)

    def accepted(self, job: JobId, user: User) -> None:
        """Write down whose a job is."""
        self.users[job] = user

    def _post_again(self, job: JobId) -> None:
        """Let a user see that an accepted job is lost."""
        self.promises.money.lost_acceptances += 1
        if user := self.users.pop(job, None):
            self.do(user.post_again())

    def do(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Do something beside all else, until the world ends."""
        task = asyncio.ensure_future(work)
        self._tasks[task] = None
        task.add_done_callback(self._done)
        return task

    def close(self) -> None:
        """Stop the API, all workers, and who tells the plugins."""
        self._is_open.clear()
        self.door.close()
        for life in self.lives:
            if life is not None:
                life.dead.set()
        if self._teller:
            self._teller.cancel()

    def open(self) -> None:
        """Start them."""
        self._is_open.set()
        self.door.open()
        if self.is_told:
            self._teller = self.do(tell_forever(self.simulation, self.around, self._changes_told))

    async def _begin(self) -> None:
        weather, aim = self.weather, self.setting.aim
        self.simulation = simulation = await Simulation.begin(
            world=self.books,
            store_world=self.promises.store,
            answers_at_once=True,
            wakes=lambda: self._times("wake"),
            callbacks=lambda: self._times("callback"),
            lateness=self._lateness,
            limits=Limits() if aim else Limits(machines=weather.one_of(MACHINES)),
            reap_every=60.0 if self.setting.reaper else 0.0,
            reconcile_every=30.0 if not aim or aim.reconcile else 0.0,
            queue=Queue(self.around) if self.by_arq else None,
        )
        simulation.log = cast("Any", self.promises)
        simulation.door = self.door = Door(simulation, self.around)
        self.stage = Stage(self)
        simulation.casting = self.stage.cast
        self.sky = Sky(self)
        await self.operator.init()
        self.is_told = weather.chance(TOLD)
        self.open()
        self.sky.begin()

    async def _end(self) -> None:
        self.close()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if self.simulation.queue:
            self.simulation.queue.close()
        await self.promises.check_end(self.simulation.store())
        if self.is_told and not (self.is_put_back or self.setting.lossy):
            # what a store has forgotten is told to nobody, and the ids of changes come again
            self.promises.check_told(self._changes_told)
        self.coverage.see(self.simulation.store_world.changes)

    async def _calm(self) -> None:
        """Let nothing go wrong any more, until nothing is on and nobody has anything to do."""
        self.weather.calm = since = self.clock.monotonic()
        await self.clock.sleep(STILL_UNDER_WAY)
        while self._goes_on() and self.clock.monotonic() < since + AFTERWARDS:
            await self.clock.sleep(10)

    def _goes_on(self) -> bool:
        is_still = any(life and life.is_still for life in self.lives)
        store = self.simulation.store_world
        # few jobs may have ended before a backup with none of them was put right
        is_put_right = not store.quarantine and not store.owner.endswith(RESTORING)
        is_over = self.promises.all_ended.is_set() and is_put_right
        return is_still or bool(self.books.alive()) or not is_over

    def _times(self, signal: str) -> int:
        if self.weather.strikes(f"{signal} lost"):
            return 0
        return 1 + self.weather.strikes(f"{signal} doubled")

    def _lateness(self) -> float:
        return self.weather.between(1, 300) if self.weather.strikes("callback late") else 0.0

    def _program(self, order: ContainerOrder) -> FakeProgram:
        return self._programs[order.image]

    async def _crew(self, number: int) -> None:
        """Have a worker, and another one when it has died."""
        who = f"worker {number}"
        while True:
            await self._is_open.wait()
            try:
                parts = self.simulation.parts(ShortLife(who, self.around))
                await parts.store.bind("host:imagined", "imagined")
                life = self.lives[number] = HardLife(who, self.around)
                await self.simulation.work(life)
            except (Died, Unavailable):
                self.history.note(who, "does not begin")
            self.lives[number] = None
            await self.clock.sleep(self.weather.between(1, 30))

    def _done(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            self.promises.exception(f"{error!r}")


def tell(seed: int, setting: Setting | None = None) -> Told:
    """Let a world happen, from its beginning to its end."""

    async def work() -> Told:
        return await ImaginedWorld(seed, setting or Setting()).tell()

    return run(work())


__all__ = ["AFTERWARDS", "JOBS", "WORKERS", "ImaginedWorld", "Setting", "Told", "tell"]
