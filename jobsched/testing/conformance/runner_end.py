"""Stopping and removing: politely, by force, again, and what is gone already."""

from __future__ import annotations

from datetime import timedelta

from jobsched.contracts.runner import Runner
from jobsched.domain.job import Container
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised

GONE = "Take 'no such container' of the engine for success."
#: more than a polite program needs, also on a busy machine
PATIENT = timedelta(seconds=20)
SHORT = timedelta(seconds=1)


class RunnerEnd:
    """`stop` and `remove`."""

    @promised(
        by=Runner.stop,
        that="Ask the container to end (SIGTERM)",
        do="Send SIGTERM to the container's process first, and return once it has ended.",
    )
    async def test_a_program_may_end_politely(self, containers: Containers) -> None:
        """A program that handles SIGTERM ends with its own code."""
        container = await containers.ready(containers.programs.ends_when_asked(7))
        await containers.stop(container, PATIENT)
        status = await containers.inspect(container)
        is_so = status.phase == "exited" and status.code == 7  # noqa: PLR2004 - the code above
        expect(is_so, f"a program that ends with 7 on SIGTERM is {status}")

    @promised(
        by=Runner.stop,
        that="and end it after grace (SIGKILL)",
        do="Send SIGKILL when the grace is over.",
    )
    async def test_a_stubborn_program_is_killed(self, containers: Containers) -> None:
        """A program that does not listen has ended when stop returns, and not with success."""
        container = await containers.ready(containers.programs.never_ends())
        await containers.stop(container, SHORT)
        status = await containers.inspect(container)
        expect(status.phase == "exited" and status.code, f"a killed program is {status}")

    @promised(
        by=Runner.stop,
        that="a container that has ended or is gone is success",
        do=GONE,
    )
    async def test_what_has_ended_may_be_stopped(self, containers: Containers) -> None:
        """Stopped again, after its end and after its removal, a container keeps its code."""
        container = await containers.started(containers.programs.ends_with(3))
        before = await containers.ended(container)
        for _ in range(2):
            await containers.stop(container, SHORT)
        after = await containers.inspect(container)
        is_same = (after.phase, after.code) == (before.phase, before.code)
        expect(is_same, f"stop made of {before} {after}")
        await containers.remove(container)
        await containers.stop(container, SHORT)

    @promised(
        by=Runner.remove,
        that="Remove the container and all that belongs to it, running or not",
        do="Kill what runs, then remove it.",
    )
    async def test_it_is_removed_in_every_phase(self, containers: Containers) -> None:
        """Created, running or ended, it is gone afterwards."""
        programs = containers.programs
        created = await containers.prepared(programs.ends_with(0))
        running = await containers.ready(programs.ends_when_asked(0))
        ended = await containers.started(programs.ends_with(0))
        await containers.ended(ended)
        for container in (created, running, ended):
            before = await containers.inspect(container)
            await containers.remove(container)
            after = await containers.inspect(container)
            expect(after.phase == "gone", f"it was {before.phase}, and is {after} after remove")

    @promised(
        by=Runner.remove,
        that="gone already is success",
        do=GONE,
    )
    async def test_what_is_gone_may_be_removed(self, containers: Containers) -> None:
        """Removed again, or never there, it is success."""
        order = containers.order(containers.programs.ends_with(0))
        container = await containers.prepare(order)
        for _ in range(2):
            await containers.remove(container)
        await containers.remove(Container(name=order.name))

    @promised(
        by=Runner.remove,
        that="it goes by name, and removes the withdrawn one too",
        do="Look for both names of the container where its id is empty.",
    )
    async def test_it_is_removed_by_its_name(self, containers: Containers) -> None:
        """Where the answer of prepare was lost, name and withdrawn name are tried."""
        plain = await containers.prepared(containers.programs.ends_with(0))
        withdrawn = await containers.prepared(containers.programs.ends_with(0))
        await containers.withdraw(withdrawn)
        for container in (plain, withdrawn):
            await containers.remove(Container(name=container.name))
            status = await containers.inspect(container)
            expect(status.phase == "gone", f"it is {status} after remove by name")


__all__ = ["GONE", "RunnerEnd"]
