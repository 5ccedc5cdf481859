"""Imagined parts that fit an author's own: a runner for a provider, a provider for a runner."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping
from typing import Any, ClassVar

from jobsched.contracts.order import ContainerOrder
from jobsched.contracts.provider import InstanceStatus, Provider
from jobsched.contracts.runner import ContainerStatus, Runner
from jobsched.domain.job import Access, Container, Instance
from jobsched.testing.fakes import FakeMachine, FakeProvider, FakeRunner, FakeWorld


class NoAccess(AssertionError):
    """A provider handed a machine out, and did not say how a runner reaches it."""


def runner_for(provider: Provider, world: FakeWorld) -> FakeRunner:
    """Make an imagined runner that can use the provider's machines."""

    class FittingRunner(FakeRunner):
        access: ClassVar[frozenset[str]] = provider.access

        async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
            """Create the container, where the machine says how it is reached."""
            if instance.access is None or instance.access.kind not in self.access:
                kinds = ", ".join(sorted(self.access))
                raise NoAccess(
                    f"{provider.name} handed out {instance.id!r} with access {instance.access}: "
                    f"set InstanceStatus.access to one of its own kinds ({kinds})"
                )
            return await super().prepare(instance, order)

    return FittingRunner(world)


def provider_for(runner: Runner, world: FakeWorld, access: Access | None = None) -> FakeProvider:
    """Make an imagined provider whose machines are reached in a way that the runner knows.

    Args:
        runner: whose machines they shall be.
        world: where the machines are.
        access: how each machine is reached; None: by the first kind that the runner names.
    """
    way = access or Access(kind=min(runner.access))

    class FittingProvider(FakeProvider):
        access: ClassVar[frozenset[str]] = frozenset({way.kind})

        def access_to(self, machine: FakeMachine) -> Access:
            """Say how a runner reaches the machine."""
            del machine
            return way

    return FittingProvider(world)


class Booked:
    """Stands before an author's provider, and writes its machines into the imagined world."""

    def __init__(self, provider: Provider, world: FakeWorld) -> None:
        self._provider = provider
        self._world = world

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._provider, name)
        if not asyncio.iscoroutinefunction(found):
            return found

        async def called(*args: Any, **kwargs: Any) -> Any:
            answer = await found(*args, **kwargs)
            many = list(answer.values()) if isinstance(answer, Mapping) else [answer]
            for one in many:
                if isinstance(one, InstanceStatus):
                    self._note(one, is_new=name == "provision")
            return answer

        return called

    def _note(self, status: InstanceStatus, *, is_new: bool) -> None:
        if status.instance is None:
            return
        name, machines = status.instance.id, self._world.machines
        known = machines.get(name)
        # a host of a fixed pool is handed out again under the same id
        is_fresh = known is None or (is_new and known.phase == "gone")
        if status.phase in {"pending", "running"} and is_fresh:
            machines[name] = FakeMachine(token=name, id=name, ready_at=0)
        elif status.phase == "gone" and known is not None:
            self._world.end(known)


class Counted:
    """Stands before a runner, and counts the starts that took effect."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        #: container name → how often it was started
        self.starts: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._runner, name)

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it; a start that raises may have taken effect, which an inspect shows."""
        await self._runner.start(instance, container)
        self.starts[container.name] += 1

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look at it; what runs was started."""
        status = await self._runner.inspect(instance, container)
        if getattr(status, "phase", "") in {"running", "exited"}:
            self.starts[container.name] = max(1, self.starts[container.name])
        return status


__all__ = ["Booked", "Counted", "NoAccess", "provider_for", "runner_for"]
