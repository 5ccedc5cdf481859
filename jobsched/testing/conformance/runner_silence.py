"""A machine that does not answer: nothing was done on it, and nothing is known of it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Coroutine
from contextlib import aclosing
from datetime import timedelta
from typing import Any, cast

from jobsched.contracts.runner import ContainerStatus, Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.answer import items
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

RAISE = "Raise RunnerFailed('machine_unreachable', …, effect='unknown') where no answer comes."
SAY_UNKNOWN = (
    "Give ContainerStatus(phase='unknown', message=…), or raise RunnerFailed: a container is gone "
    "only where the right machine says so."
)


class RunnerSilence:
    """Every method, asked about a machine that is not there."""

    @promised(by=Runner.inspect, that="OperationFailed: as unknown", do=SAY_UNKNOWN)
    async def test_a_silent_machine_is_unknown(self, containers: Containers) -> None:
        """What cannot be seen is not gone."""
        await _is_unknown("inspect", containers.runner.inspect(*_asked(containers)), containers)

    @promised(
        by=Runner.withdraw,
        that="OperationFailed: nothing is known; the start stays in doubt",
        do=SAY_UNKNOWN,
    )
    async def test_nothing_is_withdrawn_from_a_silent_machine(self, containers: Containers) -> None:
        """A start that cannot be taken back may still take effect."""
        await _is_unknown("withdraw", containers.runner.withdraw(*_asked(containers)), containers)

    @promised(by=Runner.prepare, that="OperationFailed", do=RAISE)
    async def test_nothing_is_prepared_on_a_silent_machine(self, containers: Containers) -> None:
        """There is no container."""
        order = containers.order(containers.programs.ends_with(0))
        await _fails("prepare", containers.runner.prepare(containers.nowhere, order), containers)

    @promised(by=Runner.start, that="Returning means started", do=RAISE)
    async def test_nothing_is_started_on_a_silent_machine(self, containers: Containers) -> None:
        """The start is in doubt."""
        await _fails("start", containers.runner.start(*_asked(containers)), containers)

    @promised(by=Runner.stop, that="OperationFailed: the machine does not answer", do=RAISE)
    async def test_nothing_is_stopped_on_a_silent_machine(self, containers: Containers) -> None:
        """The container may run on."""
        stopping = containers.runner.stop(*_asked(containers), timedelta(0))
        await _fails("stop", stopping, containers)

    @promised(by=Runner.remove, that="OperationFailed: the machine does not answer", do=RAISE)
    async def test_nothing_is_removed_from_a_silent_machine(self, containers: Containers) -> None:
        """Before that the machine does not count as free."""
        await _fails("remove", containers.runner.remove(*_asked(containers)), containers)

    @promised(
        by=Runner.logs,
        that="OperationFailed: while iterating: the machine does not answer",
        do=RAISE,
    )
    async def test_nothing_is_read_from_a_silent_machine(self, containers: Containers) -> None:
        """No output is not the same as an empty one."""
        stream = containers.runner.logs(*_asked(containers))
        await _fails("logs", items(stream, within=containers.answers_within), containers)

    @promised(
        by=Runner.watch,
        that="OperationFailed: while iterating: the machine does not answer",
        do=RAISE,
    )
    async def test_nothing_is_heard_of_a_silent_machine(self, containers: Containers) -> None:
        """Who listens in vain is told; a runner without watch has told already."""
        access = containers.nowhere.access
        stream = containers.runner.watch(access) if access else None
        if stream is None:
            return
        # Every async generator can be closed; the contract names the plainer kind.
        async with aclosing(cast("Any", stream)) as names:
            await _fails("watch", _first(names), containers)


async def _first(names: AsyncIterator[str]) -> str | None:
    async for name in names:
        return name
    return None


def _asked(containers: Containers) -> tuple[Any, Container]:
    name = containers.order(containers.programs.ends_with(0)).name
    return containers.nowhere, Container(name=name, id=name)


async def _is_unknown(
    name: str, call: Coroutine[Any, Any, ContainerStatus], containers: Containers
) -> None:
    try:
        status = await containers.ask(call)
    except OperationFailed:
        return
    expect(status.phase == "unknown", f"of a machine that does not answer, {name} gave {status}")


async def _fails(name: str, call: Coroutine[Any, Any, object], containers: Containers) -> None:
    try:
        given = await containers.ask(call)
    except OperationFailed:
        return
    raise Broken(f"of a machine that does not answer, {name} gave {given!r}")


__all__ = ["RunnerSilence"]
