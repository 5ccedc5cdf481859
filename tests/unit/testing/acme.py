"""Parts as an author outside writes them: a cloud whose client blocks, and what goes with it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from marshmallow import Schema, fields

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.planner import History, Planner
from jobsched.contracts.provider import InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, Runner
from jobsched.contracts.services import Clock, Services
from jobsched.domain.facts import Noted
from jobsched.domain.job import Access, Container, Instance, Job, Json, Offer, Plan

BOOT = timedelta(seconds=90)


@dataclass(slots=True)
class AcmeCloud:
    """The cloud, with a client that blocks: token → when it was asked for, None when it is off."""

    servers: dict[str, datetime | None] = field(default_factory=dict)

    def launch(self, token: str, now: datetime) -> None:
        """Make a server, once for a token."""
        self.servers.setdefault(token, now)

    def stop(self, token: str) -> None:
        """Switch a server off."""
        self.servers[token] = None


class AcmeProvider(Provider):
    """Machines of Acme, that are ready after 90 seconds."""

    name: ClassVar[str] = "acme"
    status_section: ClassVar[str] = "acme"
    access: ClassVar[frozenset[str]] = frozenset({"acme_ssh"})

    def __init__(self, services: Services, cloud: AcmeCloud | None = None) -> None:
        self.cloud = cloud or AcmeCloud()
        self.lead = timedelta(minutes=2)
        self._clock = services.clock
        self._threads = services.spawn.pool("acme", 2)

    def status(self, instance: Instance | None) -> Json:
        """Give the server's id."""
        return {"server": instance.id if instance else None}

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Give the one offer there is."""
        return [Offer(label="acme small")]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down whose it is."""
        return json.dumps({"token": order.token})

    async def provision(self, request: str) -> InstanceStatus:
        """Ask for the server."""
        token = json.loads(request)["token"]
        await self._threads.run(self.cloud.launch, token, self._clock.now())
        return self._status(token)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look it up."""
        return self._status(token) if token in self.cloud.servers else None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe every server that ever was."""
        return {token: self._status(token) for token in self.cloud.servers}

    async def owned(self) -> Sequence[OwnedMachine]:
        """List the servers that are on; they have no marks but their token."""
        on = [token for token, asked_at in self.cloud.servers.items() if asked_at]
        return [
            OwnedMachine(instance=Instance(id=token), phase="running", token=token) for token in on
        ]

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Switch it off."""
        await self._threads.run(self.cloud.stop, instance.id)
        return self._status(instance.id)

    def _status(self, token: str) -> InstanceStatus:
        asked_at = self.cloud.servers[token]
        if asked_at is None:
            return InstanceStatus(phase="gone", instance=Instance(id=token))
        is_up = self._clock.now() >= asked_at + BOOT
        access = Access(kind="acme_ssh", address="192.0.2.1") if is_up else None
        return InstanceStatus(
            phase="running", ready=is_up, access=access, instance=Instance(id=token)
        )


class AcmeRunner(Runner):
    """Containers that run for a minute, as the clock says."""

    name: ClassVar[str] = "acme_runner"
    status_section: ClassVar[str] = "acme_runner"
    access: ClassVar[frozenset[str]] = frozenset({"acme_ssh"})

    def __init__(self, clock: Clock) -> None:
        self.started_at: dict[str, datetime] = {}
        self._clock = clock

    def boot_script(self, order: MachineOrder) -> str:
        """Need nothing."""
        return ""

    def status(self, container: Container | None) -> Json:
        """Add nothing."""
        return {}

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Name it."""
        assert instance.access is not None
        self.kind, self.address = instance.access.kind, instance.access.address
        return Container(name=order.name, id=order.name, image=order.image)

    async def start(self, instance: Instance, container: Container) -> None:
        """Note when."""
        self.started_at[container.name] = self._clock.now()

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Compare with the clock."""
        at = self.started_at.get(container.name)
        if at is None:
            return ContainerStatus(phase="created")
        end = at + timedelta(minutes=1)
        if self._clock.now() < end:
            return ContainerStatus(phase="running", started_at=at)
        return ContainerStatus(phase="exited", code=0, started_at=at, finished_at=end)

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look again."""
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Let it run."""

    async def remove(self, instance: Instance, container: Container) -> None:
        """Keep it."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Say a word."""
        yield LogChunk(offset=since, data=b"acme"[since:])


class AnHourLater(Planner):
    """Starts everything an hour after its schedule."""

    name: ClassVar[str] = "an_hour_later"

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan it."""
        start_at = job.spec.schedule + timedelta(hours=1)
        return Plan(provision_at=start_at, start_at=start_at, why="an hour later")


class DiskPayload(Schema):
    """How full a disk is."""

    percent = fields.Integer(required=True)


class DiskUsage(CallbackAction):
    """A machine tells how full its disk is."""

    name: ClassVar[str] = "disk_usage"
    payload_schema: ClassVar[type[Schema]] = DiskPayload

    def to_fact(
        self, job: Job, launch: int, instance_id: str, payload: dict[str, Any], now: datetime
    ) -> Noted:
        """Note it."""
        return Noted(at=now, source="disk_usage", data={"percent": payload["percent"]})
