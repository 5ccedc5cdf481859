"""Looking at what is there, was never there, or is elsewhere."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobsched.contracts.runner import Runner
from jobsched.domain.job import Container
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.answer import items
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

COMPARE = (
    "Ask whoever answers for its id before each call, and compare it with access.host_id: inspect "
    "and withdraw give the phase unknown, the others raise RunnerFailed."
)


class RunnerInspect:
    """`inspect`, and the wrong machine."""

    @promised(
        by=Runner.inspect,
        that="Called at any time and any number of times; has no effect",
        do="Give ContainerStatus(phase='gone') for what is not on the machine.",
    )
    async def test_an_unknown_container_is_gone(self, containers: Containers) -> None:
        """A container that never was is gone, whether it is asked for by id or by name."""
        order = containers.order(containers.programs.ends_with(0))
        like = await containers.prepared(containers.programs.ends_with(0))
        other = like.id.translate(str.maketrans("0123456789", "1234567890"))
        for stranger in (
            Container(name=order.name),
            replace(like, name=order.name, id=other.replace(like.name, order.name)),
        ):
            if stranger.id == like.id:
                continue
            status = await containers.inspect(stranger)
            expect(status.phase == "gone", f"inspect gave {status}")

    @promised(
        by=Runner.inspect,
        that="Called at any time and any number of times; has no effect",
        do="Look, and change nothing.",
    )
    async def test_a_container_is_found_without_its_id(self, containers: Containers) -> None:
        """Where the answer of prepare was lost, the name is all that is known."""
        container = await containers.ready(containers.programs.ends_when_asked(0))
        for known in (Container(name=container.name), container):
            status = await containers.inspect(known, by=containers.another)
            expect(status.phase == "running", f"inspect gave {status} for {known}")

    @promised(
        by=Runner,
        that="Inspect, stop, remove and logs go by the container's id (by its name where the id is "
        "empty)",
        do="Ask the engine for container.id or container.name.",
    )
    async def test_a_container_without_its_id_is_read_and_stopped(
        self, containers: Containers
    ) -> None:
        """Where the answer of prepare was lost, the name does for everything."""
        container = await containers.ready(containers.programs.ends_when_asked(7))
        known = Container(name=container.name)
        said = await containers.output(known)
        expect(said.startswith(b"ready"), f"its output by name is {said[:100]!r}")
        await containers.stop(known, timedelta(seconds=20))
        status = await containers.inspect(container)
        expect(status.phase == "exited", f"stopped by name, it is {status}")

    @promised(
        by=Runner,
        that="before every call, a mismatch is unknown",
        do=COMPARE,
    )
    async def test_another_machine_is_unknown(self, containers: Containers) -> None:
        """Nothing is asked of a machine that answers in the place of the right one."""
        container = await containers.prepared(containers.programs.says("wrong"))
        runner, elsewhere = containers.runner, containers.elsewhere
        for look in (runner.inspect, runner.withdraw):
            status = await containers.ask(look(elsewhere, container))
            expect(status.phase == "unknown", f"of another machine it said {status}")
        order = containers.order(containers.programs.ends_with(0))
        await _refuses("prepare", containers.ask(runner.prepare(elsewhere, order)))
        await _refuses("start", containers.ask(runner.start(elsewhere, container)))
        stopping = runner.stop(elsewhere, container, timedelta(0))
        await _refuses("stop", containers.ask(stopping))
        await _refuses("remove", containers.ask(runner.remove(elsewhere, container)))
        output = items(runner.logs(elsewhere, container), within=containers.answers_within)
        await _refuses("logs", output)
        status = await containers.inspect(container)
        expect(status.phase == "created", f"calls for another machine left it as {status}")


async def _refuses(name: str, call: Coroutine[Any, Any, object]) -> None:
    try:
        await call
    except OperationFailed:
        return
    raise Broken(f"{name} did it on another machine")


__all__ = ["COMPARE", "RunnerInspect"]
