"""What is asked of providers and runners."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from jobsched.domain.job import JobId, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineOrder:
    """A machine for one launch of one attempt. It holds no environment and no secret of the job.

    Example:
        >>> def tags(order):
        ...     return {"jobsched-deployment": order.deployment, "jobsched-token": order.token}
    """

    deployment: str
    job: JobId
    attempt: int
    #: 0 while offers are asked, before there is a launch
    launch: int
    #: idempotency token of the launch: at most 64 characters of ``[0-9a-f]``
    token: str
    #: the runner's half of the machine's script (``Runner.boot_script``), or empty
    boot_script: str
    #: the machine is made for this launch, and runs ``boot_script`` first; False where it lives on
    is_fresh: bool = True
    resources: Mapping[str, Any] = field(default_factory=dict)
    #: the job's options for this provider, checked by its schema
    options: Json = field(default_factory=dict)
    #: when the machine must end by itself, whatever happens
    dies_at: datetime | None = None
    #: where the machine posts its callbacks; empty where the deployment names no address
    callback_url: str = ""
    #: what it posts them with; empty while offers are asked
    callback_token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A registry credential, resolved by the worker at the moment of use.

    Example:
        >>> Credential(username="robot", password="hunter2")
        Credential(username='robot')
    """

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerOrder:
    """A container for one try of one launch, with its secrets: never stored, masked in ``repr``.

    Example:
        >>> def variables(order):
        ...     return dict(entry.split("=", 1) for entry in order.environment)
    """

    deployment: str
    job: JobId
    attempt: int
    launch: int
    #: the container's name, and the idempotency key of ``prepare``
    name: str
    image: str
    #: empty for the image's own command
    command: tuple[str, ...]
    #: ``KEY=value`` entries, secrets among them
    environment: tuple[str, ...] = field(repr=False)
    pull: Literal["always", "missing"]
    #: the digest or image id that an earlier attempt resolved the name to; used as it is when set
    pinned: str = ""
    credential: Credential | None = field(default=None, repr=False)
    #: ``vcpus``, ``memory_mib``, ``gpus``: limits of the container
    resources: Mapping[str, Any] = field(default_factory=dict)
    #: the job's options for this runner, checked by its schema
    options: Json = field(default_factory=dict)
    timeout: timedelta
    grace: timedelta


__all__ = ["ContainerOrder", "Credential", "MachineOrder"]
