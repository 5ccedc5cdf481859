"""A failure of a worker that stood still decides nothing for whoever went on meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from jobsched.builtin import OnTime
from jobsched.contracts.planner import History
from jobsched.contracts.provider import InstanceStatus, Refusal
from jobsched.domain import facts
from jobsched.domain.due import Command, Verb
from jobsched.domain.job import Instance, Job, Limits, Plan
from jobsched.domain.state import State, state_of
from jobsched.engine.advance import step
from jobsched.engine.call import PluginBug
from jobsched.engine.failed import failed
from jobsched.engine.hand import Hand
from jobsched.engine.observe import observe
from jobsched.engine.plan import planned
from jobsched.engine.sweep import sweep
from jobsched.errors import OperationFailed, RunnerFailed, StaleWrite
from jobsched.store.port import Halted
from jobsched.testing.simulator.simulation import Cast, Simulation
from jobsched.testing.virtual_time import run
from tests.unit.domain.example import told
from tests.unit.worker.crew import a_world, parts_of, store_of

IMAGE = RunnerFailed("image_not_found", "imagined", then="fail")
PREPARE = Command(verb=Verb.PREPARE, launch=1)
LEASE = timedelta(seconds=30)
BOOTED = (facts.Offered, facts.Begun, facts.Provisioned, facts.Ready)
PROVISION = Command(verb=Verb.PROVISION, launch=1)
STARTED = (facts.Prepared, facts.StartGranted, facts.Started)


class Fails(OnTime):
    """A planner that fails."""

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Fail."""
        raise OperationFailed("plugin_error", "imagined")


async def saved(simulation: Simulation, job: Job, *kinds: type[facts.OfAttempt]) -> Job:
    """Let another worker have got on with a job."""
    now = simulation.clock.now()
    found: list[Any] = [told(kind, now) for kind in kinds]
    return await observe(simulation.api, job, *found)


async def asked(simulation: Simulation) -> Job:
    """Give a job that was accepted."""
    return await simulation.job(await simulation.schedule())


async def booted(simulation: Simulation) -> Job:
    """Give a job whose machine is ready."""
    return await saved(simulation, await asked(simulation), *BOOTED)


def test_another_worker_has_planned_it() -> None:
    """The attempt that the other one has opened goes on."""

    async def story() -> None:
        simulation = await a_world()
        given = Cast(provider=simulation.provider, runner=simulation.runner, planner=Fails())
        simulation.cast = given
        job = await simulation.job(await simulation.schedule())
        assert job.attempt is None
        other = parts_of(await a_world())
        await observe(simulation.api, job, planned(other, job))
        error = OperationFailed("plugin_error", "imagined")
        with pytest.raises(StaleWrite):
            await failed(parts_of(simulation), job, Command(verb=Verb.PLAN), error)
        after = await simulation.job(job.id)
        assert after.attempt
        assert (after.attempt.outcome, after.attempt.troubles) == (None, ())

    run(story())


def test_another_worker_has_prepared_and_started_it() -> None:
    """What runs is not given up, as an image was not found that the other one has found."""

    async def story() -> None:
        simulation = await a_world()
        job = await booted(simulation)
        await saved(simulation, job, *STARTED)
        with pytest.raises(StaleWrite):
            await failed(parts_of(simulation), job, PREPARE, IMAGE)
        assert state_of(await simulation.job(job.id)) is State.RUNNING

    run(story())


def test_who_has_lost_the_job_does_not_decide() -> None:
    """Its lease was over before the runner answered; the record is read anew all the same."""

    async def story() -> None:
        simulation = await a_world()
        job = await booted(simulation)
        parts = parts_of(simulation)
        hand = Hand(parts, job.id, simulation.clock.monotonic() + 30)

        async def stands_still(*_: Any) -> None:
            await saved(simulation, job, *STARTED)
            await simulation.clock.sleep(31)
            raise IMAGE

        simulation.runner.prepare = stands_still  # type: ignore[method-assign, assignment]
        after = await step(parts, job, PREPARE, hand)
        assert state_of(after) is State.RUNNING

    run(story())


async def taken(simulation: Simulation, job: Job, command: Command) -> Job:
    """Let a worker that holds the job take a step."""
    parts = parts_of(simulation)
    await parts.store.claim(parts.worker, most=1, lease=LEASE, only=job.id)
    hand = Hand(parts, job.id, simulation.clock.monotonic() + LEASE.total_seconds())
    return await step(parts, job, command, hand)


async def refuses(*_: Any) -> None:
    """Refuse a request once and for all."""
    raise OperationFailed("not_authorized", "imagined", effect="none", then="fail")


async def ends_it(*_: Any) -> InstanceStatus:
    """Launch a machine and end it at once, for a reason that will not pass."""
    refusal = Refusal(reason="bad_image", message="imagined", then="breaker")
    return InstanceStatus(phase="gone", instance=Instance(id="i-1-1"), refusal=refusal)


REASONS: dict[Any, str] = {refuses: "not_authorized", ends_it: "bad_image"}


