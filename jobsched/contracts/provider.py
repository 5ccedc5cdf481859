"""Where machines come from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Literal

from marshmallow import Schema

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import Access, Instance, Json, Offer


@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceStatus:
    """How a provider describes a machine now."""

    #: ``unknown``: neither there nor surely gone (a fresh machine that is not visible yet)
    phase: Literal["pending", "running", "going", "gone", "unknown"]
    #: the machine can be used without a callback (``local``, static hosts)
    ready: bool = False
    access: Access | None = None
    #: the machine that this is about, where the provider knows it
    instance: Instance | None = None
    #: the provider took it away (a spot interruption)
    interrupted: bool = False
    #: with ``gone``: nobody gave it back, but it can never be reached again (a static host that was
    #: taken out of the configuration); nothing is removed from it, as nothing can be
    lost: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How many machines a provider may have; taken in the call that records the intent."""

    #: machines alive at one time, or None for no limit
    alive: int | None = None
    #: launches in any one hour, or None for no limit
    hourly: int | None = None


class Provider(ABC):
    """Machines.

    Every method but :meth:`status` may be called by several workers at the same time. Expected
    failures are raised as :class:`jobsched.errors.OperationFailed`; anything else is a bug, is
    logged as one, and in :meth:`provision` counts as *unknown*. No method may block the event
    loop; each is given up (cancelled) after 60 seconds.

    The ``state`` of an ``Offer``, an ``Instance`` and an ``Access`` are stored: small JSON that
    comes back as it was. They hold no secret; neither does a ``repr``, nor :meth:`status`.
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
    caps: Caps = Caps()

    @abstractmethod
    def status(self, instance: Instance | None) -> Json:
        """Give the section of ``GET /status``: always the same keys, nulls without a machine.

        Pure; called at each request of a status; at once.
        """

    async def host(self) -> str | None:
        """Give the id of the only host whose workers can use the machines; None: any worker can.

        Called once when a worker starts. A worker on another host than the first one's refuses to
        start: to it, machines that are there would look gone.
        """
        return None

    @abstractmethod
    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Say in which ways a machine could be had, best first; at least one.

        Called once for an attempt (again only if its answer was lost); has no effect.
        """

    @abstractmethod
    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Render the whole request as JSON, look-ups done.

        The text is saved before it is sent and is the only thing that :meth:`provision` gets. The
        same order and offer give the same bytes. Called once for a launch (again only if its answer
        was lost); has no effect that costs money.
        """

    @abstractmethod
    async def provision(self, request: str) -> InstanceStatus:
        """Send the frozen request; return once the machine's id is known (``instance`` is set).

        Repeated after a crash or a time-out, by any worker, with the same bytes: the same request
        gives the same machine, and no new one when that is gone.

        Raises:
            OperationFailed: ``effect="none"`` is a definite refusal: there is no machine and there
                never will be one of this request (``then``: ``next`` offer, ``fail``,
                ``breaker``), or it was not even tried and the same request may be sent again
                (``later``). ``effect="unknown"``: it is looked for, or sent again.
        """

    @abstractmethod
    async def find(self, token: str) -> InstanceStatus | None:
        """Look for the machine of a launch by its token; None: not found.

        Called for launches in doubt, any number of times; has no effect. Within ``settles_within``
        of the request, None means unknown.
        """

    @abstractmethod
    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe every machine of this deployment, by launch token.

        Called by one worker every 20 seconds; has no effect. Reads every page, or raises: a machine
        that is missing from the answer and older than ``settles_within`` is gone.

        Args:
            known: the machines that the core counts on, by launch token, as they were before this
                call. A provider that asks one list needs it not. One that asks each machine itself
                says ``unknown`` for those that give no answer, so that a dead host does not hide
                the others.

        Raises:
            OperationFailed: the answer would not be whole; nothing is concluded, and the call is
                made again.
        """

    @abstractmethod
    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Give the machine back, and say how it stands now.

        Repeated until the machine is described as ``gone``; a machine that is gone already is
        success. ``unknown`` for a machine that is not found but too young to be surely gone.
        """


__all__ = ["Caps", "InstanceStatus", "Provider"]
