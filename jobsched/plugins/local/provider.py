"""This machine as a provider: machines that cost nothing, are ready at once and never go away."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar, ParamSpec, TypeVar

from jobsched.contracts.order import MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.services import Services
from jobsched.domain.job import Access, Instance, Json, Offer
from jobsched.errors import ProviderFailed
from jobsched.plugins.local import host
from jobsched.plugins.local.leases import Found, Lease, Leases

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")

#: How long an engine's id is believed: it may be replaced by another one under the same address.
ENGINE_ID_SECONDS = 30.0


class LocalProvider(Provider):
    """Lends this machine to each launch, and keeps a small file for each in the data directory.

    The files make :meth:`find` and :meth:`describe_all` survive a restart. A token that was given
    back stays known for a day, so that a late repeat of its request gets no machine.
    """

    name: ClassVar[str] = "local"
    status_section: ClassVar[str] = "local"
    destroys_machine: ClassVar[bool] = False
    access: ClassVar[frozenset[str]] = frozenset({"this_host"})
    settles_within = timedelta(0)

    def __init__(
        self,
        services: Services,
        *,
        docker_host: str,
        alive: int | None = 16,
        lead: timedelta = timedelta(0),
    ) -> None:
        self.caps = Caps(alive=alive)
        # the image is pulled and the container created ahead, so that it starts at its time
        self.lead = lead
        self._docker_host = docker_host
        self._deployment = services.deployment
        self._data_dir = services.data_dir
        self._leases = Leases(services.data_dir / "local")
        self._clock = services.clock
        self._log = services.log
        self._files = services.spawn.pool("local-files", 2)
        # Apart from the files: an engine that hangs must not hold them up.
        self._engine = services.spawn.pool("local-engine", 1)
        self._engine_id: tuple[str, float] | None = None

    def status(self, instance: Instance | None) -> Json:
        """Give id, host and state; nulls before there is a machine."""
        if instance is None:
            return {"instance_id": None, "host_id": None, "ready": None, "state": None}
        host_id = instance.access.host_id if instance.access else instance.state.get("host_id")
        return {
            "instance_id": instance.id,
            "host_id": host_id,
            "ready": True,
            "state": "running",
        }

    async def host(self) -> str | None:
        """Give the id of this machine's data directory, which holds the launches' files."""
        return await self._files.run(host.machine_id, self._data_dir)

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Offer this machine."""
        del order
        return (Offer(label="this machine"),)

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Render the order; the same order gives the same bytes."""
        del offer
        return json.dumps(
            {
                "attempt": order.attempt,
                "deployment": order.deployment,
                "dies_at": order.dies_at.isoformat() if order.dies_at else None,
                "docker_url": self._docker_host,
                "job": order.job,
                "launch": order.launch,
                "token": order.token,
            },
            sort_keys=True,
        )

    async def provision(self, request: str) -> InstanceStatus:
        """Write the launch's file, unless there is one; ready at once."""
        frozen = json.loads(request)
        machine_id = await self._on_disk(host.machine_id, self._data_dir)
        lease = Lease(
            token=frozen["token"],
            host_id=await self._ask_engine(frozen["docker_url"]) or machine_id,
            machine_id=machine_id,
            docker_url=frozen["docker_url"],
            request=frozen,
        )
        state, kept = await self._on_disk(self._leases.create, lease)
        # A tombstone that cannot be read still says that the token is spent; only the id is needed.
        return self._describe(lease.token, state, kept or lease)

    async def find(self, token: str) -> InstanceStatus | None:
        """Read the launch's file."""
        found = await self._on_disk(self._leases.find, token)
        return None if found is None else self._describe(token, *found)

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Read the files of all launches of this deployment."""
        del known
        found = await self._on_disk(self._ours)
        return {token: self._describe(token, state, lease) for token, state, lease in found}

    async def owned(self) -> Sequence[OwnedMachine]:
        """Read the leases of this machine; of one that cannot be read only its token is known."""
        return await self._on_disk(self._held)

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Turn the launch's file into a tombstone; the machine itself goes on."""
        machine_id = await self._on_disk(host.machine_id, self._data_dir)
        there = instance.state.get("machine_id")
        if there != machine_id:
            # Its file is in another data directory: nothing here says that it is gone.
            self._log.warning(
                "local.wrong_host", instance=instance.id, here=machine_id, there=there
            )
            return InstanceStatus(phase="unknown", instance=instance)
        await self._on_disk(self._leases.end, instance.state["token"])
        return InstanceStatus(phase="gone", access=instance.access, instance=instance)

    def _ours(self) -> list[tuple[str, Found, Lease | None]]:
        """Give what is not another deployment's, which may share the folder; blocks on the disk."""
        return [
            (token, state, lease)
            for token, state, lease in self._leases.all()
            # a file that cannot be read is nobody's or ours
            if lease is None or lease.request.get("deployment") == self._deployment
        ]

    def _held(self) -> list[OwnedMachine]:
        """Give the launches that have a lease; blocks on the disk."""
        here = host.machine_id(self._data_dir)
        found = []
        for token, state, lease in self._ours():
            written_at = self._leases.written_at(token)
            if state != "gone" and written_at is not None:
                found.append(_owned(token, lease, here, written_at))
        return found

    async def _on_disk(
        self, work: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        try:
            return await self._files.run(work, *args, **kwargs)
        except OSError as error:
            # A file that cannot be read is not one that is not there.
            why = f"the files of launches cannot be used: {error.strerror}"
            raise ProviderFailed("disk_failed", why, effect="unknown") from error

    async def _ask_engine(self, docker_host: str) -> str | None:
        now = self._clock.monotonic()
        if self._engine_id is not None and now - self._engine_id[1] < ENGINE_ID_SECONDS:
            return self._engine_id[0]
        answer = await self._engine.run(host.engine_id, docker_host)
        # No answer is not remembered: the engine may just be starting.
        self._engine_id = (answer, now) if answer else None
        return answer

    def _describe(self, token: str, state: Found, lease: Lease | None) -> InstanceStatus:
        if state == "broken":
            self._log.warning("lease.unreadable", instance=_instance_id(token))
            return InstanceStatus(phase="unknown")
        if lease is None:
            return InstanceStatus(phase="gone")
        instance = _instance(lease)
        if state == "gone":
            return InstanceStatus(phase="gone", access=instance.access, instance=instance)
        return InstanceStatus(
            phase="running", ready=True, access=instance.access, instance=instance
        )


def _instance_id(token: str) -> str:
    return f"local-{token[:12]}"


def _owned(token: str, lease: Lease | None, here: str, written_at: datetime) -> OwnedMachine:
    if lease is None:
        state = {"token": token, "machine_id": here}
        instance = Instance(id=_instance_id(token), state=state)
        return OwnedMachine(instance=instance, phase="unknown", token=token, launched_at=written_at)
    dies_at = lease.request.get("dies_at")
    return OwnedMachine(
        instance=_instance(lease),
        phase="running",
        token=token,
        job=lease.request.get("job", ""),
        attempt=lease.request.get("attempt", 0),
        launched_at=written_at,
        dies_at=datetime.fromisoformat(dies_at) if dies_at else None,
    )


def _instance(lease: Lease) -> Instance:
    access = Access(
        kind="this_host",
        host_id=lease.host_id,
        docker_url=lease.docker_url,
        # A runner without an engine has no other id to compare.
        state={"machine_id": lease.machine_id},
    )
    state = {
        "token": lease.token,
        "machine_id": lease.machine_id,
        "host_id": lease.host_id,
    }
    return Instance(id=_instance_id(lease.token), access=access, state=state)


__all__ = ["LocalProvider"]
