"""A provider and a runner of an imagined world, which keeps the books that a test holds us to."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.provider import Caps, InstanceStatus, OwnedMachine, Provider
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.contracts.services import Clock
from jobsched.domain.job import Access, Container, Instance, Json, Offer
from jobsched.errors import ProviderFailed, RunnerFailed

LARGEST_CHUNK = 64 * 1024
#: what a machine says of itself, or its provider of it
READY, BOOT_FAILED, AT_RISK, TAKEN_BACK = "ready", "boot failed", "at risk", "taken back"


@dataclass(frozen=True, slots=True, kw_only=True)
class FakeProgram:
    """What a container of the imagined world does when it is started."""

    #: seconds that it runs, and its exit code then
    runs: float = 0.0
    code: int = 0
    output: bytes = b""
    #: its exit code if it is asked to end; None: it does not listen, and is killed
    asked: int | None = 143
    #: it ends because it wants too much memory
    oom: bool = False
    #: False: there is no such program, and it cannot be started
    exists: bool = True
    #: it ends once its file tells of an interruption, after it has written what stands in it
    awaits_warning: bool = False


@dataclass(slots=True, kw_only=True)
class FakeContainer:
    """A container on a machine of the imagined world."""

    name: str
    id: str
    phase: str = "created"
    started_at: datetime | None = None
    finished_at: datetime | None = None
    code: int | None = None
    oom: bool = False
    #: None: what the world says of all of them
    program: FakeProgram | None = None
    #: what stands in the file in which it is told what becomes of its machine
    warning: bytes | None = None
    #: where it is
    machine: FakeMachine | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True, kw_only=True)
class FakeMachine:
    """A machine of the imagined world."""

    token: str
    id: str
    ready_at: float
    phase: str = "running"
    #: its marks: what was asked for, and when that was
    order: dict[str, Any] = field(default_factory=dict)
    launched_at: datetime | None = None
    containers: dict[str, FakeContainer] = field(default_factory=dict)
    #: how many containers were ever created on it
    made: int = 0
    #: set when a container on it, or it itself, has ended; whoever waits for that clears it
    news: asyncio.Event = field(default_factory=asyncio.Event, repr=False, compare=False)


class FakeMachines(dict[str, FakeMachine]):
    """All machines that ever were; those that are on are found without a look at the others."""

    def __init__(self) -> None:
        super().__init__()
        #: by id
        self.on: dict[str, FakeMachine] = {}

    def __setitem__(self, token: str, machine: FakeMachine) -> None:
        super().__setitem__(token, machine)
        if machine.phase != "gone":
            self.on[machine.id] = machine


@dataclass(slots=True, kw_only=True)
class FakeWorld:
    """What really is, and what really happened, whoever forgot it."""

    clock: Clock
    #: seconds from a request to a machine that is ready
    boot: float = 5.0
    #: seconds that a container runs, and its exit code
    runs: float = 20.0
    code: int = 0
    output: bytes = b"hello\n"
    #: what a container does, where it is not the same for all of them
    imagine: Callable[[ContainerOrder], FakeProgram] | None = None
    #: a machine says itself that it is ready; its provider cannot tell
    says_ready: bool = False
    #: a machine switches itself off at its ``dies_at``
    has_dead_man: bool = False
    #: the provider does not answer
    is_silent: bool = False
    #: of a machine that has ended a runner hears that nothing is on it, as where several are on one
    #: host, which goes on; else it hears nothing
    ended_are_empty: bool = False
    #: machines are on, and no runner reaches them
    cut_off: bool = False
    machines: FakeMachines = field(default_factory=FakeMachines)
    #: what machines have truly said, and their provider of them: token and word
    words: set[tuple[str, str]] = field(default_factory=set)
    #: told of each machine that is switched off, by whomever
    on_end: Callable[[FakeMachine], None] | None = None
    #: container name → how often it was really started
    starts: Counter[str] = field(default_factory=Counter)
    #: container name → when it really started
    started_at: dict[str, datetime] = field(default_factory=dict)
    #: machines alive at one time, at most
    most_alive: int = 0
    #: containers that were started beside another running one of the same job
    overlaps: list[str] = field(default_factory=list)
    #: what each container was told of its machine: its name, and the document
    warnings: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    #: what was asked to end: its name, and the seconds that it was given
    stops: list[tuple[str, float]] = field(default_factory=list)
    #: machine, or nothing for all of them → who watches for names of containers that ended
    listeners: dict[str, list[asyncio.Queue[str]]] = field(default_factory=dict)

    def alive(self) -> list[FakeMachine]:
        """Give the machines that cost money."""
        return list(self.machines.on.values())

    def launched(self, token: str, *, named: str | None = None) -> FakeMachine:
        """Give the machine of a token: the same token, the same machine, dead or alive.

        Args:
            token: of its launch.
            named: the id of a new one; None: the next number.
        """
        if token not in self.machines:
            name = named or f"m-{len(self.machines) + 1}"
            ready_at = self.clock.monotonic() + self.boot
            self.machines[token] = FakeMachine(
                token=token, id=name, ready_at=ready_at, launched_at=self.clock.now()
            )
            self.most_alive = max(self.most_alive, len(self.machines.on))
        return self.machines[token]

    def by_id(self, machine: str) -> FakeMachine | None:
        """Give a machine that is on."""
        return self.machines.on.get(machine)

    def end(self, machine: FakeMachine) -> None:
        """Switch a machine off; its containers end with it, unseen."""
        machine.containers.clear()
        if machine.phase == "gone":
            return
        machine.phase = "gone"
        self.machines.on.pop(machine.id, None)
        machine.news.set()
        for listener in self.listeners.get(machine.id, ()):
            # the connection ends with it
            listener.put_nowait("")
        if self.on_end:
            self.on_end(machine)

    def power_off(self, machine: FakeMachine) -> None:
        """Let a machine end because it was told that it may go."""
        self.end(machine)

    def note_start(self, one: FakeContainer) -> None:
        """Write a start into the books."""
        name = one.name
        self.starts[name] += 1
        self.started_at.setdefault(name, self.clock.now())
        job = name.split("-")[1]
        for machine in self.alive():
            for other in machine.containers.values():
                self.look(other)
                if other.phase == "running" and other.name != name and job in other.name:
                    self.overlaps.append(f"{name} beside {other.name}")

    def program(self, one: FakeContainer) -> FakeProgram:
        """Say what a container does."""
        return one.program or FakeProgram(runs=self.runs, code=self.code, output=self.output)

    def look(self, one: FakeContainer) -> None:
        """Let a container that has run its time have ended."""
        if one.phase == "running" and one.started_at is not None:
            program = self.program(one)
            finished_at = one.started_at + timedelta(seconds=program.runs)
            if finished_at <= self.clock.now():
                one.phase, one.code, one.finished_at = "exited", program.code, finished_at
                one.oom = program.oom

    def told(self, one: FakeContainer) -> None:
        """Tell the watchers, and the machine's own agent, that a container has ended."""
        where = one.machine.id if one.machine else ""
        for listener in (*self.listeners.get(where, ()), *self.listeners.get("", ())):
            listener.put_nowait(one.name)
        if one.machine:
            one.machine.news.set()

    def over(self, host: str) -> list[str]:
        """Give the names of containers that have ended, on one machine or on all."""
        machines = [one for one in self.alive() if host in {"", one.id}]
        return [
            one.name
            for machine in machines
            for one in machine.containers.values()
            if one.phase == "exited"
        ]


