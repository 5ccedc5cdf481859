"""Starting a container, and how it ends by itself."""

from __future__ import annotations

import secrets

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus, Runner
from jobsched.errors import OperationFailed
from jobsched.testing.conformance.breach import expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.promise import promised


class RunnerStart:
    """`start`, and what `inspect` says then."""

    @promised(
        by=Runner.start,
        that="Returning means started",
        do="Return once the engine has confirmed the start; raise OperationFailed else.",
    )
    async def test_a_container_runs_when_start_returns(self, containers: Containers) -> None:
        """After start the container runs."""
        container = await containers.started(containers.programs.ends_when_asked(0))
        status = await containers.inspect(container, by=containers.another)
        expect(status.phase == "running", f"inspect gave {status}")

    @promised(
        by=Runner.inspect,
        that="Say how the container stands",
        do="Give ContainerStatus(phase='exited', code=…) with the code of the container's process.",
    )
    async def test_the_exit_code_is_read(self, containers: Containers) -> None:
        """A container that has ended says with which code: 0 and others."""
        for code in (0, 3):
            container = await containers.started(containers.programs.ends_with(code))
            status = await containers.ended(container)
            is_so = status.phase == "exited" and status.code == code
            expect(is_so, f"a program that ends with {code} is {status}")

    @promised(
        by=ContainerStatus,
        that="the engine's clock",
        do="Give aware datetimes from the engine, and None where it tells none.",
    )
    async def test_times_are_aware_and_in_order(self, containers: Containers) -> None:
        """Start and end are times with a zone, one after the other."""
        container = await containers.started(containers.programs.ends_with(0))
        status = await containers.ended(container)
        times = [time for time in (status.started_at, status.finished_at) if time is not None]
        expect(all(time.tzinfo for time in times), f"a time has no zone: {status}")
        expect(times == sorted(times), f"it ended before it began: {status}")

    @promised(
        by=ContainerOrder,
        that="KEY=value entries, secrets among them",
        do="Give each entry of order.environment to the container as it is.",
    )
    async def test_the_environment_reaches_the_container(self, containers: Containers) -> None:
        """The program sees the value, with all that is in it."""
        value = f"{secrets.token_hex(8)} = 'x'"
        say = containers.programs.says_variable("GREETING")
        container = await containers.started(say, f"GREETING={value}")
        await containers.ended(container)
        said = await containers.output(container)
        # Not shown: what an author passes may be secret.
        expect(said == value.encode(), "the program saw another value of its variable")

    @promised(
        by=Runner.start,
        that="anything raised puts the start in doubt, which the core resolves by inspect",
        do="Tell a command that cannot be started as phase start_failed, with a message.",
    )
    async def test_a_missing_program_is_start_failed(self, containers: Containers) -> None:
        """A command that does not exist is told by the next inspect, whatever start says."""
        container = await containers.prepared(containers.programs.does_not_exist())
        try:
            await containers.start(container)
        except OperationFailed as error:
            expect(error.effect == "unknown", f"start raised it with effect={error.effect!r}")
        status = await containers.ended(container)
        expect(status.phase == "start_failed", f"inspect gave {status}")


__all__ = ["RunnerStart"]
