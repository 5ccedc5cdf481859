"""One start, and starts that must not be, on a real engine."""

import dataclasses

import pytest

from jobsched.domain.job import Container
from jobsched.errors import RunnerFailed
from tests.integration.docker_runner.bench import Bench, HastyClock

pytestmark = pytest.mark.docker


async def test_a_start_starts_once(bench: Bench) -> None:
    """The engine's own events count one start of a container that ran to its end."""
    container = await bench.started(bench.shell("echo hello"))
    status = await bench.ended(container)

    assert (status.phase, status.code) == ("exited", 0)
    assert status.started_at is not None
    assert status.finished_at is not None
    assert status.started_at <= status.finished_at
    assert bench.starts() == 1


async def test_a_start_after_a_withdrawal_finds_nothing(bench: Bench) -> None:
    """A worker that wakes up late gets a refusal, and the container never runs (D3)."""
    container = await bench.prepared(bench.order("true"))
    assert (await bench.runner.withdraw(bench.machine, container)).phase == "created"
    # A start that was under way would have been over by then: this is how long a request may last.
    assert isinstance(bench.services.clock, HastyClock)
    assert bench.services.clock.slept == [8.0]

    with pytest.raises(RunnerFailed) as failed:
        await bench.runner.start(bench.machine, container)
    assert (failed.value.reason, failed.value.effect) == ("container_gone", "unknown")
    assert (await bench.inspect(container)).phase == "created"
    assert bench.starts() == 0


async def test_a_withdrawal_can_be_repeated(bench: Bench) -> None:
    """The second one finds the work done, by id and by name, and later the container gone."""
    container = await bench.prepared(bench.order("true"))
    lost = Container(name=container.name)
    for wanted in (container, container, lost):
        assert (await bench.runner.withdraw(bench.machine, wanted)).phase == "created"
    await bench.runner.remove(bench.machine, lost)
    assert (await bench.runner.withdraw(bench.machine, container)).phase == "gone"


async def test_a_withdrawal_that_comes_too_late_says_that_it_runs(bench: Bench) -> None:
    """A start that took effect is adopted, under its new name too."""
    container = await bench.started(bench.order("sleep", "60"))
    assert (await bench.runner.withdraw(bench.machine, container)).phase == "running"
    assert (await bench.inspect(Container(name=container.name))).phase == "running"


async def test_a_withdrawn_name_is_not_given_again(bench: Bench) -> None:
    """Otherwise a late start would find a new container under the old name."""
    container = await bench.prepared(bench.order("true"))
    await bench.runner.withdraw(bench.machine, container)
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(bench.order("true"))
    assert failed.value.reason == "withdrawn"


async def test_a_name_that_is_withdrawn_meanwhile_is_given_up(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker stood still between its look and its creation: what it made is removed again."""
    container = await bench.prepared(bench.order("true"))
    await bench.runner.withdraw(bench.machine, container)
    monkeypatch.setattr("jobsched.plugins.docker_runner.creation.adopt", lambda *_: None)
    with pytest.raises(RunnerFailed) as failed:
        await bench.prepared(bench.order("true"))
    assert failed.value.reason == "withdrawn"
    with pytest.raises(RunnerFailed) as failed:
        await bench.runner.start(bench.machine, container)
    assert failed.value.reason == "container_gone"


async def test_a_missing_command_is_a_failed_start(bench: Bench) -> None:
    """The engine refuses it, and what it leaves is not a container that waits for its start."""
    container = await bench.prepared(bench.order("/no/such"))
    with pytest.raises(RunnerFailed) as failed:
        await bench.runner.start(bench.machine, container)
    assert (failed.value.reason, failed.value.effect) == ("start_failed", "unknown")

    status = await bench.inspect(container)
    assert (status.phase, status.code) == ("start_failed", 127)
    assert "/no/such" in status.message


async def test_a_container_that_is_gone_cannot_be_started(bench: Bench) -> None:
    """Nobody knows whether it ran before it vanished."""
    container = await bench.prepared(bench.order("true"))
    await bench.runner.remove(bench.machine, container)
    with pytest.raises(RunnerFailed) as failed:
        await bench.runner.start(bench.machine, container)
    assert (failed.value.reason, failed.value.effect) == ("container_gone", "unknown")
    assert (await bench.inspect(container)).phase == "gone"


async def test_a_new_container_of_the_same_name_is_not_the_old_one(bench: Bench) -> None:
    """Only start goes by name: the record of a removed container is not told of its successor."""
    order = bench.order("true")
    old = await bench.prepared(order)
    await bench.runner.remove(bench.machine, old)
    new = await bench.prepared(order)

    assert (await bench.inspect(old)).phase == "gone"
    await bench.runner.remove(bench.machine, old)
    assert (await bench.inspect(new)).phase == "created"
    assert dataclasses.replace(new, id=old.id) == old
