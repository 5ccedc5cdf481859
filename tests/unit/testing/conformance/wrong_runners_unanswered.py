"""Runners that break one rule each, where an image or a machine cannot be had."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning
from jobsched.domain.job import Access, Container, Instance
from jobsched.errors import RunnerFailed, Then
from jobsched.testing.fakes import FakeRunner
from tests.unit.testing.conformance.judged_runner import suites


class HasImages(FakeRunner):
    """Right: what it says of an image that it cannot have."""

    has_images: ClassVar[bool] = True
    #: image → reason, what follows
    refusals: ClassVar[dict[str, tuple[str, Then]]] = {
        "missing": ("image_not_found", "fail"),
        "private": ("credentials", "fail"),
        "out of reach": ("pull_failed", "later"),
    }

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Refuse what cannot be had."""
        if order.image in self.refusals:
            reason, then = self.refusals[order.image]
            raise RunnerFailed(reason, self.words(order), then=then)
        return await super().prepare(instance, order)

    def words(self, order: ContainerOrder) -> str:
        """Say which image."""
        return f"{order.image} cannot be had"


class HopesForTheMissing(HasImages):
    """What is not there may be there tomorrow, it thinks."""

    refusals: ClassVar = {**HasImages.refusals, "missing": ("image_not_found", "later")}


class CallsThePrivateMissing(HasImages):
    """What it may not see is not there, it thinks."""

    refusals: ClassVar = {**HasImages.refusals, "private": ("image_not_found", "fail")}


class GivesUpOnSilence(HasImages):
    """A registry that is down ends the attempt."""

    refusals: ClassVar = {**HasImages.refusals, "out of reach": ("pull_failed", "fail")}


class TellsThePassword(HasImages):
    """Its words are those of the request."""

    def words(self, order: ContainerOrder) -> str:
        """Tell with which password."""
        return f"{order.image}: {order.credential and order.credential.password}"


class RefusesNames(HasImages):
    """It runs no images, and yet looks at their names."""

    has_images: ClassVar[bool] = False


class CallsTheSilentGone(FakeRunner):
    """What it cannot see is gone."""

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look, or guess."""
        status = await super().inspect(instance, container)
        return replace(status, phase="gone") if status.message == "no answer" else status


class WithdrawsUnheard(FakeRunner):
    """It believes that what it cannot see will never start."""

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Withdraw it, or guess."""
        status = await super().withdraw(instance, container)
        return replace(status, phase="created") if status.message == "no answer" else status


class StartsUnheard(FakeRunner):
    """It sends a start, and waits for no answer."""

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it, or hope so."""
        with _unheard():
            await super().start(instance, container)


class PreparesUnheard(FakeRunner):
    """It sends an order, and waits for no answer."""

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Create it, or hope so."""
        container = Container(name=order.name)
        with _unheard():
            container = await super().prepare(instance, order)
        return replace(container)


class StopsUnheard(FakeRunner):
    """It sends a stop, and waits for no answer."""

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Stop it, or hope so."""
        with _unheard():
            await super().stop(instance, container, grace)


class WarnsUnheard(FakeRunner):
    """It puts a file, and waits for no answer."""

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Tell it, or hope so."""
        with _unheard():
            await super().warn(instance, container, warning)


class RemovesUnheard(FakeRunner):
    """What is not there need not be removed, it thinks."""

    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove it, or hope so."""
        with _unheard():
            await super().remove(instance, container)


class ReadsUnheard(FakeRunner):
    """No answer is no output."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Read what comes."""
        with _unheard():
            async for chunk in super().logs(instance, container, since=since, follow=follow):
                yield chunk


class ListensUnheard(FakeRunner):
    """A stream that breaks is one that ends."""

    async def _names(self, access: Access) -> AsyncIterator[str]:
        with _unheard():
            async for name in super()._names(access):
                yield name


@contextmanager
def _unheard() -> Iterator[None]:
    """Take no answer for a good one."""
    try:
        yield
    except RunnerFailed as error:
        if error.reason != "machine_unreachable":
            raise


globals().update(suites([*FakeRunner.__subclasses__(), *HasImages.__subclasses__()]))
