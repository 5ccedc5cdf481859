"""Runners that break one rule each, as an author's test module would hold them to the kit."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.runner import (
    INTERRUPTION_FILE,
    ContainerStatus,
    LogChunk,
    MachineWarning,
)
from jobsched.domain.job import Access, Container, Instance, Json
from jobsched.testing.fakes import FakeContainer, FakeRunner
from tests.unit.testing.conformance.judged_runner import suites

#: the code of a process that was killed
KILLED = 137


class Right(FakeRunner):
    """It breaks none."""


class MakesTwo(FakeRunner):
    """An order that is repeated gets another container."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Put a new one in the place of the old."""
        program = self.world.imagine(order) if self.world.imagine else None
        machine, name = self._machine(instance), order.name
        made = FakeContainer(
            name=name, id=f"{name}/{uuid4().hex}", program=program, machine=machine
        )
        machine.containers[name] = made
        return Container(name=order.name, id=made.id)


class StartsLate(FakeRunner):
    """A start that was withdrawn takes effect."""

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it by its id, as it were."""
        machine = self._machine(instance)
        withdrawn = machine.containers.pop(f"{container.name}-withdrawn", None)
        if withdrawn is not None:
            machine.containers[container.name] = withdrawn
        await super().start(instance, container)


class MakesAnew(FakeRunner):
    """A name that was withdrawn is free for it."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Forget what was withdrawn."""
        self._machine(instance).containers.pop(f"{order.name}-withdrawn", None)
        return await super().prepare(instance, order)


class StartsAtOnce(FakeRunner):
    """What is prepared runs already."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Create it and start it."""
        container = await super().prepare(instance, order)
        if (await self.inspect(instance, container)).phase == "created":
            await super().start(instance, container)
        return container

    async def start(self, instance: Instance, container: Container) -> None:
        """Have started it."""


class CountsFromSince(FakeRunner):
    """Its offsets begin with 0, wherever one reads."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Count what is read."""
        async for chunk in super().logs(instance, container, since=since, follow=follow):
            yield replace(chunk, offset=chunk.offset - since)


class ReadsAllAtOnce(FakeRunner):
    """Its chunks are as large as the output."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Join them."""
        stream = super().logs(instance, container, since=since, follow=follow)
        yield LogChunk(offset=since, data=b"".join([chunk.data async for chunk in stream]))


class ForgetsTheCode(FakeRunner):
    """All that ends is a success to it."""

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Say 0."""
        status = await super().inspect(instance, container)
        was_asked = status.code in {7, 137}
        return status if was_asked or status.code is None else replace(status, code=0)


class KillsAtOnce(FakeRunner):
    """It asks nobody."""

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Send SIGKILL."""
        one = self._container(self._machine(instance), container)
        if one is not None and one.phase == "running":
            one.phase, one.code, one.finished_at = "exited", 137, self.world.clock.now()


class OnlyAsks(FakeRunner):
    """It kills nobody."""

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Send SIGTERM."""
        one = self._container(self._machine(instance), container)
        if one is not None and self.world.program(one).asked is not None:
            await super().stop(instance, container, grace)


class RaisesWhenGone(FakeRunner):
    """It cannot remove what is gone."""

    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove it, once."""
        if container.id and (await self.inspect(instance, container)).phase == "gone":
            raise LookupError(container.name)
        await super().remove(instance, container)


class AsksAnybody(FakeRunner):
    """It does not look who answers."""

    def _check(self, instance: Instance) -> None:
        """Look at nothing."""


class TellsTheEnvironment(FakeRunner):
    """The environment is in its state."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Keep it."""
        container = await super().prepare(instance, order)
        return replace(container, state={"environment": list(order.environment)})


class KeepsASet(FakeRunner):
    """Its state cannot be read again as it was."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Keep a set."""
        container = await super().prepare(instance, order)
        return replace(container, state={"tags": {"a"}})


class DropsTheEnvironment(FakeRunner):
    """The program sees none of its variables."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Leave the values out."""
        names = (entry.partition("=")[0] for entry in order.environment)
        order = replace(order, environment=tuple(f"{name}=" for name in names))
        return await super().prepare(instance, order)


class ChangesItsKeys(FakeRunner):
    """Its status has no keys before there is a container."""

    def status(self, container: Container | None) -> Json:
        """Give the id, if any."""
        return {"container_id": container.id} if container else {}


