"""Telling a container what becomes of its machine, where a runner can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from jobsched.contracts.runner import INTERRUPTION_FILE, MachineWarning, Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised
from jobsched.testing.conformance.runner_silence import RAISE

AT = datetime(2030, 1, 1, 12, tzinfo=UTC)
RISK = MachineWarning(kind="rebalance", noticed_at=AT)
INTERRUPTION = MachineWarning(
    kind="interruption", deadline=AT + timedelta(minutes=2), noticed_at=AT
)
WRITE = f"Write warning.document, as it is, to the path that you put into {INTERRUPTION_FILE}."


class RunnerWarn:
    """`warn`; skipped where there is none."""

    @promised(
        by=Runner.warn,
        that="Put warning.document into the file that JOBSCHED_INTERRUPTION_FILE names there",
        do=WRITE,
    )
    async def test_a_warning_is_read_in_the_container(self, containers: Containers) -> None:
        """A program finds the file by the variable, and reads every byte of the document."""
        _needs_warn(containers)
        container = await containers.ready(containers.programs.says_warning())
        await containers.warn(container, INTERRUPTION)
        await _says(containers, container, INTERRUPTION)

    @promised(
        by=Runner.warn,
        that="A later warning replaces an earlier one",
        do="Write the file anew each time.",
    )
    async def test_a_later_warning_replaces_an_earlier_one(self, containers: Containers) -> None:
        """A risk comes first, twice, and the interruption is what is read."""
        _needs_warn(containers)
        container = await containers.ready(containers.programs.says_warning())
        for warning in (RISK, RISK, INTERRUPTION):
            await containers.warn(container, warning)
        await _says(containers, container, INTERRUPTION)

    @promised(
        by=Runner.warn,
        that="unless order.environment has one of its name",
        do=f"Leave {INTERRUPTION_FILE} out where the order has it.",
    )
    async def test_a_variable_of_the_order_is_left_alone(self, containers: Containers) -> None:
        """Who names a variable so himself has it as he wrote it."""
        says = containers.programs.says_variable(INTERRUPTION_FILE)
        container = await containers.started(says, f"{INTERRUPTION_FILE}=mine")
        await containers.ended(container)
        said = await containers.output(container)
        expect(said == b"mine", f"the order's own value 'mine' is {said[:100]!r} there")

    @promised(
        by=Runner.warn,
        that="A container that has ended or is gone is success",
        do="Take 'no such container' and 'not running' of the engine for success.",
    )
    async def test_what_has_ended_may_be_warned(self, containers: Containers) -> None:
        """There is nobody left to be told, and nothing changes."""
        _needs_warn(containers)
        container = await containers.started(containers.programs.ends_with(3))
        before = await containers.ended(container)
        await containers.warn(container, INTERRUPTION)
        after = await containers.inspect(container)
        is_same = (after.phase, after.code) == (before.phase, before.code)
        expect(is_same, f"warn made of {before} {after}")
        await containers.remove(container)
        await containers.warn(container, INTERRUPTION)

    @promised(by=Runner.warn, that="OperationFailed: the container was not told", do=RAISE)
    async def test_nobody_is_warned_on_a_silent_machine(self, containers: Containers) -> None:
        """What was not said is not called said, with or without a way to say it."""
        name = containers.order(containers.programs.ends_with(0)).name
        there = Container(name=name, id=name)
        try:
            await containers.ask(containers.runner.warn(containers.nowhere, there, INTERRUPTION))
        except OperationFailed:
            return
        raise Broken("of a machine that does not answer, warn returned")


def _needs_warn(containers: Containers) -> None:
    if type(containers.runner).warn is Runner.warn:
        pytest.skip("this runner has no warn")


async def _says(containers: Containers, container: Container, warning: MachineWarning) -> None:
    await containers.ended(container)
    said = (await containers.output(container)).removeprefix(b"ready\n")
    expect(
        said.rstrip(b"\r\n") == warning.document,
        f"a program read {said[:200]!r} and not {warning.document!r}",
    )


__all__ = ["RunnerWarn"]
