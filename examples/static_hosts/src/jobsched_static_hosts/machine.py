"""Hosts and leases as the core sees them: instances, and how they stand."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from jobsched.contracts.provider import InstanceStatus, OwnedMachine
from jobsched.domain.job import Access, Instance, Json

from jobsched_static_hosts.host import Host
from jobsched_static_hosts.lease import Lease

#: What the runner ``docker_runner`` can use.
KIND = "docker_tls"


def running(host: Host, held: Lease, certificate: str, engine_id: str) -> InstanceStatus:
    """Describe a host that a launch has: there is nothing to wait for."""
    access = Access(
        kind=KIND,
        host_id=engine_id,
        address=host.address,
        port=host.port,
        certificate=certificate,
    )
    machine = _instance(host.name, held, access)
    return InstanceStatus(phase="running", ready=True, access=access, instance=machine)


def owned(host: Host, held: Lease) -> OwnedMachine:
    """List a host for whom it serves; when its lease was taken is not told by every engine."""
    return OwnedMachine(
        instance=_instance(host.name, held, None),
        phase="running",
        token=held.token,
        job=held.job,
        attempt=held.attempt,
        dies_at=held.dies_at,
    )


def gone(host_name: str, held: Lease) -> InstanceStatus:
    """Describe what a launch had, and has given back."""
    return InstanceStatus(phase="gone", instance=_instance(host_name, held, None))


def host_of(instance: Instance) -> str:
    """Give the name of an instance's host."""
    return str(instance.state["host"])


def lease_of(instance: Instance, deployment: str) -> Lease:
    """Give the lease that an instance is."""
    return Lease(
        token=instance.state["token"],
        deployment=deployment,
        dies_at=_time(instance.state["dies_at"]),
    )


def lease_in(frozen: Json) -> Lease:
    """Give the lease that a frozen request asks for."""
    return Lease(
        token=frozen["token"],
        deployment=frozen["deployment"],
        dies_at=_time(frozen["dies_at"]),
        # a request that an older version froze does not tell
        job=frozen.get("job", ""),
        attempt=frozen.get("attempt", 0),
    )


def section(instance: Instance | None) -> Json:
    """Give the section of ``GET /status``; nulls before there is a machine."""
    access = instance.access if instance else None
    return {
        "instance_id": instance.id if instance else None,
        # of a record that an older version wrote, if need be
        "host": instance.state.get("host") if instance else None,
        "address": access.address if access else None,
        "port": access.port if access else None,
        "ready": True if instance else None,
        "state": "running" if instance else None,
    }


def _instance(host_name: str, held: Lease, access: Access | None) -> Instance:
    state: dict[str, Any] = {
        "host": host_name,
        "token": held.token,
        "dies_at": held.dies_at.isoformat() if held.dies_at else None,
    }
    # A host serves one launch after the other: its name alone would be no id.
    return Instance(id=f"{host_name}-{held.token[:12]}", access=access, state=state)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


__all__ = ["KIND", "gone", "host_of", "lease_in", "lease_of", "owned", "running", "section"]
