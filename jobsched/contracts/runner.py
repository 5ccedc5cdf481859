"""How a container is run on a machine."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from marshmallow import Schema

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.domain.job import Access, Container, Instance, Json, WarningKind
from jobsched.errors import OperationFailed

#: the variable that names a container the file in which it is told what becomes of its machine
INTERRUPTION_FILE = "JOBSCHED_INTERRUPTION_FILE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerStatus:
    """What an inspect says of a container.

    Example:
        >>> PHASES = {"created": "created", "running": "running", "exited": "exited"}
        >>> def seen(found):
        ...     code = found["code"] if found["state"] == "exited" else None
        ...     return ContainerStatus(phase=PHASES[found["state"]], code=code)
    """

    #: ``unknown``: the machine does not answer, or another machine answers
    phase: Literal["created", "start_failed", "running", "exited", "gone", "unknown"]
    code: int | None = None
    #: it wanted more memory than its order allows (``resources``), and was ended for that, as far
    #: as the engine tells (Docker's misses some such ends); False where it was killed for another
    #: cause, or memory is not limited
    oom: bool = False
    #: the engine's clock
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogChunk:
    """A piece of a container's output, in order, without gaps.

    Example:
        >>> LogChunk(offset=6, data=b"world")
        LogChunk(offset=6, data=b'world')
    """

    #: position of the first byte in the whole output
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineWarning:
    """What a running container is told of its machine.

    Example:
        >>> MachineWarning(kind="rebalance", noticed_at=datetime(2027, 1, 1, tzinfo=UTC)).document
        b'{"kind": "rebalance", "deadline": null, "noticed_at": "2027-01-01T00:00:00+00:00"}'
    """

    #: ``interruption``: the machine will be taken away, and SIGTERM follows at once; ``rebalance``:
    #: it may be, and nothing follows yet
    kind: WarningKind
    #: when the machine goes, where that is known; the container is ended some seconds before
    deadline: datetime | None = None
    #: when that became known
    noticed_at: datetime

    @property
    def document(self) -> bytes:
        """What stands in the file: JSON, the same from every runner."""
        deadline = self.deadline.isoformat() if self.deadline else None
        noticed_at = self.noticed_at.isoformat()
        told = {"kind": self.kind, "deadline": deadline, "noticed_at": noticed_at}
        return json.dumps(told).encode()


class Runner(ABC):
    """Containers.

    Every method but :meth:`boot_script` and :meth:`status` may be called by several workers at the
    same time. ``instance.access`` is the only thing that a runner sees of a machine; it compares
    ``access.host_id`` (where set) before every call, a mismatch is ``unknown``. Inspect, stop,
    remove and logs go by the container's id (by its name where the id is empty), only start by
    name. No method may block the event loop. Time limits: prepare ``limits.prepare``, logs
    ``limits.collect``, stop ``grace`` and 60 seconds, withdraw 120 seconds, warn 5 seconds, the
    others 60 seconds; then the call is given up (cancelled). Expected failures are raised as
    :class:`jobsched.errors.OperationFailed`; anything else is a bug.

    ``Container.state`` is stored: small JSON that comes back as it was. A ``Container`` has at most
    64 KiB of it, in at most 32 levels.

    Example:
        >>> class PodmanRunner(Runner):
        ...     name = "podman_runner"
        ...     status_section = "podman"
        ...     access = frozenset({"this_host"})
        ...
        ...     def __init__(self, podman):
        ...         self.podman = podman
    """

    #: the name in the configuration: ``docker_runner``
    name: ClassVar[str]
    #: its section in ``GET /status``: ``docker``
    status_section: ClassVar[str]
    #: checks ``options.<name>`` of a job at the door; None: takes no options
    options_schema: ClassVar[type[Schema] | None] = None
    #: whether a machine that has run its :meth:`boot_script` posts ``terminate`` when a container
    #: has ended: then nobody watches it, and it is inspected every 5 minutes besides
    reports_ends: ClassVar[bool] = False
    #: kinds of ``Instance.access`` that it can use; a mismatch with the provider is refused at the
    #: door
    access: ClassVar[frozenset[str]]

    @abstractmethod
    def boot_script(self, order: MachineOrder) -> str:
        """Give what a machine needs before it is ready, as a shell script; empty for nothing.

        Pure: the same order gives the same bytes, at most 256 KiB. The provider wraps it.

        When: a machine is ordered, before its request is frozen.

        Repeated: any number of times.

        Args:
            order: the machine; its own ``boot_script`` is empty still.

        Returns:
            The runner's half of what a machine boots with; a provider that boots machines puts its
            own half before it. Both are one script of bash, run by root, once, at the first boot.
            It has the variables ``JOBSCHED_JOB_ID``, ``JOBSCHED_ATTEMPT``, ``JOBSCHED_LAUNCH``,
            ``JOBSCHED_DIES_AT`` (as ``2026-11-25T15:30:10Z``), ``JOBSCHED_CALLBACK_URL`` and
            ``JOBSCHED_INSTANCE_ID``, and three commands, which services find in
            ``/usr/local/lib/jobsched`` (``post``, ``fail``). ``post ACTION [JSON object]`` posts a
            callback, with further fields; it returns once the API has accepted it, however long
            that takes, and powers the machine off where the launch is over. ``fail STEP`` posts
            ``terminate`` with ``why: boot_failed``, for a while at most, and powers the machine
            off. ``step NAME COMMAND…`` runs a command, and fails where that does. A script that
            ends with another exit code than 0 fails too. The runner's half posts ``update`` when
            the machine is ready; for an empty one the provider does.

        Raises:
            OperationFailed: with ``then="breaker"``: what every fresh machine needs is missing
                here, so none is launched. What cannot be for one job is refused by
                ``options_schema``, at the door.

        Within: no time: it must not wait, nor look anything up.

        Example:
            >>> def boot_script(self, order):
            ...     return "step 'install Podman' dnf install -y podman && post update"
        """

    @abstractmethod
    def status(self, container: Container | None) -> Json:
        """Give what this runner adds to its section of ``GET /status``.

        Always the same keys, nulls without a container. Pure.

        When: at each request of a status; ``container`` is None before there is one.

        Repeated: any number of times, in the API and in workers.

        Raises:
            Nothing: it reads what it is given, which may be from an older version of the plugin.

        Within: no time: it must not wait, nor look anything up.

        Example:
            >>> def status(self, container):
            ...     return {"container_id": container.id if container else None}
        """

    @abstractmethod
    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Get the image, resolve it to a digest or id, create the container; do not start it.

        No secret may be in the answer's ``state``, nor in a ``repr`` or :meth:`status`. A runner
        that runs no images takes any name of one. An order without a command is refused for good
        (``then="fail"``) where the image has none either.

        When: the machine is ready, and again, with a new name, after a start was withdrawn.

        Repeated: Repeated after a crash or time-out: the same ``order.name`` gives the same
        container. A name that was withdrawn stays withdrawn: its order is refused for now
        (``then="later"``), as a start that is still on its way must find no new container of it.

        Raises:
            OperationFailed: ``image_not_found``: its registry has no such image;
                ``credentials``: its registry wants others than ``order.credential``, or any (both
                ``then="fail"``); ``pull_failed`` (``then="later"``): the image may be there, but
                cannot be had now. ``then="replace"``: another machine is taken.

        Within: ``limits.prepare`` (10 minutes).

        Example:
            >>> async def prepare(self, instance, order):
            ...     if await self.podman.exists(f"{order.name}-withdrawn"):
            ...         raise OperationFailed("withdrawn", order.name)
            ...     image = order.pinned or await self.podman.pull(order.image, order.credential)
            ...     made = await self.podman.create_or_find(
            ...         name=order.name,
            ...         image=image,
            ...         command=order.command,
            ...         environment=order.environment,
            ...     )
            ...     return Container(name=order.name, id=made["id"], image=image)
        """

    @abstractmethod
    async def start(self, instance: Instance, container: Container) -> None:
        """Start the container, by name.

        When: Called once for a container, after an inspect that said ``created``; never repeated by
        the core, and must not be repeated inside. Returning means started; anything raised puts the
        start in doubt, which the core resolves by :meth:`inspect` and :meth:`withdraw`.

        Repeated: never: what runs twice may pay, mail or delete twice.

        Raises:
            OperationFailed: whatever its ``effect``, the start is in doubt.

        Within: 60 seconds (``limits.start``). It does not wait for the container's end.

        Example:
            >>> async def start(self, instance, container):
            ...     await self.podman.start(container.name)
        """

    @abstractmethod
    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Say how the container stands.

        When: Called at any time and any number of times; has no effect.

        Repeated: yes: before a start, after a hint that it ended, and now and then while it runs.

        Raises:
            OperationFailed: as ``unknown``: it is asked again later.

        Within: 60 seconds.

        Example:
            >>> async def inspect(self, instance, container):
            ...     try:
            ...         return seen(await self.podman.inspect(container.id or container.name))
            ...     except NoSuchContainer:
            ...         return ContainerStatus(phase="gone")
            ...     except ConnectionError as error:
            ...         return ContainerStatus(phase="unknown", message=str(error))
        """

    @abstractmethod
    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Make sure that no earlier :meth:`start` can take effect any more, then inspect.

        May be repeated. ``created`` afterwards means: never started, and never will.

        When: a start is in doubt, and an inspect says ``created``.

        Repeated: yes, until it gives an answer. What it leaves behind may be withdrawn again, and
        is removed by :meth:`remove`.

        Raises:
            OperationFailed: nothing is known; the start stays in doubt, and it is asked again.

        Within: 120 seconds: it may wait until a request that is under way has surely failed.

        Example:
            >>> async def withdraw(self, instance, container):
            ...     # started by name: what has another name cannot be started
            ...     await self.podman.rename(container.id, f"{container.name}-withdrawn")
            ...     await self.podman.requests_under_way()
            ...     return await self.inspect(instance, container)
        """

    @abstractmethod
    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Ask the container to end (SIGTERM), and end it after ``grace`` (SIGKILL).

        May be repeated; a container that has ended or is gone is success.

        When: the job was cancelled, its time is over, or its machine is being taken away.

        Repeated: yes, until an inspect says that it has ended.

        Raises:
            OperationFailed: the machine does not answer; it is asked again later.

        Within: ``grace`` and 60 seconds. Returning means ended.

        Example:
            >>> async def stop(self, instance, container, grace):
            ...     with suppress(NoSuchContainer):
            ...         await self.podman.stop(container.id or container.name, grace)
        """

    @abstractmethod
    async def remove(self, instance: Instance, container: Container) -> None:
        """Remove the container and all that belongs to it, running or not, withdrawn or not.

        May be repeated; gone already is success. Where ``container.id`` is empty (the answer of
        ``prepare`` was lost) it goes by name, and removes the withdrawn one too.

        When: a machine that outlives the job is given back (``destroys_machine`` is False).

        Repeated: yes, until it succeeds: before that the machine does not count as free.

        Raises:
            OperationFailed: the machine does not answer; it is asked again later.

        Within: 60 seconds.

        Example:
            >>> async def remove(self, instance, container):
            ...     for name in {container.id or container.name, f"{container.name}-withdrawn"}:
            ...         with suppress(NoSuchContainer):
            ...             await self.podman.remove(name, force=True)
        """

    @abstractmethod
    def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give both streams as they came, from byte ``since`` on, in chunks of at most 64 KiB.

        The end of the iteration is not the end of the container: a broken connection may end it
        too. May be repeated: the same bytes have the same offsets.

        When: the container has ended; with ``follow`` also while somebody reads along.

        Repeated: yes, from the first byte or from any other.

        Args:
            instance: the machine.
            container: the container, by its id.
            since: how many bytes of the whole output are left out.
            follow: go on until the container ends.

        Raises:
            OperationFailed: while iterating: the machine does not answer, or the connection broke.

        Within: ``limits.collect`` (2 minutes) for all of it; after that the rest is given up, and
        the machine is given back.

        Example:
            >>> async def logs(self, instance, container, *, since=0, follow=False):
            ...     offset = since
            ...     async for data in self.podman.output(container.id, since, follow=follow):
            ...         yield LogChunk(offset=offset, data=data)
            ...         offset += len(data)
        """

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Put ``warning.document`` into the file that ``JOBSCHED_INTERRUPTION_FILE`` names there.

        The container's environment has that variable, with a path of the runner's choice, unless
        ``order.environment`` has one of its name. A later warning replaces an earlier one. A
        container that has ended or is gone is success. A runner without this method cannot warn.

        When: the provider said that the machine may be taken away, or will be; in the second case
        :meth:`stop` follows at once, whatever comes of this.

        Repeated: hardly: it is tried once for each kind, and again only if a worker died in it.

        Raises:
            OperationFailed: the container was not told; shown in ``GET /status``, and nothing more.

        Within: 5 seconds: what is taken here is missing from the container's last ones.

        Example:
            >>> async def warn(self, instance, container, warning):
            ...     with suppress(NoSuchContainer):
            ...         await self.podman.write(container.id, "/run/notice.json", warning.document)
        """
        del instance, container, warning
        raise OperationFailed("cannot_warn", f"{self.name} has no way to tell a container")

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Give the names of ended containers on one machine, as hints; None: this runner cannot.

        One worker holds one stream for each distinct access and re-opens it when it ends; a stream
        that is opened names the containers that have ended already.

        When: a container was started on a machine that does not tell of its end by itself
        (``reports_ends``). Without it running containers are inspected every 5 seconds, with it
        every 5 minutes.

        Repeated: yes: the same name may be given any number of times. A hint that is wrong costs
        an inspect, and one that is missing costs time; neither changes how a job ends.

        Raises:
            OperationFailed: while iterating: the machine does not answer, or the connection broke.

        Within: the call itself is at once; the stream is open for as long as the worker wants it.

        Example:
            >>> def watch(self, access):
            ...     return self.podman.ended_containers()
        """
        del access
        return None


__all__ = ["INTERRUPTION_FILE", "ContainerStatus", "LogChunk", "MachineWarning", "Runner"]
