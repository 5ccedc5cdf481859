"""Containers that want more memory than they may have."""

from __future__ import annotations

from datetime import timedelta

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus
from jobsched.testing.conformance.breach import Broken, expect
from jobsched.testing.conformance.containers import Containers
from jobsched.testing.conformance.program import TAKEN_MIB
from jobsched.testing.conformance.promise import promised

#: what a container may have that takes `TAKEN_MIB`
ALLOWED_MIB = TAKEN_MIB // 4
#: containers until one's cause is told: an engine may miss one in ten (docs/explanation/decisions)
TRIES = 5


class RunnerMemory:
    """`oom`; where `limits_memory` is False it never is."""

    @promised(
        by=ContainerOrder,
        that="limits of the container",
        do="Give order.resources['memory_mib'] to the engine, or set limits_memory = False in the "
        "test; ContainerStatus(phase='exited', oom=True) tells of the end.",
    )
    async def test_too_much_memory_ends_a_container(self, containers: Containers) -> None:
        """Its cause is told; a container without a limit gets what it wants."""
        wanted = f"a program that takes {TAKEN_MIB} MiB and may have {ALLOWED_MIB}"
        for _ in range(TRIES):
            status = await self._ended(containers)
            seen = f"{wanted} is {status}; limits_memory is {containers.limits_memory}"
            expect(status.phase == "exited", seen)
            expect((status.code == 0) is not containers.limits_memory, seen)
            if status.oom is containers.limits_memory:
                return
        raise Broken(f"{seen}, {TRIES} times in a row")

    async def _ended(self, containers: Containers) -> ContainerStatus:
        program = containers.programs.takes_memory()
        order = containers.order(program, resources={"memory_mib": ALLOWED_MIB})
        container = await containers.prepare(order)
        await containers.start(container)
        return await containers.ended(container)

    @promised(
        by=ContainerStatus,
        that="False where it was killed for another cause",
        do="Ask the engine for the cause: the code of a kill (137) alone does not tell it.",
    )
    async def test_a_killed_container_did_not_want_memory(self, containers: Containers) -> None:
        """Neither did one that failed by itself."""
        killed = await containers.ready(containers.programs.never_ends())
        await containers.stop(killed, timedelta(0))
        failed = await containers.started(containers.programs.ends_with(1))
        for container in (killed, failed):
            status = await containers.ended(container)
            expect(not status.oom, f"nobody wanted memory, and inspect gave {status}")


__all__ = ["RunnerMemory"]
