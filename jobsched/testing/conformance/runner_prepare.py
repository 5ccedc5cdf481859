"""Preparing a container: once for a name, again, by others, cut short, with secrets."""

from __future__ import annotations

import asyncio
import secrets
from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import Runner
from jobsched.domain.job import Container
from jobsched.testing.conformance import stored
from jobsched.testing.conformance.answer import cancelled
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

BY_NAME = (
    "Create the container under the order's name, and adopt the one that has it already; let the "
    "engine decide who is first."
)


class RunnerPrepare:
    """`prepare`."""

    @promised(
        by=Runner.prepare,
        that="create the container; do not start it",
        do="Leave the start to start().",
    )
    async def test_a_prepared_container_is_not_started(self, containers: Containers) -> None:
        """After prepare there is a container of the name, and it stays `created`."""
        order = containers.order(containers.programs.says("too early"))
        container = await containers.prepare(order)
        expect(container.name == order.name, f"its name is {container.name}, not {order.name}")
        for _ in range(3):
            status = await containers.inspect(container)
            expect(status.phase == "created", f"inspect gave {status}")

    @promised(
        by=Runner.prepare,
        that="the same order.name gives the same container",
        do=BY_NAME,
    )
    async def test_the_same_name_gives_the_same_container(self, containers: Containers) -> None:
        """An order that is repeated, also by another worker, gets the container of the first."""
        order = containers.order(containers.programs.ends_with(0))
        first = await containers.prepare(order)
        for runner in (containers.runner, containers.another):
            _same(first, await containers.prepare(order, by=runner))

    @promised(
        by=Runner,
        that="may be called by several workers at the same time",
        do=BY_NAME,
    )
    async def test_two_at_once_get_one_container(self, containers: Containers) -> None:
        """Two workers that prepare one order at the same time get the same container."""
        order = containers.order(containers.programs.ends_with(0))
        first, second = await asyncio.gather(
            containers.prepare(order), containers.prepare(order, by=containers.another)
        )
        _same(first, second)

    @promised(by=Runner.prepare, that="Repeated after a crash or time-out", do=BY_NAME)
    async def test_a_preparation_that_was_cut_short_is_repeated(
        self, containers: Containers
    ) -> None:
        """Cancelled at its begin and in its middle, and repeated: there is one container."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        await containers.prepared(containers.programs.ends_with(0))
        middle = timedelta(seconds=(loop.time() - begun) / 2)
        for after in (timedelta(0), middle):
            order = containers.order(containers.programs.ends_with(0))
            preparing = containers.runner.prepare(containers.instance, order)
            lost = await cancelled(preparing, after=after)
            known = await containers.prepare(order, by=containers.another)
            if lost:
                _same(lost, known)
            status = await containers.inspect(known)
            expect(status.phase == "created", f"inspect gave {status}")

    @promised(
        by=ContainerOrder,
        that="the container's name, and the idempotency key of prepare",
        do="Never give the container of one name to another.",
    )
    async def test_two_names_have_two_containers(self, containers: Containers) -> None:
        """Another name is another container."""
        first = await containers.prepared(containers.programs.ends_with(0))
        second = await containers.prepared(containers.programs.ends_with(0))
        expect(first.id != second.id, f"both have the id {first.id}")

    @promised(by=Runner, that="small JSON that comes back as it was", do=stored.DO)
    async def test_a_container_comes_back_from_the_store(self, containers: Containers) -> None:
        """What a runner keeps of a container is the same after a restart."""
        stored.container(await containers.prepared(containers.programs.ends_with(0)))

    @promised(
        by=Runner.prepare,
        that="No secret may be in the answer's state, nor in a repr or status",
        do="Hand the environment to the engine, and keep nothing of it.",
    )
    async def test_secrets_are_shown_nowhere(self, containers: Containers) -> None:
        """The environment is in the container, and nowhere where it could be read."""
        secret = secrets.token_hex(16)
        order = containers.order(containers.programs.says("x"), f"PASSWORD={secret}")
        container = await containers.prepare(order)
        await containers.start(container)
        status = await containers.ended(container)
        shown = {
            "repr(runner)": containers.runner,
            "the answer of prepare": container,
            "the answer of inspect": status,
            "the status": containers.runner.status(container),
        }
        for where, what in shown.items():
            for hidden in (secret, *containers.secrets):
                # Not told which: a report is shown, too.
                expect(hidden not in repr(what), f"{where} holds a secret")


def _same(first: Container, again: Container) -> None:
    expect(first.id == again.id, f"first the id is {first.id}, then {again.id}")


__all__ = ["BY_NAME", "RunnerPrepare"]
