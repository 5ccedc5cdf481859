"""The engine loses its worker at every await in turn: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import cycle

import pytest

from jobsched.contracts.provider import Caps
from jobsched.domain.job import JobId, Limits
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.engine.outside import POINTS, READS
from jobsched.errors import JobschedError, ProviderFailed
from jobsched.testing.fakes import FakeProvider, refused
from jobsched.testing.simulator import Simulation
from tests.simulation import interruption
from tests.simulation.interruption import RETRIED
from tests.simulation.walk import Story, tell

pytestmark = pytest.mark.timeout(120)


def _lives_on(simulation: Simulation) -> None:
    simulation.provider.destroys_machine = False  # type: ignore[misc]  # this world's machines outlive their job


def _short(simulation: Simulation) -> None:
    simulation.world.runs = 0.1


def _fails(simulation: Simulation) -> None:
    simulation.world.code = 3


def _speaks(simulation: Simulation) -> None:
    """Machines say themselves that they are ready, and when their container has ended."""
    simulation.world.says_ready = True


def _refuses_first(simulation: Simulation) -> None:
    """Refuse every other request."""
    answers = cycle([True, False])
    provision = FakeProvider.provision

    async def sometimes(request: str) -> object:
        if next(answers):
            raise refused()
        return await provision(simulation.provider, request)

    simulation.provider.provision = sometimes  # type: ignore[method-assign, assignment]


def _breaks(simulation: Simulation) -> None:
    """Refuse every request in a way that would refuse those of all jobs."""

    async def never(request: str) -> object:
        del request
        raise ProviderFailed("configuration", "no such image", then="breaker")

    simulation.provider.provision = never  # type: ignore[method-assign, assignment]


async def _resumes(simulation: Simulation, job: JobId) -> None:
    """Resume again and again, with nothing put right."""
    del job
    while True:
        await simulation.clock.sleep(60)
        await simulation.store().resume("fake", Caps())


def _rarely() -> Callable[[], int]:
    """Let one of three callbacks through."""
    turns = cycle([0, 0, 1])
    return lambda: next(turns)


async def _cancels(simulation: Simulation, job: JobId) -> None:
    await simulation.clock.sleep(12)
    try:
        await cancel(simulation.parts(), job)
    except JobschedError:
        await asyncio.sleep(0)


STORIES = {
    "a good job": (Story(), {State.FINISHED}),
    "a machine that lives on": (Story(prepare=_lives_on), {State.FINISHED}),
    "a job of a tenth of a second": (Story(prepare=_short), {State.FINISHED}),
    "a job that fails": (Story(prepare=_fails), {State.FAILED}),
    "a job that is retried": (
        Story(prepare=_fails, asked={"retry": {"max_attempts": 2, "on": ("error",)}}),
        {State.FAILED},
    ),
    "refused at first": (Story(prepare=_refuses_first), {State.FINISHED}),
    "its provider is halted": (
        Story(prepare=_breaks, beside=_resumes),
        {State.FAILED},
    ),
    "cancelled on its way": (Story(beside=_cancels), {State.CANCELLED, State.FINISHED}),
    "every wake is lost": (Story(settings={"wakes": lambda: 0}), {State.FINISHED}),
    "every wake comes twice": (Story(settings={"wakes": lambda: 2}), {State.FINISHED}),
    # the inspect comes every minute, as in five there is no other await than in one
    "every hint is lost": (
        Story(settings={"hints": lambda: 0, "limits": Limits(inspect=timedelta(minutes=1))}),
        {State.FINISHED},
    ),
    "machines that call back": (
        Story(prepare=_speaks, settings={"hints": lambda: 0}),
        {State.FINISHED},
    ),
    "every callback comes twice": (
        Story(prepare=_speaks, settings={"hints": lambda: 0, "callbacks": lambda: 2}),
        {State.FINISHED},
    ),
    "most callbacks are lost": (
        Story(prepare=_speaks, settings={"hints": lambda: 0, "callbacks": _rarely()}),
        {State.FINISHED},
    ),
    "its machine is taken away": (
        Story(prepare=interruption.long_at_first, beside=interruption.Cloud(), asked=RETRIED),
        {State.FINISHED},
    ),
    "its machine is at risk, and then taken away": (
        Story(
            prepare=interruption.long_at_first,
            beside=interruption.Cloud(risk=5.0),
            asked=RETRIED,
        ),
        {State.FINISHED},
    ),
    "its machine is at risk, and stays": (
        Story(beside=interruption.Cloud(risk=5.0, takes=False)),
        {State.FINISHED},
    ),
    "every hint comes twice": (Story(settings={"hints": lambda: 2}), {State.FINISHED}),
}


#: fail-points that no worker of these stories passes
ELSEWHERE = {
    *("store.stamp", "store.bind"),  # when a process starts
    *("store.accept", "store.resume"),  # the API's
    *("save.CancelRequested", "save.AtRisk", "save.BootFailed", "save.Interrupted", "save.Noted"),
    *("store.prune", "logs.delete", "store.wake", "provider.remove_leftovers"),  # chores
    *("store.repair", "store.raise_alarm"),
    *("store.permit", "store.use_permit", "store.suspect", "store.see_reaper"),  # the reaper
    *("store.begin_restore", "save.Restored", "store.end_restore"),  # `jobsched restore`
    *("store.hold_back", "store.let_go"),  # of records that it cannot read
    *("store.changes", "store.acknowledge"),  # what tells the plugins
    "chores.advance_later",  # dispatch by arq
    # while every call answers; passed by those who come after a death, and by stories elsewhere
    *("runner.withdraw", "save.NotStarted", "save.Vanished", "save.CommandFailed"),
    "save.Terminated",
}


def test_the_crash_points_are_the_fail_points() -> None:
    """What the simulator dies at has the names of the fail-points, but for what only looks."""
    passed = {
        name
        for story, _ in STORIES.values()
        for point in tell(story).points
        for name in point.split()[1:]
    }
    looks = {f"{kind}.{name}" for kind, names in READS.items() for name in names}
    assert passed - looks == set(POINTS) - ELSEWHERE


@pytest.mark.parametrize("name", STORIES)
def test_a_worker_may_die_at_every_await(name: str) -> None:
    """Wherever the worker dies, the job ends, starts once an attempt, and leaves nothing on."""
    story, ends = STORIES[name]
    whole = tell(story)

    assert whole.violations == []
    assert interruption.unwarned(whole.job) == []
    assert state_of(whole.job) in ends
    for point in range(1, whole.until_end + 1):
        told = tell(story, dies_at=point)
        at = f"died at {point}: {told.points[point - 1]}"
        assert told.violations == [], at
        assert interruption.unwarned(told.job) == [], at
        # the fence: a start whose machine was given back unseen is the one doubt that is left
        assert state_of(told.job) in ends, f"{at}: {reason_of(told.job)}"
