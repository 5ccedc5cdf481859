"""How a container is run on a machine."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from marshmallow import Schema

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.domain.job import Access, Container, Instance, Json


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStatus:
    """What an inspect says of a container."""

    #: ``unknown``: the machine does not answer, or another machine answers
    phase: Literal["created", "start_failed", "running", "exited", "gone", "unknown"]
    code: int | None = None
    oom: bool = False
    #: the engine's clock
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    """A piece of a container's output, in order, without gaps."""

    #: position of the first byte in the whole output
    offset: int
    data: bytes


class Runner(ABC):
    """Containers.

    Every method but :meth:`boot_script` and :meth:`status` may be called by several workers at the
    same time. ``instance.access`` is the only thing that a runner sees of a machine; it compares
    ``access.host_id`` (where set) before every call, a mismatch is ``unknown``. Inspect, stop,
    remove and logs go by the container's id (by its name where the id is empty), only start by
    name. No method may block the event loop. Time limits: prepare ``limits.prepare``, logs
    ``limits.collect``, stop ``grace`` and 60 seconds, withdraw 120 seconds, the others 60 seconds;
    then the call is given up (cancelled). Expected failures are raised as
    :class:`jobsched.errors.OperationFailed`; anything else is a bug.

    ``Container.state`` is stored: small JSON that comes back as it was.
    """

    #: the name in the configuration: ``docker_runner``
    name: ClassVar[str]
    #: its section in ``GET /status``: ``docker``
    status_section: ClassVar[str]
    #: checks ``options.<name>`` of a job at the door; None: takes no options
    options_schema: ClassVar[type[Schema] | None] = None
    #: kinds of ``Instance.access`` that it can use; a mismatch with the provider is refused at the
    #: door
    access: ClassVar[frozenset[str]]

    @abstractmethod
    def boot_script(self, order: MachineOrder) -> str:
        """Give what a machine needs before it is ready, as a shell script; empty for nothing.

        Pure: the same order gives the same bytes. The provider wraps it.
        """

    @abstractmethod
    def status(self, container: Container | None) -> Json:
        """Give what this runner adds to its section of ``GET /status``.

        Always the same keys, nulls without a container. Pure.
        """

    @abstractmethod
    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Get the image, resolve it to a digest or id, create the container; do not start it.

        Repeated after a crash or time-out: the same ``order.name`` gives the same container. No
        secret may be in the answer's ``state``, nor in a ``repr`` or :meth:`status`.

        Raises:
            OperationFailed: ``image_not_found``, ``credentials`` (``fail``), ``pull_failed``
                (``later``), …
        """

    @abstractmethod
    async def start(self, instance: Instance, container: Container) -> None:
        """Start the container, by name.

        Called once for a container, after an inspect that said ``created``; never repeated by the
        core, and must not be repeated inside. Returning means started; anything raised puts the
        start in doubt, which the core resolves by :meth:`inspect` and :meth:`withdraw`.
        """

    @abstractmethod
    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Say how the container stands.

        Called at any time and any number of times; has no effect.
        """

    @abstractmethod
    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Make sure that no earlier :meth:`start` can take effect any more, then inspect.

        May be repeated. ``created`` afterwards means: never started, and never will.
        """

    @abstractmethod
    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Ask the container to end (SIGTERM), and end it after ``grace`` (SIGKILL).

        May be repeated; a container that has ended or is gone is success.
        """

    @abstractmethod
    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove the container and all that belongs to it, running or not, withdrawn or not.

        May be repeated; gone already is success. Where ``container.id`` is empty (the answer of
        ``prepare`` was lost) it goes by name, and removes the withdrawn one too.
        """

    @abstractmethod
    def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give both streams as they came, from byte ``since`` on, in chunks of at most 64 KiB.

        The end of the iteration is not the end of the container: a broken connection may end it
        too. May be repeated: the same bytes have the same offsets.

        Raises:
            OperationFailed: while iterating: the machine does not answer, or the connection broke.
        """

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Give the names of ended containers on one machine, as hints; None: this runner cannot.

        One worker holds one stream for each distinct access and re-opens it when it ends; a stream
        that is opened names the containers that have ended already.

        Raises:
            OperationFailed: while iterating: the machine does not answer, or the connection broke.
        """
        del access
        return None


__all__ = ["ContainerStatus", "LogChunk", "Runner"]
