"""Where machines come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from marshmallow import Schema

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Access, Instance, Json, Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a machine that was named was ended by its provider before it could be used.

    It is as if the request had been refused in that moment: what follows is the same.

    Example:
        >>> Refusal(reason="no_capacity", message="none is left in zone a")
        Refusal(reason='no_capacity', message='none is left in zone a', then='next')
    """

    #: these three as of :class:`jobsched.errors.OperationFailed`
    reason: str
    message: str = ""
    then: Literal["next", "fail", "breaker"] = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """How a provider describes a machine now.

    Example:
        >>> PHASES = {"starting": "pending", "on": "running", "stopping": "going", "off": "gone"}
        >>> def seen(machine):
        ...     access = Access(
        ...         kind="docker_tls",
        ...         address=machine["address"],
        ...         port=2376,
        ...         certificate=machine["certificate"],
        ...     )
        ...     return InstanceStatus(
        ...         phase=PHASES[machine["state"]],
        ...         ready=machine["state"] == "on",
        ...         access=access,
        ...         instance=Instance(id=machine["id"], access=access),
        ...     )
    """

    #: ``unknown``: neither there nor surely gone (a fresh machine that is not visible yet)
    phase: Literal["pending", "running", "going", "gone", "unknown"]
    #: the machine can be used without a callback (``local``, static hosts)
    ready: bool = False
    access: Access | None = None
    #: the machine that this is about, where the provider knows it
    instance: Instance | None = None
    #: the provider took it away (a spot interruption); False where it was given back
    interrupted: bool = False
    #: with ``gone``: nobody gave it back, but it can never be reached again (a static host that was
    #: taken out of the configuration); nothing is removed from it, as nothing can be
    lost: bool = False
    #: with ``gone``: the provider ended it at its launch. Heeded only if nothing was ever on it
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedMachine:
    """A machine with this deployment's mark, as the provider's own list shows it.

    Example:
        >>> def owned_as(machine):
        ...     return OwnedMachine(
        ...         instance=Instance(id=machine["id"]),
        ...         phase=PHASES[machine["state"]],
        ...         token=machine["tag"],
        ...         job=machine["job"],
        ...         attempt=machine["attempt"],
        ...         launched_at=machine["made_at"],
        ...         dies_at=datetime.fromisoformat(machine["off_at"]),
        ...     )
    """

    #: enough of it for ``terminate``, which is called with nothing else
    instance: Instance
    phase: Literal["pending", "running", "going", "unknown"]
    #: of the launch that it was made for; empty: it carries none, and may be a person's
    token: str = ""
    #: the job and the attempt that it was made for, as its marks say; empty and 0: they do not
    job: str = ""
    attempt: int = 0
    #: when it was made; None: unknown
    launched_at: datetime | None = None
    #: when it must have ended by itself, as its marks say; None: unknown
    dies_at: datetime | None = None
    #: what it costs an hour, in US dollars; None: unknown
    usd_per_hour: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many machines a provider may have; taken in the call that records the intent.

    Example:
        >>> Caps(alive=20, hourly=100)
        Caps(alive=20, hourly=100, per_second=None)
    """

    #: machines alive at one time, or None for no limit
    alive: int | None = None
    #: launches in any one hour, or None for no limit
    hourly: int | None = None
    #: launches a second of all workers together, evenly spread but for those of one second that a
    #: pause lets begin at once; above 0, or None for no limit
    per_second: float | None = None

    def __post_init__(self) -> None:
        """Refuse a pace at which nothing would ever begin."""
        if self.per_second is not None and not self.per_second > 0:
            raise ValueError(f"per_second is {self.per_second}; it must be above 0")


class Provider(ABC):
    """Machines.

    Every method but :meth:`status` may be called by several workers at the same time. Expected
    failures are raised as :class:`jobsched.errors.OperationFailed`; anything else is a bug, is
    logged as one, and in :meth:`provision` counts as *unknown*. No method may block the event
    loop; each is given up (cancelled) after 60 seconds.

    The ``state`` of an ``Offer``, an ``Instance`` and an ``Access`` are stored: small JSON that
    comes back as it was. They hold no secret; neither does a ``repr``, nor :meth:`status`. An
    ``Offer`` and an ``InstanceStatus`` have at most 64 KiB of JSON with all that is in them, in at
    most 32 levels.

    Example:
        >>> class AcmeCloud(Provider):
        ...     name = "acme_cloud"
        ...     status_section = "acme"
        ...     access = frozenset({"docker_tls"})
        ...     lead = timedelta(minutes=3)
        ...     settles_within = timedelta(minutes=10)
        ...     caps = Caps(alive=20)
        ...
        ...     def __init__(self, acme):
        ...         self.acme = acme
    """

    #: the name in the configuration: ``ec2_spot``
    name: ClassVar[str]
    #: its section in ``GET /status``: ``aws``
    status_section: ClassVar[str]
    #: checks ``options.<name>`` of a job at the door; None: takes no options
    options_schema: ClassVar[type[Schema] | None] = None
    #: False where the machine lives on after ``terminate``: then containers are removed one by one
    destroys_machine: ClassVar[bool] = True
    #: kinds of ``Access`` that its machines offer
    access: ClassVar[frozenset[str]]
    #: how long before ``start_at`` the default planner asks for the machine
    lead: timedelta = timedelta(0)
    #: how long after a request "not found" means unknown
    settles_within: timedelta = timedelta(0)
    #: how many of its machines there may be; jobs beyond that wait in line
    caps: Caps = Caps()

    @abstractmethod
    def status(self, instance: Instance | None) -> Json:
        """Give the section of ``GET /status``: always the same keys, nulls without a machine.

        When: Pure; called at each request of a status; at once.

        Repeated: any number of times, in the API and in workers.

        Raises:
            Nothing: it reads what it is given, which may be from an older version of the plugin.

        Within: no time: it must not wait, nor look anything up.

        Example:
            >>> def status(self, instance):
            ...     return {"instance_id": instance.id if instance else None}
        """

    async def host(self) -> str | None:
        """Give the id of the only host whose workers can use the machines; None: any worker can.

        A worker on another host than the first one's refuses to start: to it, machines that are
        there would look gone.

        When: Called once when a worker starts.

        Repeated: at each start of each worker; the same host gives the same id.

        Raises:
            ConfigError: this host cannot be used at all; the worker does not start.

        Within: 60 seconds.

        Example:
            >>> async def host(self):
            ...     return None
        """
        return None

    @abstractmethod
    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Say in which ways a machine could be had; at least one.

        They are tried in the order in which they are given: put first what you would take yourself.

        When: Called once for an attempt (again only if its answer was lost); has no effect.

        Repeated: yes, it may be. The answer is saved: a definite refusal of one offer moves on to
        the next, and after the last one it begins with the first again, after a pause.

        Args:
            order: what is wanted. There is no launch yet: ``launch`` is 0 and ``token`` empty.

        Raises:
            OperationFailed: ``then="fail"``: nothing that there is can serve this job, and the
                attempt ends with ``reason``; ``breaker``: nor any other job, until an operator has
                put something right. Otherwise it is asked again after a pause.

        Within: 60 seconds.

        Example:
            >>> async def offers(self, order):
            ...     zones = await self.acme.zones()
            ...     return [Offer(label=f"small in {zone}", state={"zone": zone}) for zone in zones]
        """

    @abstractmethod
    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Render the whole request as JSON, look-ups done; at most 256 KiB.

        The text is saved before it is sent and is the only thing that :meth:`provision` gets. The
        same order and offer give the same bytes.

        When: Called once for a launch (again only if its answer was lost); has no effect that costs
        money.

        Repeated: yes, it may be. What a look-up finds may have changed by then; nothing else may.

        Args:
            order: the machine: its token, until when it may live, what boots it.
            offer: one of those that :meth:`offers` gave for this attempt.

        Raises:
            OperationFailed: ``then="fail"``: the attempt ends with ``reason``; ``breaker``: so it
                would for every job. Otherwise it is asked again after a pause.

        Within: 60 seconds.

        Example:
            >>> async def freeze(self, order, offer):
            ...     request = {
            ...         "tag": order.token,
            ...         "job": order.job,
            ...         "attempt": order.attempt,
            ...         "deployment": order.deployment,
            ...         "zone": offer.state["zone"],
            ...         "image": await self.acme.newest_image(),
            ...         "script": order.boot_script,
            ...         "off_at": order.dies_at.isoformat(),
            ...     }
            ...     return json.dumps(request, sort_keys=True)
        """

    @abstractmethod
    async def provision(self, request: str) -> InstanceStatus:
        """Send the frozen request; return once the machine's id is known (``instance`` is set).

        When: a launch was saved with its request, and the time has come to ask for the machine.

        Repeated: Repeated after a crash or a time-out, by any worker, with the same bytes: the same
        request gives the same machine, and no new one when that is gone.

        Raises:
            OperationFailed: ``effect="none"`` is a definite refusal: there is no machine and there
                never will be one of this request (``then``: ``next`` offer, ``fail``,
                ``breaker``), or it was not even tried and the same request may be sent again
                (``later``). ``effect="unknown"``: it is looked for, or sent again.

        Within: 60 seconds. It does not wait until the machine is ready: :meth:`describe_all` says
        so, or the machine itself.

        Example:
            >>> async def provision(self, request):
            ...     try:
            ...         return seen(await self.acme.create(**json.loads(request)))
            ...     except NoRoom as error:
            ...         raise OperationFailed("no_capacity", str(error), then="next") from error
            ...     except ConnectionError as error:
            ...         raise OperationFailed("no_answer", str(error), effect="unknown") from error
        """

    @abstractmethod
    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine of a launch by its token; None: not found.

        When: Called for launches in doubt, any number of times; has no effect. Within
        ``settles_within`` of the request, None means unknown.

        Repeated: every 15 seconds (``limits.find_again``), until it is found or surely not there.

        Raises:
            OperationFailed: it cannot be told now; it is asked again.

        Within: 60 seconds.

        Example:
            >>> async def find(self, token):
            ...     try:
            ...         machines = await self.acme.machines(tag=token)
            ...     except ConnectionError as error:
            ...         raise OperationFailed("no_answer", str(error)) from error
            ...     return seen(machines[0]) if machines else None
        """

    @abstractmethod
    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe every machine of this deployment, by launch token.

        When: Called by one worker every 20 seconds; has no effect. Reads every page, or raises: a
        machine that is missing from the answer and older than ``settles_within`` is gone.

        Repeated: for as long as a machine is on.

        Args:
            known: the machines that the core counts on, by launch token, as they were before this
                call. A provider that asks one list needs it not. One that asks each machine itself
                says ``unknown`` for those that give no answer, so that a dead host does not hide
                the others.

        Raises:
            OperationFailed: the answer would not be whole; nothing is concluded, and the call is
                made again.

        Within: 40 seconds for all of them together.

        Example:
            >>> async def describe_all(self, known):
            ...     found, page = {}, 0
            ...     try:
            ...         while machines := await self.acme.machines(page=page):
            ...             found |= {machine["tag"]: seen(machine) for machine in machines}
            ...             page += 1
            ...     except ConnectionError as error:
            ...         raise OperationFailed("no_answer", str(error)) from error
            ...     return found
        """

    @abstractmethod
    async def owned(self) -> Sequence[OwnedMachine]:
        """List all machines that carry this deployment's mark and are not gone.

        By the provider's own list, not by what this process or the store remembers: what is listed
        and in no record is ended. Two that carry one token are two entries.

        When: Called by one worker every minute, and by ``jobsched doctor``; has no effect. Reads
        every page, or raises.

        Repeated: for as long as there is a worker.

        Raises:
            OperationFailed: the list would not be whole; nothing is ended, and it is asked again.

        Within: 40 seconds.

        Example:
            >>> async def owned(self):
            ...     found, page = [], 0
            ...     try:
            ...         while machines := await self.acme.machines(page=page):
            ...             found += [owned_as(one) for one in machines if one["state"] != "off"]
            ...             page += 1
            ...     except ConnectionError as error:
            ...         raise OperationFailed("no_answer", str(error)) from error
            ...     return found
        """

    @abstractmethod
    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Give the machine back, and say how it stands now.

        ``unknown`` for a machine that is not found but too young to be surely gone.

        When: an attempt is over, or its machine is replaced; also for a machine that was named
        after it had been written off, and for one that is owned and that no record knows.

        Repeated: Repeated until the machine is described as ``gone``; a machine that is gone
        already is success.

        Raises:
            OperationFailed: it could not be asked now. It is asked again, for as long as it takes:
                the core never stops giving a machine back.

        Within: 60 seconds. It does not wait until the machine is gone: it is called again.

        Example:
            >>> async def terminate(self, instance):
            ...     try:
            ...         return seen(await self.acme.switch_off(instance.id))
            ...     except NoSuchMachine:
            ...         return InstanceStatus(phase="gone", instance=instance)
            ...     except ConnectionError as error:
            ...         raise OperationFailed("no_answer", str(error), effect="unknown") from error
        """

    async def remove_leftovers(self) -> Sequence[str]:
        """Remove what machines of this deployment left behind when they went: disks, addresses.

        When: Called by one worker every minute. Only what no machine uses any more is removed.

        Repeated: yes; what is gone already is success.

        Returns:
            What was removed, in words for the log: ``volume vol-1 (8 GiB)``.

        Raises:
            OperationFailed: it could not be asked now; it is asked again the next time.

        Within: 60 seconds; what is not done by then waits for the next time.

        Example:
            >>> async def remove_leftovers(self):
            ...     disks = await self.acme.disks(state="detached")
            ...     for disk in disks:
            ...         await self.acme.delete(disk["id"])
            ...     return [f"disk {disk['id']}" for disk in disks]
        """
        return ()


__all__ = ["Caps", "InstanceStatus", "OwnedMachine", "Provider"]