class FakeProvider(Provider):
    """Machines of an imagined world: idempotent by token, destroyed by termination."""

    name: ClassVar[str] = "fake"
    status_section: ClassVar[str] = "fake"
    access: ClassVar[frozenset[str]] = frozenset({"fake"})

    def __init__(self, world: FakeWorld, *, caps: Caps | None = None) -> None:
        self.world = world
        self.caps = caps or Caps()
        #: told of each new machine, with the order that it was made for
        self.on_launch: Callable[[FakeMachine, dict[str, Any]], None] | None = None
        self.settles_within = timedelta(0)

    def status(self, instance: Instance | None) -> Json:
        """Give the machine's id."""
        return {"instance_id": instance.id if instance else None}

    async def offers(self, order: MachineOrder) -> Sequence[Offer]:
        """Give the one offer there is."""
        del order
        return [Offer(label="imagined")]

    async def freeze(self, order: MachineOrder, offer: Offer) -> str:
        """Write down whose it is."""
        del offer
        whose = {"job": order.job, "attempt": order.attempt, "launch": order.launch}
        dies_at = order.dies_at.isoformat() if order.dies_at else None
        return json.dumps({"token": order.token, "dies_at": dies_at, **whose}, sort_keys=True)

    async def provision(self, request: str) -> InstanceStatus:
        """Give the machine of the token."""
        self._answer()
        await self.world.clock.sleep(0.5)
        order = json.loads(request)
        is_new = order["token"] not in self.world.machines
        machine = self.world.launched(order["token"])
        machine.order = order
        if is_new and self.on_launch:
            self.on_launch(machine, order)
        return self._described(machine)

    async def find(self, token: str) -> InstanceStatus | None:
        """Look the machine up."""
        self._answer()
        machine = self.world.machines.get(token)
        return self._described(machine) if machine else None

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """Describe every machine that ever was."""
        del known
        self._answer()
        return {token: self._described(one) for token, one in self.world.machines.items()}

    async def owned(self) -> Sequence[OwnedMachine]:
        """List the machines that are on."""
        self._answer()
        return [self._owned(machine) for machine in self.world.alive()]

    async def terminate(self, instance: Instance) -> InstanceStatus:
        """Switch the machine off."""
        self._answer()
        await self.world.clock.sleep(0.5)
        machine = self.world.by_id(instance.id)
        if machine is not None:
            self.world.end(machine)
        return InstanceStatus(phase="gone", instance=instance)

    def _owned(self, machine: FakeMachine) -> OwnedMachine:
        order = machine.order
        dies_at = order.get("dies_at")
        return OwnedMachine(
            instance=Instance(id=machine.id),
            phase="running",
            token=machine.token,
            job=order.get("job", ""),
            attempt=order.get("attempt", 0),
            launched_at=machine.launched_at,
            dies_at=datetime.fromisoformat(dies_at) if dies_at else None,
        )

    def _answer(self) -> None:
        if self.world.is_silent:
            raise ProviderFailed("no_answer", "imagined", effect="unknown")

    def access_to(self, machine: FakeMachine) -> Access:
        """Say how a runner reaches the machine."""
        return Access(kind="fake", host_id=machine.id)

    def _described(self, machine: FakeMachine) -> InstanceStatus:
        if machine.phase == "gone":
            return InstanceStatus(phase="gone", instance=Instance(id=machine.id))
        is_up = self.world.clock.monotonic() >= machine.ready_at
        return InstanceStatus(
            phase="running",
            ready=is_up and not self.world.says_ready,
            access=self.access_to(machine) if is_up or self.world.says_ready else None,
            instance=Instance(id=machine.id),
        )


