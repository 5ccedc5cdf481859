"""A start that must not take effect any more."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from datetime import timedelta

from jobsched.contracts.runner import Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

TAKE_AWAY = (
    "Take away what start goes by (rename the container), wait until no earlier request can be "
    "under way, then look."
)


class RunnerWithdraw:
    """`withdraw`."""

    @promised(
        by=Runner.withdraw,
        that="Make sure that no earlier start can take effect any more",
        do=TAKE_AWAY,
    )
    async def test_a_start_after_a_withdrawal_has_no_effect(self, containers: Containers) -> None:
        """A start that arrives late starts nothing."""
        container = await containers.prepared(containers.programs.says("too late"))
        await containers.withdraw(container)
        with suppress(OperationFailed):
            await containers.start(container)
        await _never_starts(containers, container)

    @promised(
        by=Runner.withdraw,
        that="Make sure that no earlier start can take effect any more",
        do=TAKE_AWAY,
    )
    async def test_a_start_under_way_is_decided(self, containers: Containers) -> None:
        """A start whose caller died is withdrawn: it took effect before, or never will."""
        container = await containers.prepared(containers.programs.ends_when_asked(0))
        with suppress(OperationFailed):
            starting = containers.runner.start(containers.instance, container)
            await cancelled(starting, after=timedelta(0))
        status = await containers.withdraw(container)
        if status.phase == "created":
            await _never_starts(containers, container)
        else:
            expect(status.phase in {"running", "exited"}, f"withdraw gave {status}")

    @promised(
        by=Runner.withdraw,
        that="created afterwards means: never started, and never will",
        do=TAKE_AWAY,
    )
    async def test_a_withdrawal_may_be_repeated(self, containers: Containers) -> None:
        """Each time it says that the container was never started."""
        container = await containers.prepared(containers.programs.ends_with(0))
        for _ in range(2):
            status = await containers.withdraw(container)
            expect(status.phase == "created", f"withdraw gave {status}")

    @promised(
        by=Runner.prepare,
        that="A name that was withdrawn stays withdrawn",
        do="Refuse an order of the name while what was withdrawn is there under its other one.",
    )
    async def test_a_withdrawn_name_is_not_made_anew(self, containers: Containers) -> None:
        """A worker that prepares late, and one that starts late, start nothing together."""
        order = containers.order(containers.programs.ends_when_asked(0))
        container = await containers.prepare(order)
        await containers.withdraw(container)
        with suppress(OperationFailed):
            await containers.prepare(order, by=containers.another)
        with suppress(OperationFailed):
            await containers.start(container)
        for one in (container, Container(name=order.name)):
            await _never_starts(containers, one)

    @promised(
        by=Runner.withdraw,
        that="then inspect",
        do="Leave a container that runs alone, and say that it runs.",
    )
    async def test_a_running_container_is_not_withdrawn(self, containers: Containers) -> None:
        """A start that took effect is told, and the container goes on."""
        container = await containers.ready(containers.programs.ends_when_asked(7))
        status = await containers.withdraw(container)
        expect(status.phase == "running", f"withdraw gave {status}")
        await containers.stop(container, timedelta(seconds=20))
        ended = await containers.ended(container)
        is_so = ended.phase == "exited" and ended.code == 7  # noqa: PLR2004 - the code above
        expect(is_so, f"after withdraw and stop it is {ended}")

    @promised(
        by=Runner.start,
        that="Start the container, by name",
        do="Let a withdrawal stand for its own container's name alone.",
    )
    async def test_the_next_name_can_be_started(self, containers: Containers) -> None:
        """After a withdrawn start the launch goes on under another name."""
        order = containers.order(containers.programs.ends_with(4))
        await containers.withdraw(await containers.prepare(order))
        second = await containers.prepare(containers.again(order))
        await containers.start(second)
        status = await containers.ended(second)
        is_so = status.phase == "exited" and status.code == 4  # noqa: PLR2004 - the code above
        expect(is_so, f"the second container is {status}")


async def _never_starts(containers: Containers, container: Container) -> None:
    for pause in (timedelta(0), containers.late_by):
        await asyncio.sleep(pause.total_seconds())
        status = await containers.inspect(container)
        expect(status.phase in {"created", "gone"}, f"after the withdrawal inspect gave {status}")


__all__ = ["RunnerWithdraw"]
