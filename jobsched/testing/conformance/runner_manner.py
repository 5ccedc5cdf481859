"""How a runner behaves in every method: it never blocks, and ends when it is told to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from typing import Any

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import MachineWarning, Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

WARNING = MachineWarning(kind="rebalance", noticed_at=datetime(2030, 1, 1, tzinfo=UTC))


class RunnerManner:
    """What holds for all methods."""

    @promised(
        by=Runner,
        that="No method may block the event loop",
        do="Call what blocks (an SDK, a file) in a thread: await services.spawn.pool(…).run(…).",
        may_block=False,
    )
    async def test_no_method_blocks_the_event_loop(self, containers: Containers) -> None:
        """A whole life of a container goes by, and the loop goes on all the time."""
        withdrawn = await containers.prepared(containers.programs.ends_with(0))
        await containers.withdraw(withdrawn)
        container = await containers.ready(containers.programs.never_ends())
        containers.runner.status(container)
        if type(containers.runner).warn is not Runner.warn:
            await containers.warn(container, WARNING)
        await containers.stop(container, timedelta(seconds=1))
        await containers.inspect(container)
        await containers.chunks(container)
        await containers.remove(container)

    @promised(
        by=Runner,
        that="then the call is given up (cancelled)",
        do="Let asyncio.CancelledError out of every method.",
    )
    async def test_every_call_ends_when_it_is_cancelled(self, containers: Containers) -> None:
        """A call that is cancelled ends soon, and does not keep its worker."""
        container = await containers.ready(containers.programs.never_ends())
        order = containers.order(containers.programs.ends_with(0))
        for call in _calls(containers, container, order):
            try:
                await cancelled(call(), after=timedelta(0))
            except OperationFailed:
                # It was faster than its end.
                continue
        # What the cancelled one may still be about is there now, and can be removed.
        await containers.prepare(order)


def _calls(
    containers: Containers, running: Container, order: ContainerOrder
) -> list[Callable[[], Coroutine[Any, Any, object]]]:
    runner, instance = containers.runner, containers.instance
    return [
        lambda: runner.prepare(instance, order),
        lambda: runner.inspect(instance, running),
        lambda: runner.warn(instance, running, WARNING),
        lambda: containers.chunks(running, follow=True),
        lambda: runner.withdraw(instance, running),
        lambda: runner.stop(instance, running, timedelta(seconds=20)),
        lambda: runner.remove(instance, running),
        lambda: runner.start(instance, Container(name=order.name)),
    ]


__all__ = ["RunnerManner"]
