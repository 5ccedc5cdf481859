"""The record of one job: what was asked, and every fact that is known about its attempts.

Everything here is frozen: a change is a new object, made by :mod:`jobsched.domain.record` alone.
Fields are filled once and never emptied. Times are aware datetimes in UTC; the name of a field that
holds one ends in ``_at`` or ``_until``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, NewType

JobId = NewType("JobId", str)
#: What a provider or runner plugin keeps about its own things: small, JSON, not looked into by the
#: core.
Json = dict[str, Any]

#: The lowest schema that can read a record written by this version; checked before it is parsed.
SCHEMA = 1

RetryOn = str  # "before_start" | "error" | "exit:<code>" | "timeout" | "interruption"
StopReason = Literal["cancel", "timeout", "interruption"]
#: what a container is told of: its machine will be taken away, or may be
WarningKind = Literal["interruption", "rebalance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long each step may take, and how often it is tried (design, "Times and defaults")."""

    provisioning: timedelta = timedelta(minutes=15)
    booting: timedelta = timedelta(minutes=10)
    prepare: timedelta = timedelta(minutes=10)
    start: timedelta = timedelta(minutes=1)
    hold: timedelta = timedelta(minutes=5)
    #: how long logs are collected after the end, before the machine is given back regardless
    collect: timedelta = timedelta(minutes=2)
    #: longer than what a store may forget when it loses power (`appendfsync everysec`). A container
    #: is granted its start so long after it was saved that there is one; and its machine is given
    #: back so long after that was saved. Whoever reads an older record finds that it ran. 0: the
    #: store forgets nothing
    evidence: timedelta = timedelta(seconds=3)
    #: what is added to the sum of all other limits to get ``dies_at``
    spare: timedelta = timedelta(minutes=15)
    #: machines that one attempt may use before it gives up
    machines: int = 5
    #: containers that a machine is tried with, each withdrawn unstarted, before it is replaced
    tries: int = 5
    #: failures of one command by a plugin's bug before the attempt ends with ``plugin_error``
    plugin_errors: int = 5
    #: how often a running container is inspected where something tells us of its end
    inspect: timedelta = timedelta(minutes=5)
    #: how often it is inspected where nothing does
    inspect_unwatched: timedelta = timedelta(seconds=5)
    #: the first and the longest pause between two tries of one command
    backoff: timedelta = timedelta(seconds=1)
    backoff_most: timedelta = timedelta(minutes=1)
    #: the first and the longest pause between two rounds of offers
    round: timedelta = timedelta(seconds=10)
    round_most: timedelta = timedelta(minutes=10)
    #: how often a termination is repeated until the machine is described as gone
    terminate_again: timedelta = timedelta(seconds=30)
    #: how often a launch in doubt is looked for
    find_again: timedelta = timedelta(seconds=15)
    #: how long a launch token is used before the launch counts as unknown
    token: timedelta = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """When a failed attempt is followed by another (design, table of reasons)."""

    max_attempts: int = 3
    on: tuple[RetryOn, ...] = ("before_start",)
    #: pause after the first attempt; doubled after each further one, with jitter, at most 10
    #: minutes
    backoff: timedelta = timedelta(seconds=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """What the user asked for, with every default filled in at the door; never changed later."""

    schedule: datetime
    docker_image: str
    #: the words of the command, empty for the image's own
    cmd: tuple[str, ...] = ()
    #: the command as the user wrote it, shown in ``GET /status``
    command: str = ""
    #: ``KEY=value`` entries
    env: tuple[str, ...] = ()
    #: variable name → name of a configured secret; the value is looked up by the worker, never
    #: stored
    secret_env: dict[str, str] = field(default_factory=dict)
    #: name of a configured registry credential, or empty
    registry_auth: str = ""
    pull: Literal["always", "missing"] = "missing"
    name: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    provider: str
    runner: str
    planner: str
    #: plugin name → its per-job options, checked by that plugin's schema
    options: dict[str, Json] = field(default_factory=dict)
    #: ``vcpus``, ``memory_mib``, ``gpus`` (numbers) and ``arch``
    resources: dict[str, Any] = field(default_factory=dict)
    timeout: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(seconds=10)
    late_limit: timedelta = timedelta(hours=24)
    retry: Retry = Retry()
    limits: Limits = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """When capacity is asked for and when the container starts, and why so."""

    provision_at: datetime
    start_at: datetime
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One way to get a machine, as a provider names it; offers are tried best first."""

    #: short and for people: ``spot m7i.large,m7a.large in 3 zones``
    label: str
    #: the provider's own description of the offer
    state: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedOffer:
    """An offer that was definitely refused, with the provider's reason."""

    at: datetime
    label: str
    reason: str
    message: str = ""
    #: the number of the launch that asked for it
    launch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """How a runner reaches a machine: the only thing it sees of one.

    ``kind`` names which of the other fields count. Third parties use kinds of their own and put
    what they need into ``state``.
    """

    #: ``this_host``, ``docker_tls``, or a third party's own word
    kind: str
    #: the engine's id, else the machine's; compared by the runner before every call
    host_id: str = ""
    address: str = ""
    port: int = 0
    #: PEM of the one server certificate that is accepted
    certificate: str = ""
    #: URL of an engine on this host (``unix:///var/run/docker.sock``)
    docker_url: str = ""
    state: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What a machine costs, as it was when it was launched."""

    #: US dollars an hour
    per_hour: Decimal
    #: what is paid for at the least, however soon the machine goes
    at_least: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """A machine that a provider handed out."""

    id: str
    access: Access | None = None
    #: where the provider knows it; the first one that it told is kept
    price: Price | None = None
    #: the provider's own small JSON
    state: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """A container that a runner created."""

    name: str
    #: the engine's id; empty where the answer of ``prepare`` was lost
    id: str = ""
    #: the digest or image id that the name was resolved to
    image: str = ""
    #: the runner's own small JSON
    state: Json = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What the first inspect after the end of a container said."""

    at: datetime
    code: int | None = None
    oom: bool = False
    #: the engine refused to start it (no such command, …)
    start_failed: bool = False
    #: the engine's own clock; only their difference is used
    started_at: datetime | None = None
    finished_at: datetime | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A running container was told what becomes of its machine: tried once."""

    at: datetime
    #: why it could not be told; empty: it was
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """One container of a launch: created, granted its one start, started or withdrawn."""

    no: int
    container: Container | None = None
    prepared_at: datetime | None = None
    granted_at: datetime | None = None
    started_at: datetime | None = None
    #: the start was withdrawn before it took effect, or the container vanished before its grant
    not_started_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One request for a machine, from the saved intent to the machine's confirmed end."""

    no: int
    begun_at: datetime
    #: HMAC of deployment secret, job, attempt and launch: the request's idempotency token
    token: str
    offer: int
    #: the frozen request, byte-stable JSON; sent as it is, however often
    request: str
    dies_at: datetime
    #: until then, and so long after its request was sent last, "not found" means unknown
    settles_until: datetime
    destroys_machine: bool = True
    refused_at: datetime | None = None
    instance: Instance | None = None
    provisioned_at: datetime | None = None
    #: how a runner reaches the machine, as the provider described it
    access: Access | None = None
    #: the machine said or was described to be ready
    ready_at: datetime | None = None
    #: the machine's certificate and the id it named, from its first ``update``
    certificate: str = ""
    certified_id: str = ""
    tries: tuple[Try, ...] = ()
    #: a hint that the container ended; asks for an inspect
    hinted_at: datetime | None = None
    inspected_at: datetime | None = None
    inspect_every: timedelta | None = None
    #: the provider said that the machine may soon be taken away; no time is known
    at_risk_at: datetime | None = None
    risk_notice: Notice | None = None
    interrupted_at: datetime | None = None
    #: when the machine will be taken away, if that is known
    interrupted_until: datetime | None = None
    #: what is done to it then, in its provider's word: ``terminate``, ``stop``, ``hibernate``
    interruption: str = ""
    notice: Notice | None = None
    stopping_at: datetime | None = None
    stopping: StopReason | None = None
    #: how long the container was given to end by itself; None: the job's own grace
    stopping_grace: timedelta | None = None
    ending: Ending | None = None
    logs_at: datetime | None = None
    logs_complete: bool | None = None
    #: the machine is not wanted any more, and why
    released_at: datetime | None = None
    released: str = ""
    terminated_at: datetime | None = None
    removed_at: datetime | None = None
    gone_at: datetime | None = None
    #: ``terminated``, ``never_seen``, ``refused``, ``interrupted``, ``machine_lost``, ``abandoned``
    gone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How an attempt ended; filled once."""

    at: datetime
    #: ``finished`` or a reason of the design's table
    reason: str
    #: whether the container may have started: decides what may be retried
    started: bool
    code: int | None = None
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """A command that fails, how often in a row, and when it may be tried again."""

    command: str
    launch: int
    times: int
    at: datetime
    reason: str
    message: str
    not_before: datetime
    #: how many of the failures were a plugin's bug
    bugs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that a plugin noted about a job."""

    at: datetime
    source: str
    data: Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try to run the job to its end."""

    no: int
    planned_at: datetime
    plan: Plan
    offers: tuple[Offer, ...] = ()
    #: how many offers were refused, in all rounds; the next offer is this modulo their number
    refusals: int = 0
    #: the last 20 refusals
    refused: tuple[RefusedOffer, ...] = ()
    round_until: datetime | None = None
    #: every launch, but those that were refused and followed by another
    launches: tuple[Launch, ...] = ()
    outcome: Outcome | None = None
    #: at most one for each command and launch; gone when the command works again
    troubles: tuple[Trouble, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One job: the whole record."""

    id: JobId
    spec: Spec
    accepted_at: datetime
    schema: int = SCHEMA
    rev: int = 0
    cancel_at: datetime | None = None
    #: the store was put back from a backup made before this job may have run: it begins nothing
    #: more
    restored_at: datetime | None = None
    attempt: Attempt | None = None
    past: tuple[Attempt, ...] = ()
    #: the last 20 notes
    notes: tuple[Note, ...] = ()
    #: who took the last step, and the id of its arq job if one did
    worker: str = ""
    arq_job: str = ""
