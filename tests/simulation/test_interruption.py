"""A machine is taken away: notice, file, stop, logs, given back, run elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.runner import LogChunk, MachineWarning, Runner
from jobsched.domain.job import Attempt, Container, Instance, Job, Launch, Outcome
from jobsched.domain.state import State, state_of
from jobsched.errors import RunnerFailed
from jobsched.testing.fakes import FakeRunner
from jobsched.testing.simulator import Simulation, violations
from jobsched.testing.virtual_time import EPOCH, run
from tests.simulation.interruption import POLITE, RETRIED, Cloud, long_at_first, unwarned

Prepare = Callable[[Simulation], None]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """How it went."""

    job: Job
    #: what each container was told, and how many seconds it was given
    warnings: list[tuple[str, dict[str, Any]]]
    stops: list[tuple[str, float]]

    @property
    def first(self) -> Launch:
        """The launch whose machine was taken away."""
        return self.attempt.launches[0]

    @property
    def attempt(self) -> Attempt:
        """The first attempt."""
        first = self.job.past[0] if self.job.past else self.job.attempt
        assert first
        return first

    @property
    def outcome(self) -> Outcome:
        """How the first attempt ended."""
        assert self.attempt.outcome
        return self.attempt.outcome

    def since(self, at: Any) -> float:
        """Give seconds since the notice."""
        assert self.first.interrupted_at
        return float((at - self.first.interrupted_at).total_seconds())


def see(cloud: Cloud, prepare: Prepare = long_at_first, **asked: Any) -> Seen:
    """Let a job run whose machine meets with that."""
    return run(_see(cloud, prepare, {**RETRIED, **asked}))


async def _see(cloud: Cloud, prepare: Prepare, asked: dict[str, Any]) -> Seen:
    simulation = await Simulation.begin(through_codec=True)
    prepare(simulation)
    async with simulation.worker():
        job = await simulation.schedule(**asked)
        await cloud(simulation, job)
        ended = await simulation.ended(job)
    assert violations(simulation, ended) == []
    assert unwarned(ended[0]) == []
    return Seen(job=ended[0], warnings=simulation.world.warnings, stops=simulation.world.stops)


def test_a_polite_container_is_told_ends_and_runs_elsewhere() -> None:
    """It has the time left but the reserve; its code and logs are kept; the next finishes (X7)."""
    seen = see(Cloud(notice=120.0))
    assert (state_of(seen.job), len(seen.job.past)) == (State.FINISHED, 1)
    assert (seen.outcome.reason, seen.outcome.code) == ("interrupted", POLITE)
    ((name, told),) = seen.warnings
    assert (told["kind"], name) == ("interruption", f"jobsched-{seen.job.id}-1-1")
    assert seen.first.interrupted_until
    assert told["deadline"] == seen.first.interrupted_until.isoformat()
    ((_, grace),) = seen.stops
    assert 105 < grace <= 110
    assert seen.first.logs_complete
    assert seen.first.gone_at
    assert seen.since(seen.first.gone_at) < 10


def test_a_stubborn_container_is_killed_before_its_machine_goes() -> None:
    """Its logs are had all the same, in the reserve."""

    def stubborn(simulation: Simulation) -> None:
        long_at_first(simulation, asked=None)

    seen = see(Cloud(notice=60.0), stubborn)
    assert (seen.outcome.reason, seen.outcome.code) == ("interrupted", 137)
    assert 49 < seen.since(seen.outcome.at) < 55
    assert seen.first.logs_complete
    assert seen.first.gone_at
    assert seen.since(seen.first.gone_at) < 60


def test_without_a_time_the_container_has_its_own_grace() -> None:
    """The file says null."""
    seen = see(Cloud(notice=None))
    ((_, told),) = seen.warnings
    assert told["deadline"] is None
    ((_, grace),) = seen.stops
    assert grace == seen.job.spec.grace.total_seconds()


def test_a_job_that_is_not_retried_fails_as_interrupted() -> None:
    """The default: what has started is not started again."""
    seen = see(Cloud(), retry={"max_attempts": 3, "on": ("before_start",)})
    assert (state_of(seen.job), seen.outcome.reason) == (State.FAILED, "interrupted")


def test_a_risk_is_told_and_changes_nothing() -> None:
    """Nobody is stopped, and the file names no deadline."""
    seen = see(Cloud(risk=5.0, takes=False), lambda _: None)
    assert (state_of(seen.job), seen.job.past, seen.stops) == (State.FINISHED, (), [])
    ((_, told),) = seen.warnings
    assert (told["kind"], told["deadline"]) == ("rebalance", None)
    assert seen.first.risk_notice
    assert seen.first.notice is None


def test_a_risk_and_an_interruption_are_told_one_after_the_other() -> None:
    """Twice, and the second time with the deadline."""
    seen = see(Cloud(risk=5.0))
    assert [told["kind"] for _, told in seen.warnings] == ["rebalance", "interruption"]


async def _never(
    self: FakeRunner, instance: Instance, container: Container, warning: MachineWarning
) -> None:
    del instance, container, warning
    await self.world.clock.sleep(3600)


async def _refuses(
    self: FakeRunner, instance: Instance, container: Container, warning: MachineWarning
) -> None:
    del self, instance, container, warning
    raise RunnerFailed("engine_error", "no space left on device")


@pytest.mark.parametrize(
    ("warn", "failure"),
    [
        (_never, "time_out: fake.warn gave no answer within 5 s"),
        (_refuses, "engine_error: no space left on device"),
        (Runner.warn, "cannot_warn: fake has no way to tell a container"),
    ],
    ids=["hangs", "refuses", "cannot"],
)
def test_a_warning_that_fails_holds_nothing_up(
    warn: Any, failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The stop comes within its limit, once, and the outcome is what it is."""
    monkeypatch.setattr(FakeRunner, "warn", warn)
    seen = see(Cloud(notice=120.0))
    assert (seen.outcome.reason, seen.outcome.code) == ("interrupted", POLITE)
    assert seen.first.notice
    assert seen.first.notice.failure == failure
    assert seen.first.stopping_at
    assert seen.since(seen.first.stopping_at) < 7
    assert state_of(seen.job) is State.FINISHED
    assert seen.first.interrupted_at
    assert seen.first.interrupted_at > EPOCH


