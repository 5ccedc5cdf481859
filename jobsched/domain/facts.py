"""What can become known about a job: the past participles that `record` adds to it.

A fact names the attempt (and launch, and try) that it is about, so late news of an older one is
known as such. ``at`` is when it became known to us, in the store's time.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from jobsched.domain.job import (
    Access,
    Container,
    Instance,
    Json,
    Offer,
    Plan,
    StopReason,
    WarningKind,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRequested:
    """The user wants the job to end."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """The store was put back from a backup: what happened since, nobody knows.

    Changes only a job that may have run since (:func:`jobsched.domain.restore.may_have_run`).
    """

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """A plugin noted something to show with the job (JSON of at most 4 KiB)."""

    at: datetime
    source: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class OfAttempt:
    """A fact about one attempt."""

    at: datetime
    attempt: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned(OfAttempt):
    """The planner said when; opens the attempt."""

    plan: Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Offered(OfAttempt):
    """The provider's offers, asked once for the attempt."""

    offers: tuple[Offer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp(OfAttempt):
    """The attempt ends with this reason: a time or a number has run out, or nothing can help."""

    reason: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OfLaunch(OfAttempt):
    """A fact about one launch."""

    launch: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun(OfLaunch):
    """We intend to send this request for a machine; saved before it is sent."""

    token: str
    offer: int
    request: str
    dies_at: datetime
    settles_until: datetime
    destroys_machine: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(OfLaunch):
    """The provider definitely refused: there is and will be no machine of this launch."""

    reason: str
    message: str = ""
    #: the fault is the provider's, for every offer: the same one is asked again once it is mended
    for_every_offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Provisioned(OfLaunch):
    """The provider named the machine (it may be ready at once, and may be told more than once)."""

    instance: Instance
    ready: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(OfLaunch):
    """The machine said (callback ``update``) or was described to be ready."""

    instance_id: str = ""
    certificate: str = ""
    access: Access | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BootFailed(OfLaunch):
    """The machine said that it cannot become ready; believed only before ``Ready``."""

    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interrupted(OfLaunch):
    """The provider will take the machine away."""

    until: datetime | None = None
    #: what is done to it, in the provider's word: ``terminate``, ``stop``, ``hibernate``
    what: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtRisk(OfLaunch):
    """The provider may soon take the machine away, and says no time; often nothing follows."""

    #: when the machine was told, if it said so
    noticed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hinted(OfLaunch):
    """Somebody says that the container has ended; asks for an inspect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(OfLaunch):
    """We do not want this machine any more; saved before it is terminated."""

    why: str
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminated(OfLaunch):
    """The provider took the request to terminate the machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(OfLaunch):
    """The runner removed every container of the launch."""


GoneWhy = Literal["terminated", "never_seen", "refused", "interrupted", "machine_lost", "abandoned"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone(OfLaunch):
    """The machine is described as gone, or was never there."""

    why: GoneWhy = "terminated"
    #: the next three of one that was ended at its launch (``refused``): as of `Refused`
    reason: str = ""
    message: str = ""
    for_every_offer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfTry(OfLaunch):
    """A fact about one container of a launch."""

    no: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared(OfTry):
    """The image is there and the container is created."""

    container: Container


@dataclass(frozen=True, slots=True, kw_only=True)
class StartGranted(OfTry):
    """The one start of this container is about to be made; saved before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(OfTry):
    """The container was started."""

    inspect_every: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotStarted(OfTry):
    """The container was withdrawn unstarted, or vanished before its grant: it can never start."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspected(OfTry):
    """The container was seen running."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned(OfTry):
    """The running container was told what becomes of its machine, or could not be."""

    kind: WarningKind
    #: why it could not be told; empty: it was
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping(OfTry):
    """We are about to stop the container; saved before it."""

    why: StopReason
    #: how long it is given to end by itself; None: the job's own grace
    grace: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(OfTry):
    """The first inspect after the end of the container."""

    code: int | None = None
    oom: bool = False
    start_failed: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vanished(OfTry):
    """The container is gone after its grant, and nobody saw its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogsStored(OfLaunch):
    """The logs are in the log store, or their time is over."""

    complete: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandFailed(OfLaunch):
    """A command failed; it is tried again not before ``not_before``."""

    command: str
    reason: str
    message: str
    not_before: datetime


Fact = (
    CancelRequested
    | Restored
    | Noted
    | Planned
    | Offered
    | GivenUp
    | Begun
    | Refused
    | Provisioned
    | Ready
    | BootFailed
    | Interrupted
    | AtRisk
    | Hinted
    | Released
    | Terminated
    | Removed
    | Gone
    | Prepared
    | StartGranted
    | Started
    | NotStarted
    | Inspected
    | Warned
    | Stopping
    | Ended
    | Vanished
    | LogsStored
    | CommandFailed
)

#: Every kind of fact, in the order of a good attempt; tests walk it.
KINDS: tuple[type[Fact], ...] = (
    Planned,
    Offered,
    Begun,
    Provisioned,
    Ready,
    Prepared,
    StartGranted,
    Started,
    Inspected,
    Ended,
    LogsStored,
    Released,
    Removed,
    Terminated,
    Gone,
    CancelRequested,
    Restored,
    Noted,
    GivenUp,
    Refused,
    BootFailed,
    Interrupted,
    AtRisk,
    Hinted,
    NotStarted,
    Warned,
    Stopping,
    Vanished,
    CommandFailed,
)

__all__ = [
    "KINDS",
    "AtRisk",
    "Begun",
    "BootFailed",
    "CancelRequested",
    "CommandFailed",
    "Ended",
    "Fact",
    "GivenUp",
    "Gone",
    "GoneWhy",
    "Hinted",
    "Inspected",
    "Interrupted",
    "LogsStored",
    "NotStarted",
    "Noted",
    "OfAttempt",
    "OfLaunch",
    "OfTry",
    "Offered",
    "Planned",
    "Prepared",
    "Provisioned",
    "Ready",
    "Refused",
    "Released",
    "Removed",
    "Restored",
    "StartGranted",
    "Started",
    "Stopping",
    "Terminated",
    "Vanished",
    "Warned",
]
