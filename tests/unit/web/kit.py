"""What the tests of the API share: parts with a store in a dictionary, and jobs made of facts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import structlog

from jobsched.builtin import Terminate, Update
from jobsched.contracts.log_store import LogPart, LogStore
from jobsched.contracts.order import Credential
from jobsched.contracts.planner import History, Planner
from jobsched.contracts.provider import Caps, Provider
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services
from jobsched.domain import facts
from jobsched.domain.job import (
    Access,
    Container,
    Instance,
    Job,
    JobId,
    Json,
    Offer,
    Plan,
    Retry,
    Spec,
)
from jobsched.domain.record import record
from jobsched.domain.state import state_of
from jobsched.engine.parts import Parts
from jobsched.errors import IdempotencyConflict, StaleWrite, UnknownJob
from jobsched.hooks.registry import Registry
from jobsched.store.port import Accepted, Alarm, Halted, Idempotency, Listed, Page, Saved, Store

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ID = JobId("xqKQiunYlaKrPhDSfj06tUzSvPiGJJ9G")
TOKEN = "a-token-of-the-api"
#: a bind that other machines can reach
EVERYWHERE = "0.0.0.0"  # noqa: S104 - it is what must not be bound without a token
BODY = {"schedule": "2026-11-23T13:00:00Z", "docker_image": "alpine:latest", "cmd": "sleep 60"}


class FakeProvider(Provider):
    """Machines that are only told of."""

    name = "local"
    status_section = "aws"
    access = frozenset({"this_host"})
    broken = False

    def status(self, instance: Instance | None) -> Json:
        """Give the seed's section."""
        if self.broken:
            raise RuntimeError("a bug of a plugin")
        found = instance.state if instance else {}
        return {
            "instance_id": instance.id if instance else None,
            "dns_name": found.get("dns_name"),
            "ready": None,
            "ip_address": found.get("ip_address"),
            "state": None,
        }

    offers = freeze = provision = find = describe_all = owned = terminate = cast("Any", None)


class FakeRunner(Runner):
    """Containers that are only told of."""

    name = "docker_runner"
    status_section = "docker"
    access = frozenset({"this_host"})
    broken = False

    def status(self, container: Container | None) -> Json:
        """Add a field of its own."""
        if self.broken:
            raise RuntimeError("a bug of a plugin")
        return {"image_id": container.image if container else None}

    boot_script = prepare = start = inspect = withdraw = stop = remove = logs = cast("Any", None)


class OnTime(Planner):
    """Asks for the machine a minute ahead."""

    name = "on_time"

    def plan(self, job: Job, history: History, now: datetime) -> Plan:
        """Plan."""
        at = job.spec.schedule
        return Plan(provision_at=at - timedelta(minutes=1), start_at=at, why="a minute ahead")


class FakeLogs(LogStore):
    """Logs in a dictionary."""

    name = "fake_logs"

    def __init__(self) -> None:
        self.kept: dict[tuple[str, int], list[LogPart]] = {}

    async def read(self, job: JobId, attempt: int, after: int = 0) -> list[LogPart]:
        """Give what is kept."""
        return self.kept.get((job, attempt), [])

    write = delete = cast("Any", None)


class FakeSecrets:
    """No secret but the tokens of launches."""

    def value(self, name: str) -> str:
        """Give a made-up secret."""
        return f"the value of {name}"

    def credential(self, name: str) -> Credential:
        """Give a made-up credential."""
        return Credential(username=name, password="secret")

    def token(self, job: JobId, attempt: int, launch: int) -> str:
        """Name the launch."""
        return f"token-{job}-{attempt}-{launch}"

    def callback_token(self, job: JobId, attempt: int, launch: int) -> str:
        """Name the launch in another way."""
        return f"callback-{job}-{attempt}-{launch}"


class FakeServices:
    """A clock that stands, ids that count."""

    log = structlog.get_logger()
    history = cast("History", None)

    def __init__(self) -> None:
        self.made = 0

    @property
    def clock(self) -> "FakeServices":
        """The clock."""
        return self

    @property
    def ids(self) -> "FakeServices":
        """The ids."""
        return self

    def now(self) -> datetime:
        """Give the time of all tests."""
        return NOW

    def job(self) -> str:
        """Give the next id."""
        self.made += 1
        return f"{self.made:032d}"


