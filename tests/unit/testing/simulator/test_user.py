"""Users ask again until they are heard, and some change their mind."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from types import SimpleNamespace
from typing import Any, cast

import pytest

from jobsched.domain.job import JobId
from jobsched.domain.state import State, state_of
from jobsched.engine.parts import Parts
from jobsched.errors import StoreUnavailable
from jobsched.testing.simulator.history import History
from jobsched.testing.simulator.simulation import Simulation
from jobsched.testing.simulator.user import COME, HOUR, SPREAD, User
from jobsched.testing.simulator.weather import Weather
from jobsched.testing.virtual_time import VirtualClock, run


class Town:
    """What a user knows of a world.

    Args:
        faults: fault → its chance.
        lost: answers of the API that nobody hears, at first.
        seed: of the weather.
    """

    def __init__(
        self, simulation: Simulation, faults: dict[str, float], lost: int = 0, seed: int = 7
    ) -> None:
        self.clock = VirtualClock()
        every = dict.fromkeys(KINDS, 0.0) | faults
        often = dict.fromkeys(every, 1.0)
        self.weather = Weather(seed, self.clock.monotonic, faults=every, often=often)
        #: who was told that their job will be cancelled
        self.heard: list[JobId] = []
        self.promises = SimpleNamespace(cancelled=self.heard.append)
        self.history = History(self.clock.monotonic)
        self.users: dict[JobId, User] = {}
        self.on_prepared: dict[JobId, Callable[[], None]] = {}
        self.on_started: dict[JobId, Callable[[], None]] = {}
        self.asked = 0
        self._lost, self._simulation = lost, simulation
        simulation.door = cast("Any", self._door)
        self.simulation = simulation
        #: jobs whose users were told that they will be cancelled
        self.cancelled: list[JobId] = []
        self.promises = SimpleNamespace(cancelled=self.cancelled.append)
        self.tasks: list[asyncio.Task[None]] = []

    def accepted(self, job: JobId, user: User) -> None:
        """Hear of a job."""
        self.users[job] = user

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside all else."""
        self.tasks.append(asyncio.ensure_future(work))

    async def _door(self, work: Callable[[Parts], Awaitable[Any]]) -> Any:
        self.asked += 1
        answer = await work(self._simulation.api)
        if self.asked <= self._lost:
            raise StoreUnavailable
        return answer


KINDS = (
    "cancelled before the start",
    "cancelled around the start",
    "cancelled around the end",
    "out of memory",
    "deaf to SIGTERM",
    "ends well when told to",
    "no such program",
    "ends well when told to",
)


async def a_user(
    faults: dict[str, float] | None = None, lost: int = 0, seed: int = 7
) -> tuple[Town, User]:
    """Let one user come, in a world without workers."""
    town = Town(await Simulation.begin(), faults or {}, lost, seed)
    user = User(cast("Any", town), 3)
    await user()
    return town, user


def test_a_user_who_is_not_heard_asks_again_with_the_same_key() -> None:
    """One job comes of it, whatever answers are lost."""

    async def story() -> None:
        town, user = await a_user(lost=4)
        assert town.asked == 5
        assert list(town.users.values()) == [user]
        assert len(town.simulation.store_world.records) == 1

    run(story())


def test_jobs_are_due_at_the_full_hour_or_at_any_time() -> None:
    """In the time of the world."""

    async def story() -> None:
        town, user = await a_user()
        (job,) = town.users
        found = await town.simulation.job(job)
        due = (found.spec.schedule - town.clock.now()).total_seconds() + town.clock.monotonic()
        assert town.clock.monotonic() <= COME
        assert due == pytest.approx(HOUR) or 0 <= due <= SPREAD
        assert found.spec.docker_image == user.image

    run(story())


def test_a_job_that_was_accepted_and_is_lost_is_posted_again() -> None:
    """By whom it is, and at once."""

    async def story() -> None:
        town, user = await a_user()
        town.simulation.store_world.records.clear()
        town.simulation.store_world.keys.clear()
        town.users.clear()
        await user.post_again()
        (job,) = town.users
        assert (await town.simulation.job(job)).spec.schedule <= town.clock.now()

    run(story())


def test_a_user_cancels_before_the_start() -> None:
    """Asked until it is heard."""

    async def story() -> None:
        town, _ = await a_user({"cancelled before the start": 1.0})
        (job,) = town.users
        assert state_of(await town.simulation.job(job)) is State.CANCELLED

    run(story())


@pytest.mark.parametrize("when", ["on_prepared", "on_started"])
def test_a_cancel_is_aimed(when: str) -> None:
    """At the moment in which the container is there, or a while after it was started."""
    kinds = {"on_prepared": "cancelled around the start", "on_started": "cancelled around the end"}

    async def story() -> None:
        for seed in range(20):
            town, _ = await a_user({kinds[when]: 1.0}, seed=seed)
            (job,) = town.users
            if follow := getattr(town, when).get(job):
                break
        else:
            pytest.fail("nobody cancels then")
        follow()
        await asyncio.gather(*town.tasks)
        assert state_of(await town.simulation.job(job)) is State.CANCELLED

    run(story())


def test_programs_are_of_many_kinds() -> None:
    """Each fault of a program is what it is called."""

    async def story() -> None:
        _, greedy = await a_user({"out of memory": 1.0})
        assert (greedy.wish.program.oom, greedy.wish.program.code) == (True, 137)
        _, deaf = await a_user({"deaf to SIGTERM": 1.0})
        assert deaf.wish.program.asked is None
        _, missing = await a_user({"no such program": 1.0})
        assert not missing.wish.program.exists

    run(story())