class FakeRunner(Runner):
    """Containers of an imagined world, with Docker's habit to run an exited one again."""

    name: ClassVar[str] = "fake"
    status_section: ClassVar[str] = "fake_container"
    access: ClassVar[frozenset[str]] = frozenset({"fake"})

    def __init__(self, world: FakeWorld) -> None:
        self.world = world

    def boot_script(self, order: MachineOrder) -> str:
        """Need nothing."""
        del order
        return ""

    def status(self, container: Container | None) -> Json:
        """Give the container's id."""
        return {"container_id": container.id if container else None}

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Create the container, or find it there."""
        await self.world.clock.sleep(0.5)
        machine = self._machine(instance)
        if f"{order.name}-withdrawn" in machine.containers:
            raise RunnerFailed("withdrawn", "its name is used up")
        known = machine.containers.get(order.name)
        if known is None:
            program = self.world.imagine(order) if self.world.imagine else None
            machine.made += 1
            # whatever is created anew under a name is another one, as in an engine
            known = FakeContainer(
                name=order.name,
                id=f"{machine.id}/{machine.made}",
                program=program,
                machine=machine,
            )
            machine.containers[order.name] = known
        return Container(name=order.name, id=known.id, image=order.pinned or f"{order.image}@fake")

    async def start(self, instance: Instance, container: Container) -> None:
        """Start it by name, and run it again if it has run."""
        machine = self._machine(instance)
        one = machine.containers.get(container.name)
        if one is None:
            raise RunnerFailed("container_gone", "no such container", effect="unknown")
        if one.phase == "running":
            return
        program = self.world.program(one)
        if not program.exists:
            one.phase, one.code = "start_failed", 127
            raise RunnerFailed("start_failed", "no such program", effect="unknown")
        self.world.note_start(one)
        one.phase, one.started_at = "running", self.world.clock.now()
        asyncio.get_running_loop().call_later(program.runs, self._over, one)
        await self.world.clock.sleep(0.2)

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Look at it."""
        try:
            machine = self._machine(instance)
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)
        one = self._container(machine, container)
        if one is None:
            return ContainerStatus(phase="gone")
        self.world.look(one)
        return ContainerStatus(
            phase=one.phase,  # type: ignore[arg-type]  # a word of the contract, kept as text
            code=one.code,
            oom=one.oom,
            started_at=one.started_at,
            finished_at=one.finished_at,
        )

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Rename it, so that a start by name finds nothing."""
        try:
            machine = self._machine(instance)
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)
        one = self._container(machine, container)
        if one is not None and machine.containers.get(container.name) is one:
            del machine.containers[container.name]
            machine.containers[f"{container.name}-withdrawn"] = one
        await self.world.clock.sleep(1)
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """Ask it to end; kill it after ``grace`` if it does not listen."""
        one = self._container(self._machine(instance), container)
        if one is None or one.phase != "running":
            return
        self.world.stops.append((container.name, grace.total_seconds()))
        code = self.world.program(one).asked
        if code is None:
            await self.world.clock.sleep(grace.total_seconds())
            code = 137
        self._end(one, code)

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Write it down; a program that waits for that tells it, and ends."""
        one = self._container(self._machine(instance), container)
        await self.world.clock.sleep(0.1)
        if one is None or one.phase != "running":
            return
        one.warning = warning.document
        self.world.warnings.append((container.name, json.loads(warning.document)))
        if self.world.program(one).awaits_warning and warning.kind == "interruption":
            self._end(one, 0)

    async def remove(self, instance: Instance, container: Container) -> None:
        """Forget it; one that runs is ended by that."""
        if self.world.ended_are_empty and self.world.by_id(instance.id) is None:
            return
        machine = self._machine(instance)
        for name in (container.name, f"{container.name}-withdrawn"):
            if one := machine.containers.pop(name, None):
                one.phase = "gone"

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give the output of a container that was started, at once; nothing more comes."""
        one = self._container(self._machine(instance), container)
        if one is None:
            raise RunnerFailed("container_gone", "no such container")
        while follow and one.phase == "running":
            await self.world.clock.sleep(0.2)
            self.world.look(one)
        output = self.world.program(one).output
        if self.world.program(one).awaits_warning and one.phase == "exited":
            output += one.warning or b""
        if one.program and not one.started_at:
            output = b""
        for offset in range(since, max(len(output), since + 1), LARGEST_CHUNK):
            yield LogChunk(offset=offset, data=output[offset : offset + LARGEST_CHUNK])

    async def _names(self, access: Access) -> AsyncIterator[str]:
        # machines of an author's provider are known by other ids than those in their accesses
        host = access.host_id if access.kind == "fake" else ""
        if host:
            self._reach(host)
        heard: asyncio.Queue[str] = asyncio.Queue()
        listeners = self.world.listeners.setdefault(host, [])
        listeners.append(heard)
        try:
            for name in self.world.over(host):
                yield name
            while name := await heard.get():
                yield name
            raise RunnerFailed("machine_unreachable", "it is gone", effect="unknown")
        finally:
            listeners.remove(heard)

    def watch(self, access: Access) -> AsyncIterator[str] | None:
        """Name ended containers."""
        return self._names(access)

    def _over(self, one: FakeContainer) -> None:
        was_running = one.phase == "running"
        self.world.look(one)
        # whoever inspected it in the very moment has seen its end before this
        if was_running or one.finished_at == self._runs_until(one):
            self.world.told(one)

    def _end(self, one: FakeContainer, code: int) -> None:
        one.phase, one.code, one.finished_at = "exited", code, self.world.clock.now()
        self.world.told(one)

    def _runs_until(self, one: FakeContainer) -> datetime | None:
        runs = timedelta(seconds=self.world.program(one).runs)
        return one.started_at + runs if one.started_at else None

    def _check(self, instance: Instance) -> None:
        access = instance.access
        if access and access.kind == "fake" and access.host_id not in {"", instance.id}:
            raise RunnerFailed("wrong_host", "another machine answers", then="replace")

    def _machine(self, instance: Instance) -> FakeMachine:
        self._check(instance)
        return self._reach(instance.id)

    def _reach(self, machine_id: str) -> FakeMachine:
        machine = self.world.by_id(machine_id)
        if machine is None or self.world.cut_off:
            raise RunnerFailed("machine_unreachable", "no answer", effect="unknown")
        return machine

    def _container(self, machine: FakeMachine, container: Container) -> FakeContainer | None:
        """Find it by its id, if that is known, else by its name; only starts go by names alone."""
        for name in (container.name, f"{container.name}-withdrawn"):
            one = machine.containers.get(name)
            if one is not None and container.id in {"", one.id}:
                return one
        return None


def refused(reason: str = "no_capacity") -> ProviderFailed:
    """Make a definite refusal: there is no machine, and the next offer may be tried."""
    return ProviderFailed(reason, "imagined", effect="none", then="next")


__all__ = [
    "FakeContainer",
    "FakeMachine",
    "FakeMachines",
    "FakeProgram",
    "FakeProvider",
    "FakeRunner",
    "FakeWorld",
    "refused",
]