class NotesTheTime(FakeRunner):
    """Its script holds the time."""

    def boot_script(self, order: MachineOrder) -> str:
        """Write down when."""
        return f"# {time.time_ns()}"


class BlocksTheLoop(FakeRunner):
    """It waits on the event loop."""

    has_slept = False

    def status(self, container: Container | None) -> Json:
        """Sleep as a thread would."""
        if not self.has_slept:
            self.has_slept = True
            time.sleep(1.2)
        return super().status(container)


class SwallowsItsCancellation(FakeRunner):
    """It goes on when it is told to end."""

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Stop it, whatever happens."""
        try:
            for _ in range(50):
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            await asyncio.sleep(3600)
        await super().stop(instance, container, grace)


class SaysNothingOfTheMissing(FakeRunner):
    """A program that is not there is a program that ended."""

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Call it ended."""
        status = await super().inspect(instance, container)
        return replace(status, phase="exited") if status.phase == "start_failed" else status


class HearsOnlyNews(FakeRunner):
    """It does not name what has ended already."""

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Forget what was."""
        return self._news(access)

    async def _news(self, access: Access) -> AsyncIterator[str]:
        before = self.world.over(access.host_id)
        async for name in super()._names(access):
            if name not in before:
                yield name


class HangsOnStrangers(FakeRunner):
    """It waits for ever for the output of a container that never was."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Wait for the container."""
        while self._container(self._machine(instance), container) is None:
            await asyncio.sleep(3600)
        async for chunk in super().logs(instance, container, since=since, follow=follow):
            yield chunk


class IgnoresThePin(FakeRunner):
    """It resolves the name of an image anew each time."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Get whatever the name means today."""
        container = await super().prepare(instance, order)
        return replace(container, image=f"{order.image}@{uuid4().hex}")


class NeedsACommand(FakeRunner):
    """It looks for the program in every command."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Note the program."""
        container = await super().prepare(instance, order)
        return replace(container, state={"program": order.command[0]})


class NeedsTheId(FakeRunner):
    """It cannot stop a container of which it has the name alone."""

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Look for the id."""
        if container.id:
            await super().stop(instance, container, grace)


class KeepsALot(FakeRunner):
    """Its state holds all that it knows of the image."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Keep the image's history."""
        container = await super().prepare(instance, order)
        return replace(container, state={"history": ["a line of it"] * 5000})


class NeedsItsState(FakeRunner):
    """It cannot read what an older version of it kept."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Keep what is new."""
        container = await super().prepare(instance, order)
        return replace(container, state={"engine": "e"})

    def status(self, container: Container | None) -> Json:
        """Show what is new."""
        engine = container.state["engine"] if container else None
        return {**super().status(container), "engine": engine}


class ForgetsTheMemory(FakeRunner):
    """It does not say why a container was ended."""

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Give the code alone."""
        return replace(await super().inspect(instance, container), oom=False)


class BlamesTheMemory(FakeRunner):
    """Each kill is for want of memory to it."""

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Go by the code."""
        status = await super().inspect(instance, container)
        return replace(status, oom=status.code == KILLED)


class WarnsNobody(FakeRunner):
    """It says that it did."""

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Look at the machine, and leave the file alone."""
        self._machine(instance)


class KeepsTheFirstWarning(FakeRunner):
    """A file that is there is not written again."""

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Write it, unless it is there."""
        one = self._container(self._machine(instance), container)
        if one is None or one.warning is None:
            await super().warn(instance, container, warning)


class WarnsInItsOwnWords(FakeRunner):
    """The document is not what was given."""

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Leave the deadline out."""
        await super().warn(instance, container, replace(warning, deadline=None))


class OverwritesItsVariable(FakeRunner):
    """Its own path wins."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Put it last."""
        theirs = f"{INTERRUPTION_FILE}=/run/theirs"
        order = replace(order, environment=(*order.environment, theirs))
        return await super().prepare(instance, order)


class WarnsOnlyTheLiving(FakeRunner):
    """It complains where nobody is left."""

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Look for the container."""
        if self._container(self._machine(instance), container) is None:
            raise LookupError(container.name)
        await super().warn(instance, container, warning)


globals().update(suites(FakeRunner.__subclasses__()))
