"""Whole jobs in virtual time, through dispatch, sweeps and watches: how each of them ends."""

from __future__ import annotations

import functools
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from jobsched.builtin import OnTime
from jobsched.contracts.provider import Caps
from jobsched.domain.job import Attempt, Job, Limits
from jobsched.domain.state import State, reason_of, state_of
from jobsched.engine.cancel import cancel
from jobsched.engine.submit import submit
from jobsched.errors import AlreadyEnded, OperationFailed, WrongStore
from jobsched.secrets import ConfiguredSecrets
from jobsched.store import codec
from jobsched.testing.fakes import refused
from jobsched.testing.simulator import Simulation, earliest_start, violations
from jobsched.testing.simulator import simulation as simulator
from jobsched.testing.virtual_time import run
from tests.unit.worker.crew import Heard, Watched, a_world, crew, seen_in

CANARY = "canary-6f1c2b9e"


def soon(work: Coroutine[Any, Any, None]) -> None:
    """Run a test's story in virtual time."""
    run(work)


def attempts(job: Job) -> list[Attempt]:
    """Give all attempts of a job, oldest first."""
    return [*job.past, *([job.attempt] if job.attempt else [])]


@pytest.fixture
def a_lead(monkeypatch: pytest.MonkeyPatch) -> None:
    """Machines are asked for a minute ahead, so that jobs wait in ``ready``."""
    monkeypatch.setattr(simulator.NoHistory, "lead", lambda *_: timedelta(minutes=1))


CANCELLED_FROM = {
    State.SCHEDULED: State.CANCELLED,
    State.PROVISIONING: State.CANCELLED,
    State.BOOTING: State.CANCELLED,
    State.READY: State.CANCELLED,
    State.RUNNING: State.CANCELLED,
    # its outcome is known by then, and stands
    State.FINISHING: State.FINISHED,
}


@pytest.mark.parametrize("state", CANCELLED_FROM)
def test_a_cancel_in_each_state(state: State, a_lead: None) -> None:
    """Wherever a cancel meets the job it ends so within a minute, and nothing is left on."""

    async def story() -> None:
        simulation = await a_world(boot=5, runs=20, sweep_every=3.0)
        Watched(simulation.provider, "terminate", lasts=3)
        job = await simulation.schedule(after=90)
        async with crew(simulation):
            await seen_in(simulation, job, state)
            await cancel(simulation.parts(), job)
            ended = await simulation.ended(job, within=60)
        assert state_of(ended[0]) is CANCELLED_FROM[state]
        assert violations(simulation, ended) == []
        if state in {State.SCHEDULED, State.PROVISIONING, State.BOOTING, State.READY}:
            assert not simulation.world.starts
        if state is State.SCHEDULED:
            assert simulation.world.machines == {}

    soon(story())


def test_a_cancel_after_the_end_is_refused() -> None:
    """What has ended stays as it is; a second cancel of a cancelled job is no mistake (A10)."""

    async def story() -> None:
        simulation = await a_world()
        job, other = await simulation.schedule(), await simulation.schedule(after=60)
        async with crew(simulation):
            await simulation.ended(job)
            with pytest.raises(AlreadyEnded):
                await cancel(simulation.parts(), job)
            await cancel(simulation.parts(), other)
            again = await cancel(simulation.parts(), other)
        assert state_of(await simulation.job(job)) is State.FINISHED
        assert state_of(again) is State.CANCELLED

    soon(story())


def test_a_container_over_its_time_is_stopped() -> None:
    """A container that runs longer than its timeout is stopped, and the job fails for it (X3)."""

    async def story() -> None:
        simulation = await a_world(runs=3600)
        stop = Watched(simulation.runner, "stop")
        job = await simulation.schedule(timeout=timedelta(seconds=5))
        async with crew(simulation):
            ended = (await simulation.ended(job, within=60))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "timeout")
        assert ended.attempt is not None
        launch = ended.attempt.launches[0]
        assert launch.ending is not None
        assert launch.ending.started_at is not None
        assert launch.ending.finished_at is not None
        ran = launch.ending.finished_at - launch.ending.started_at
        assert timedelta(seconds=5) <= ran < timedelta(seconds=7)
        assert len(stop.began) == 1
        assert launch.ending.code == 143
        assert launch.logs_complete
        assert violations(simulation, [ended]) == []

    soon(story())