@dataclass
class FakeStore:
    """What the API asks of a store, in dictionaries; every call raises `failure`."""

    jobs: dict[str, Job] = field(default_factory=dict)
    keys: dict[str, tuple[str, JobId]] = field(default_factory=dict)
    alive: list[str] = field(default_factory=lambda: ["worker-1"])
    halts: dict[str, Halted] = field(default_factory=dict)
    alarms_raised: dict[str, Alarm] = field(default_factory=dict)
    reaped_at: dict[str, datetime] = field(default_factory=dict)
    permits: list[str] = field(default_factory=list)
    failure: Exception | None = None
    calls: list[str] = field(default_factory=list)
    #: what `list` was asked
    asked: dict[str, Any] = field(default_factory=dict)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        if self.failure is not None:
            raise self.failure

    async def check(self) -> datetime:
        """Answer."""
        self._called("check")
        return NOW

    async def workers(self) -> Sequence[str]:
        """Give the workers."""
        self._called("workers")
        return self.alive

    async def halted(self) -> Mapping[str, Halted]:
        """Give the providers that are halted."""
        self._called("halted")
        return dict(self.halts)

    async def alarms(self) -> Mapping[str, Alarm]:
        """Give the alarms."""
        self._called("alarms")
        return dict(self.alarms_raised)

    async def reaped(self) -> Mapping[str, datetime]:
        """Give when providers were reaped."""
        self._called("reaped")
        return dict(self.reaped_at)

    async def permit(self, name: str, *, within: timedelta) -> None:
        """Remember who is permitted what."""
        self._called("permit")
        self.permits.append(f"{name} for {within}")

    async def resume(self, provider: str, caps: Caps) -> int:
        """Forget the halt, and remember the caps."""
        self._called("resume")
        self.asked = {"caps": caps}
        return 3 if self.halts.pop(provider, None) else 0

    async def slots(self, provider: str) -> Mapping[str, JobId]:
        """Give one launch."""
        self._called("slots")
        return {"token": ID} if provider == "local" else {}

    async def accept(
        self, job: Job, *, look_again_at: datetime, idempotency: Idempotency | None = None
    ) -> Accepted:
        """Keep the job."""
        self._called("accept")
        if idempotency is not None:
            digest, known = self.keys.setdefault(idempotency.key, (idempotency.digest, job.id))
            if digest != idempotency.digest:
                raise IdempotencyConflict
            if known != job.id:
                return Accepted(id=known, created=False)
        self.jobs[job.id] = job
        return Accepted(id=job.id, created=True)

    async def read(self, job: JobId) -> Job:
        """Give the job."""
        self._called("read")
        if job not in self.jobs:
            raise UnknownJob
        return self.jobs[job]

    async def save(self, before: Job, after: Job, **_: Any) -> Saved:
        """Replace the job."""
        self._called("save")
        if self.jobs[before.id].rev != before.rev:
            raise StaleWrite
        self.jobs[before.id] = replace(after, rev=before.rev + 1)
        return Saved(job=self.jobs[before.id])

    async def list(self, **asked: Any) -> Page:
        """Give every job, and remember what was asked."""
        self._called("list")
        self.asked = asked
        lines = [
            Listed(id=j.id, state=state_of(j), schedule=j.spec.schedule, name=j.spec.name)
            for j in self.jobs.values()
        ]
        return Page(jobs=tuple(lines), next="more")


def make_registry() -> Registry:
    """Give a registry with one part of each kind."""
    return Registry(
        providers={"local": FakeProvider()},
        runners={"docker_runner": FakeRunner()},
        planners={"on_time": OnTime()},
        log_stores={"fake_logs": FakeLogs()},
        actions={"update": Update(), "terminate": Terminate()},
        defaults={
            "provider": "local",
            "runner": "docker_runner",
            "planner": "on_time",
            "log_store": "fake_logs",
        },
    )