async def _no_end(
    self: FakeRunner, instance: Instance, container: Container, grace: timedelta
) -> None:
    del instance, container, grace
    await self.world.clock.sleep(3600)


def test_a_stop_that_is_not_answered_is_given_up_with_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The machine went silent while its container was to end: nobody waits for it after that."""
    monkeypatch.setattr(FakeRunner, "stop", _no_end)
    seen = see(Cloud(notice=60.0))
    assert seen.outcome.reason == "interrupted"
    assert seen.first.released_at
    assert 60 <= seen.since(seen.first.released_at) < 62
    assert state_of(seen.job) is State.FINISHED


def test_logs_that_do_not_come_are_given_up_with_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The code is known by then; what there was of the output is kept (G4)."""
    given = FakeRunner.logs

    async def slow(
        self: FakeRunner, instance: Instance, container: Container, **asked: Any
    ) -> AsyncIterator[LogChunk]:
        async for chunk in given(self, instance, container, **asked):
            yield chunk
            if "-1-1" in container.name:
                await self.world.clock.sleep(3600)

    monkeypatch.setattr(FakeRunner, "logs", slow)
    seen = see(Cloud(notice=60.0))
    assert (seen.outcome.reason, seen.outcome.code) == ("interrupted", POLITE)
    assert seen.first.logs_complete is False
    assert seen.first.logs_at
    assert 59 < seen.since(seen.first.logs_at) < 62
    assert state_of(seen.job) is State.FINISHED