def test_machines_that_never_boot() -> None:
    """Each attempt gives five machines back; after the last attempt the job fails (B2)."""

    async def story() -> None:
        simulation = await a_world(boot=10**9)
        job = await simulation.schedule(retry={"max_attempts": 2})
        async with crew(simulation):
            ended = (await simulation.ended(job, within=20_000))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "boot_failed")
        assert [len(one.launches) for one in attempts(ended)] == [Limits().machines] * 2
        assert len(simulation.world.machines) == 2 * Limits().machines
        assert simulation.world.most_alive == 1
        assert violations(simulation, [ended]) == []

    soon(story())


def test_no_capacity_until_it_is_too_late() -> None:
    """Refusals use up no attempts; past the late limit the job fails for want of room."""

    async def story() -> None:
        simulation = await a_world()

        async def full(request: str) -> object:
            raise refused()

        provision = Watched(simulation.provider, "provision")
        provision._work = full
        job = await simulation.schedule(late_limit=timedelta(minutes=5))
        async with crew(simulation):
            began = simulation.clock.now()
            ended = (await simulation.ended(job, within=1000))[0]
            took = simulation.clock.now() - began
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "no_capacity")
        assert timedelta(minutes=5) <= took < timedelta(minutes=5, seconds=2)
        assert len(attempts(ended)) == 1
        # again and again, but with longer and longer pauses
        assert 3 <= len(provision.began) <= 8
        assert violations(simulation, [ended]) == []

    soon(story())


def test_a_cap_of_two_machines() -> None:
    """Of six jobs two have machines at a time, in the order of their times, and all finish."""

    async def story() -> None:
        simulation = await a_world(runs=30)
        simulation.provider.caps = Caps(alive=2)
        offsets = [5.0, 1.0, 4.0, 0.0, 3.0, 2.0]
        jobs = {after: await simulation.schedule(after=after) for after in offsets}
        async with crew(simulation, workers=2):
            ended = await simulation.ended(*jobs.values())
        assert [state_of(job) for job in ended] == [State.FINISHED] * 6
        assert simulation.world.most_alive == 2
        in_order = [jobs[after] for after in sorted(offsets)]
        starts = {job: earliest_start(simulation, job) for job in in_order}
        assert sorted(in_order, key=lambda job: str(starts[job])) == in_order
        assert violations(simulation, ended) == []

    soon(story())


def test_a_job_in_line_ends_when_it_is_too_late() -> None:
    """Who waits for a slot is not forgotten: past its late limit the job fails."""

    async def story() -> None:
        simulation = await a_world(runs=1000)
        simulation.provider.caps = Caps(alive=1)
        first = await simulation.schedule()
        second = await simulation.schedule(after=1, late_limit=timedelta(minutes=2))
        async with crew(simulation):
            ended = (await simulation.ended(second, within=300))[0]
            assert 121 <= simulation.clock.monotonic() < 123
            await simulation.ended(first)
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "expired")
        assert ended.attempt is not None
        assert ended.attempt.launches == ()

    soon(story())


def test_an_hourly_cap_goes_on_with_the_next_hour() -> None:
    """Launches over the hourly cap wait for the hour, not for ever."""

    async def story() -> None:
        simulation = await a_world()
        simulation.provider.caps = Caps(hourly=2)
        jobs = [await simulation.schedule() for _ in range(3)]
        async with crew(simulation):
            ended = await simulation.ended(*jobs, within=2 * 3600)
        assert [state_of(job) for job in ended] == [State.FINISHED] * 3
        times = sorted(filter(None, (earliest_start(simulation, job) for job in jobs)))
        assert timedelta(minutes=59) < times[2] - times[0] < timedelta(minutes=62)

    soon(story())