def make_parts(store: FakeStore) -> Parts:
    """Give parts around a store."""
    return Parts(
        store=cast("Store", store),
        registry=make_registry(),
        services=cast("Services", FakeServices()),
        secrets=FakeSecrets(),
    )


def make_spec(**changes: Any) -> Spec:
    """Give a spec."""
    given: dict[str, Any] = {
        "schedule": NOW,
        "docker_image": "alpine:latest",
        "cmd": ("sleep", "60"),
        "command": "sleep 60",
        "env": ("key=value",),
        "provider": "local",
        "runner": "docker_runner",
        "planner": "on_time",
    }
    return Spec(**{**given, **changes})


def make_job(*found: facts.Fact, spec: Spec | None = None) -> Job:
    """Give a job with these facts on record."""
    job = Job(id=ID, spec=spec or make_spec(), accepted_at=NOW)
    for fact in found:
        job = record(job, fact)
    return job


def after(seconds: float) -> datetime:
    """Give a time so many seconds later."""
    return NOW + timedelta(seconds=seconds)


INSTANCE = Instance(
    id="i-0bfe22184ff4c092c",
    access=Access(kind="this_host", certificate="A CERTIFICATE"),
    state={"dns_name": "ec2.example", "ip_address": "107.23.178.40"},
)
CONTAINER = Container(name=f"jobsched-{ID}-1-1", id="4ac3b8eb", image="sha256:1234")

HALTED = Halted(reason="configuration", message="the image ami-1 does not exist", job=ID, at=NOW)
#: the same as it is told
HALTED_TOLD = {
    "reason": "configuration",
    "message": "the image ami-1 does not exist",
    "job": ID,
    "at": "2026-11-23T12:00:00Z",
}

#: a good attempt, fact by fact, each five seconds after the one before
GOOD: tuple[facts.Fact, ...] = (
    facts.Planned(
        at=NOW, attempt=1, plan=Plan(provision_at=NOW, start_at=after(20), why="a minute ahead")
    ),
    facts.Offered(at=after(1), attempt=1, offers=(Offer(label="this machine"),)),
    facts.Begun(
        at=after(5),
        attempt=1,
        launch=1,
        token="LAUNCH-TOKEN",
        offer=0,
        request='{"frozen": "REQUEST"}',
        dies_at=after(9000),
        settles_until=after(5),
        destroys_machine=False,
    ),
    facts.Provisioned(at=after(10), attempt=1, launch=1, instance=INSTANCE),
    facts.Ready(at=after(15), attempt=1, launch=1, certificate="A CERTIFICATE"),
    facts.Prepared(at=after(20), attempt=1, launch=1, no=0, container=CONTAINER),
    facts.StartGranted(at=after(25), attempt=1, launch=1, no=0),
    facts.Started(at=after(30), attempt=1, launch=1, no=0),
    facts.Ended(at=after(35), attempt=1, launch=1, no=0, code=0),
    facts.LogsStored(at=after(40), attempt=1, launch=1, complete=True),
    facts.Released(at=after(45), attempt=1, launch=1, why="over"),
    facts.Removed(at=after(50), attempt=1, launch=1),
    facts.Terminated(at=after(55), attempt=1, launch=1),
    facts.Gone(at=after(60), attempt=1, launch=1),
)


def until(kind: type[facts.Fact]) -> tuple[facts.Fact, ...]:
    """Give a good attempt up to a kind of fact."""
    last = next(index for index, fact in enumerate(GOOD) if isinstance(fact, kind))
    return GOOD[: last + 1]


def bearer(token: str = TOKEN) -> dict[str, str]:
    """Give the header."""
    return {"Authorization": f"Bearer {token}"}


__all__ = [
    "BODY",
    "CONTAINER",
    "EVERYWHERE",
    "GOOD",
    "HALTED",
    "HALTED_TOLD",
    "ID",
    "INSTANCE",
    "NOW",
    "TOKEN",
    "FakeLogs",
    "FakeProvider",
    "FakeRunner",
    "FakeStore",
    "JobId",
    "Retry",
    "after",
    "bearer",
    "make_job",
    "make_parts",
    "make_registry",
    "make_spec",
    "until",
]
