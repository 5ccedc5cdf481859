"""A provider and a runner that do nothing, at once: what is left is jobsched's own cost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import timedelta
from typing import ClassVar

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.provider import InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, Runner
from jobsched.domain.job import Access, Container, Instance, Json, Offer

KIND = "nowhere"
#: told of a call with the id of its job: ``offers``, ``provision``, ``prepare``, ``start``,
#: ``inspect``, ``gone``
Heard = Callable[[str, str], None]


class NoopProvider(Provider):
    """Machines that are there at once, because there are none.

    Args:
        heard: told of each ``offers``, ``provision`` and termination (``gone``).
        pause: how long the provider takes to say its offers; nothing unless set.
        ready: whether machines are ready at once; else they say so by a callback.
        lead: how long before its start a job asks for its machine.
    """

    name: ClassVar[str] = "noop"
    status_section: ClassVar[str] = "noop"
    access: ClassVar[frozenset[str]] = frozenset({KIND})
    destroys_machine: ClassVar[bool] = True

    def __init__(
        self,
        heard: Heard,
        *,
        pause: timedelta = timedelta(0),
        ready: bool = True,
        lead: timedelta = timedelta(0),
    ) -> None:
        self.lead = lead
        self._heard = heard
        self._pause = pause.total_seconds()
        self._ready = ready

    def status(self, instance: Instance | None) -> Json:
        """Give the machine's id."""
        return {"instance_id": instance.id if instance else None}

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Give the one offer."""
        self._heard("offers", order.job)
        if self._pause:
            await asyncio.sleep(self._pause)
        return [Offer(label="nothing")]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Give what tells launches apart."""
        del offer
        return order.job

    async def provision(self, request: str) -> InstanceStatus:
        """Name a machine."""
        self._heard("provision", request)
        return InstanceStatus(phase="running", ready=self._ready, instance=_machine(request))

    async def find(self, token: str) -> InstanceStatus | None:
        """Find nothing: no launch is ever in doubt."""
        del token
        return None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe nothing: no benchmark sweeps."""
        del known
        return {}

    async def owned(self) -> Sequence[OwnedMachine]:
        """List nothing: no benchmark reaps."""
        return []

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Say that the machine is gone."""
        self._heard("gone", instance.id)
        return InstanceStatus(phase="gone", instance=instance)


class NoopRunner(Runner):
    """Containers that do nothing.

    Args:
        heard: told of each ``prepare``, ``start`` and ``inspect`` (of a started container).
        ends: whether a container has ended by the first look after its start; else it runs for
            ever.
    """

    name: ClassVar[str] = "noop"
    status_section: ClassVar[str] = "noop_container"
    access: ClassVar[frozenset[str]] = frozenset({KIND})

    def __init__(self, heard: Heard, *, ends: bool = True) -> None:
        self._heard = heard
        self._ends = ends
        self._started: set[str] = set()

    def boot_script(self, order: MachineOrder) -> str:
        """Need nothing."""
        del order
        return ""

    def status(self, container: Container | None) -> Json:
        """Give the container's name."""
        return {"container_id": container.id if container else None}

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Name a container."""
        self._heard("prepare", instance.id)
        return Container(name=order.name, id=order.name, image=order.image)

    async def start(self, instance: Instance, container: Container) -> None:
        """Remember the start."""
        self._started.add(container.name)
        self._heard("start", instance.id)

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Say how the container stands."""
        if container.name not in self._started:
            return ContainerStatus(phase="created")
        self._heard("inspect", instance.id)
        if not self._ends:
            return ContainerStatus(phase="running")
        return ContainerStatus(phase="exited", code=0)

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look again: no start is ever in doubt."""
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Do nothing."""

    async def remove(self, instance: Instance, container: Container) -> None:
        """Do nothing."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give no output."""
        del instance, container, since, follow
        nothing: tuple[LogChunk, ...] = ()
        for chunk in nothing:
            yield chunk


def _machine(job: str) -> Instance:
    # named after its job, so that a call that is heard tells which job it was for
    return Instance(id=job, access=Access(kind=KIND))


__all__ = ["KIND", "Heard", "NoopProvider", "NoopRunner"]