@pytest.mark.parametrize(
    ("on", "starts"),
    [
        ((), 1),
        (("before_start",), 1),
        (("timeout", "interruption"), 1),
        (("exit:4",), 1),
        (("exit:3",), 3),
        (("error",), 3),
    ],
)
def test_a_failed_container_is_retried_only_as_told(on: tuple[str, ...], starts: int) -> None:
    """An exit code of 3 is followed by another attempt only where the job names that cause."""

    async def story() -> None:
        simulation = await a_world(code=3)
        job = await simulation.schedule(retry={"max_attempts": 3, "on": on})
        async with crew(simulation):
            ended = (await simulation.ended(job))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "exited")
        assert sum(simulation.world.starts.values()) == starts
        assert len(attempts(ended)) == starts
        assert violations(simulation, [ended]) == []

    soon(story())


def test_a_secret_is_in_the_order_and_nowhere_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """The runner gets the secret's value; record, requests, changes, logs and lines do not."""
    monkeypatch.setattr(
        simulator,
        "ConfiguredSecrets",
        functools.partial(ConfiguredSecrets, values={"database": CANARY}),
    )

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        orders = []
        prepare = simulation.runner.prepare

        async def prepared(instance: Any, order: Any) -> Any:
            orders.append(order)
            return await prepare(instance, order)

        simulation.runner.prepare = prepared  # type: ignore[method-assign]
        job = await simulation.schedule(secret_env={"PASSWORD": "database"})
        async with crew(simulation):
            ended = (await simulation.ended(job))[0]
        assert f"PASSWORD={CANARY}" in orders[0].environment
        assert CANARY not in repr(orders[0])
        assert CANARY not in codec.encode(ended).decode()
        assert CANARY not in repr(_all(simulation))
        assert CANARY not in repr(heard.lines)

    soon(story())


def _all(simulation: Simulation) -> list[object]:
    world = simulation.store_world
    return [world.records, world.changes, world.logs, world.keys]


def test_an_emptied_store_launches_and_ends_nothing() -> None:
    """With the store wiped in the middle no machine comes and none goes, and one line says why."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(runs=300, log=heard)
        for after in (0, 0, 20, 40):
            await simulation.schedule(after=after)
        async with crew(simulation, workers=2):
            await simulation.clock.sleep(10)
            before = {one.id: one.phase for one in simulation.world.machines.values()}
            assert list(before.values()) == ["running"] * 2
            simulation.store().wipe()
            with pytest.raises(WrongStore):
                await simulation.schedule()
            await simulation.clock.sleep(900)
            after_it = {one.id: one.phase for one in simulation.world.machines.values()}
        assert after_it == before
        said = heard.told("store.unavailable")
        assert len(said) == 2, "once a worker"
        assert all("empty" in line["error"] for line in said)

    soon(story())


@pytest.mark.parametrize("method", ["prepare", "offers", "freeze"])
def test_a_bug_of_a_plugin_five_times_over(method: str) -> None:
    """A plugin that always breaks ends the attempt after five tries (Q12)."""

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        fake = simulation.runner if method == "prepare" else simulation.provider
        broken = Watched(fake, method)
        broken._work = _breaks
        job = await simulation.schedule(retry={"max_attempts": 1})
        async with crew(simulation):
            ended = (await simulation.ended(job, within=600))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert len(broken.began) == Limits().plugin_errors
        assert len(heard.told("plugin.failed")) == Limits().plugin_errors
        assert violations(simulation, [ended]) == []

    soon(story())


async def _breaks(*_: Any, **__: Any) -> Any:
    raise ValueError("a bug of a plugin")


@pytest.mark.parametrize("method", ["terminate", "logs"])
def test_a_bug_of_a_plugin_after_the_end_is_no_storm(method: str) -> None:
    """What only tidies up is tried for ever, but with pauses; the outcome that is known stands."""

    async def story() -> None:
        simulation = await a_world()
        fake = simulation.provider if method == "terminate" else simulation.runner
        calls = []

        def broken(*_: Any, **__: Any) -> Any:
            calls.append(simulation.clock.monotonic())
            raise ValueError("a bug of a plugin")

        whole = getattr(fake, method)
        setattr(fake, method, broken)
        job = await simulation.schedule()
        async with crew(simulation):
            await simulation.clock.sleep(600)
            assert 5 <= len(calls) <= 30
            setattr(fake, method, whole)
            ended = (await simulation.ended(job, within=200))[0]
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    soon(story())


@pytest.mark.parametrize("answer", ["breaks", "nonsense"])
def test_a_planner_that_always_breaks(monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A job whose planner never gives a plan is accepted, tried with pauses, and ends."""

    def plan(*_: Any) -> Any:
        if answer == "breaks":
            raise ValueError("a bug of a plugin")

    monkeypatch.setattr(OnTime, "plan", plan)

    async def story() -> None:
        heard = Heard()
        simulation = await a_world(log=heard)
        job = await simulation.schedule()
        async with crew(simulation):
            ended = (await simulation.ended(job, within=600))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "plugin_error")
        assert simulation.clock.monotonic() > 15
        assert 2 <= len(heard.told("plugin.failed")) <= 10

    soon(story())