def test_a_late_refusal_ends_nothing_that_went_on() -> None:
    """Who sent the request again got a machine, and its container runs."""

    async def story() -> None:
        simulation = await a_world()
        job = await saved(simulation, await asked(simulation), *BOOTED[:2])

        async def late(*_: Any) -> None:
            await saved(simulation, job, *BOOTED[2:], *STARTED)
            await refuses()

        simulation.provider.provision = late  # type: ignore[method-assign, assignment]
        assert state_of(await taken(simulation, job, PROVISION)) is State.RUNNING

    run(story())


@pytest.mark.parametrize("answer", [refuses, ends_it])
def test_a_refusal_that_will_not_pass_ends_the_attempt(
    answer: Callable[..., Awaitable[Any]],
) -> None:
    """Nobody else has touched the record."""

    async def story() -> None:
        simulation = await a_world()
        job = await saved(simulation, await asked(simulation), *BOOTED[:2])
        simulation.provider.provision = answer  # type: ignore[method-assign, assignment]
        after = await taken(simulation, job, PROVISION)
        assert after.attempt
        assert after.attempt.outcome
        assert after.attempt.outcome.reason == REASONS[answer]

    run(story())


def test_a_sweep_decides_of_the_record_that_it_saw() -> None:
    """The machine was ended at its launch; another worker has begun the next launch since."""

    async def story() -> None:
        simulation = await a_world()
        job = await saved(simulation, await asked(simulation), *BOOTED[:3])
        ended = await ends_it()

        async def everything(tokens: Any) -> dict[str, InstanceStatus]:
            return dict.fromkeys(tokens, ended)

        async def halt(provider: str, why: Halted) -> Halted:
            released = told(facts.Released, why="boot_timeout")
            await observe(simulation.api, job, released, told(facts.Begun, launch=2))
            return why

        parts = parts_of(simulation)
        simulation.provider.describe_all = everything  # type: ignore[method-assign, assignment]
        store_of(parts).halt = halt  # type: ignore[method-assign]
        await sweep(parts, simulation.provider)
        after = await simulation.job(job.id)
        assert after.attempt
        assert after.attempt.outcome is None
        assert after.attempt.launches[-1].no == 2

    run(story())


def test_a_bug_of_a_worker_that_stood_still_ends_nothing() -> None:
    """Its runner raised too often, and another worker's has started the container since."""

    async def story() -> None:
        simulation = await a_world(limits=Limits(evidence=timedelta(0), plugin_errors=1))
        job = await booted(simulation)
        await saved(simulation, job, *STARTED)
        with pytest.raises(StaleWrite):
            await failed(parts_of(simulation), job, PREPARE, PluginBug("imagined"))
        assert state_of(await simulation.job(job.id)) is State.RUNNING

    run(story())


async def next_attempt(simulation: Simulation, job: Job) -> None:
    """Let another worker have come to the job's second attempt, which has a machine."""
    now = simulation.clock.now()
    ended: list[Any] = [told(facts.Removed, now), told(facts.Gone, now)]
    found: list[Any] = [told(kind, now, attempt=2) for kind in (facts.Planned, *BOOTED)]
    await observe(simulation.api, job, *ended, *found)


async def finishing(simulation: Simulation) -> Job:
    """Give a job that is to be tried again, and whose host is to be given back."""
    retry = {"on": ("error",), "backoff": timedelta(0)}
    job = await simulation.job(await simulation.schedule(retry=retry))
    now = simulation.clock.now()
    found: list[Any] = [told(kind, now, destroys_machine=False) for kind in (*BOOTED, *STARTED)]
    ended: list[Any] = [told(facts.Ended, now, code=1), told(facts.LogsStored, now)]
    return await observe(simulation.api, job, *found, *ended)


def test_a_slow_removal_says_nothing_of_the_next_attempt() -> None:
    """Its machine has the same number, and is another one."""

    async def story() -> None:
        simulation = await a_world()
        job = await finishing(simulation)

        async def slow(*_: Any) -> None:
            if state_of(await simulation.job(job.id)) is State.FINISHING:
                await next_attempt(simulation, job)

        simulation.runner.remove = slow  # type: ignore[method-assign, assignment]
        await taken(simulation, job, Command(verb=Verb.TERMINATE, launch=1))
        after = await simulation.job(job.id)
        assert (state_of(after), after.attempt and after.attempt.no) == (State.BOOTING, 2)

    run(story())


def test_a_failure_says_nothing_of_the_next_attempt() -> None:
    """Neither a pause nor an end, though the store still takes this worker for the holder."""

    async def story() -> None:
        simulation = await a_world()
        job = await finishing(simulation)

        async def fails(*_: Any) -> None:
            await next_attempt(simulation, job)
            raise RunnerFailed("no_answer", "imagined")

        simulation.runner.remove = fails  # type: ignore[method-assign, assignment]
        after = await taken(simulation, job, Command(verb=Verb.TERMINATE, launch=1))
        assert after.attempt
        assert (after.attempt.no, after.attempt.troubles) == (2, ())

    run(story())