def test_a_planner_that_breaks_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A planner that works again by the next try loses no job."""
    whole = OnTime.plan
    tries: list[int] = []

    def plan(*args: Any) -> Any:
        tries.append(len(tries))
        if len(tries) <= 2:
            raise ValueError("a bug of a plugin")
        return whole(*args)

    monkeypatch.setattr(OnTime, "plan", plan)

    async def story() -> None:
        simulation = await a_world()
        job = await simulation.schedule()
        async with crew(simulation):
            ended = (await simulation.ended(job, within=600))[0]
        assert state_of(ended) is State.FINISHED
        assert violations(simulation, [ended]) == []

    soon(story())


@pytest.mark.parametrize(
    ("method", "limit"), [("offers", 60), ("freeze", 60), ("provision", 60), ("start", 60)]
)
def test_a_plugin_that_hangs_is_given_up(method: str, limit: float) -> None:
    """A call that never answers is given up by its time limit, and the job goes on."""

    async def story() -> None:
        simulation = await a_world()
        fake = simulation.runner if method == "start" else simulation.provider
        hanging = Watched(fake, method, hangs=1)
        job = await simulation.schedule()
        async with crew(simulation):
            ended = (await simulation.ended(job, within=400))[0]
        assert state_of(ended) is State.FINISHED
        assert hanging.cancelled == [hanging.began[0] + limit]
        assert violations(simulation, [ended]) == []

    soon(story())


def test_a_pull_that_hangs_costs_its_machine() -> None:
    """A prepare that never answers is given up after ten minutes; another machine takes the job."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare", hangs=1)
        job = await simulation.schedule()
        async with crew(simulation):
            ended = (await simulation.ended(job, within=1000))[0]
        assert state_of(ended) is State.FINISHED
        assert len(simulation.world.machines) == 2
        assert len(prepare.cancelled) == 1
        assert violations(simulation, [ended]) == []

    soon(story())


def test_an_attempt_says_who_took_its_last_step() -> None:
    """The record names the worker."""

    async def story() -> None:
        simulation = await a_world()
        job = await simulation.schedule()
        async with crew(simulation) as workers:
            ended = (await simulation.ended(job))[0]
        assert ended.worker == workers[0].worker

    soon(story())


def test_a_secret_that_is_not_configured_ends_the_job() -> None:
    """Accepted where the secret is known, run where it is not, a job fails and says so."""

    async def story() -> None:
        simulation = await a_world()
        api = simulation.parts()
        known = ConfiguredSecrets(deployment_secret="simulated", values={"database": CANARY})
        wish = {
            "schedule": simulation.clock.now(),
            "docker_image": "imagined",
            "secret_env": {"PASSWORD": "database"},
        }
        job = (await submit(replace(api, secrets=known), wish)).id
        async with crew(simulation):
            ended = (await simulation.ended(job, within=60))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "credentials")
        assert violations(simulation, [ended]) == []

    soon(story())


def test_a_definite_failure_of_a_pull_ends_the_job() -> None:
    """An image that does not exist is asked for once (D4)."""

    async def story() -> None:
        simulation = await a_world()
        prepare = Watched(simulation.runner, "prepare")

        async def nothing(*_: Any) -> Any:
            raise OperationFailed("image_not_found", "no such image", then="fail")

        prepare._work = nothing
        job = await simulation.schedule()
        async with crew(simulation):
            ended = (await simulation.ended(job, within=60))[0]
        assert (state_of(ended), reason_of(ended)) == (State.FAILED, "image_not_found")
        assert len(prepare.began) == 1
        assert violations(simulation, [ended]) == []

    soon(story())
