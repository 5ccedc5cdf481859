"""A small world of machines and containers, and a shell that carries out in it what `due` says.

Whatever the shell meets (a refusal, an answer that is lost, a machine that does not answer), it
records only what is true; so what the record says can be compared with what was really done.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobsched.domain import deadlines, facts
from jobsched.domain.due import Command, Verb, due
from jobsched.domain.job import Instance, Job, Launch
from jobsched.domain.state import begun, last_try, launch_of, needs_removal, state_of
from tests.unit.domain.example import HERE, HOUR, OFFERS, SECOND, told
from tests.unit.domain.invariant import check

#: what a step may meet; each verb reads the ones that mean something to it as success
LUCK = ("good", "refused", "lost_before", "lost_after", "late", "fail", "replace", "unreachable")


@dataclass
class Box:
    """A container as it really is."""

    phase: str = "created"
    code: int = 0
    starts: int = 0
    withdrawn: bool = False
    removed: bool = False
    #: a start that is still on its way
    start_in_flight: bool = False
    started_at: datetime | None = None
    finished_at: datetime | None = None
    #: it ended because it was stopped
    is_stopped: bool = False

    def start(self, at: datetime) -> None:
        """Start it, unless the name is withdrawn."""
        self.start_in_flight = False
        if not (self.withdrawn or self.removed) and self.phase == "created":
            self.phase, self.started_at = "running", at
            self.starts += 1

    def end(self, code: int, at: datetime) -> None:
        """End it."""
        self.phase, self.code, self.finished_at = "exited", code, at


@dataclass
class Machine:
    """A machine as it really is."""

    id: str
    attempt: int
    ready: bool = False
    gone: bool = False
    taken: bool = False
    boxes: dict[int, Box] = field(default_factory=dict)


@dataclass
class World:
    """One job, the machines that were had for it, and the news that are still on their way."""

    job: Job
    now: datetime = HOUR - 3600 * SECOND
    destroys_machine: bool = True
    machines: dict[str, Machine] = field(default_factory=dict)
    news: list[facts.Fact] = field(default_factory=list)

    # -- what is recorded

    def tell(self, fact: facts.Fact) -> None:
        """Record a fact, every rule of records checked, and those of the world as well."""
        self.job = check(self.job, fact, self.now)
        self.check()

    def check(self) -> None:
        """Compare the record with the world."""
        for number in {one.attempt for one in self.machines.values()}:
            boxes = self.boxes(number)
            assert sum(box.starts for box in boxes) <= 1, "an attempt started two containers"
        assert len(self.running()) <= 1, "two containers run"
        attempt = self.job.attempt
        if attempt:
            bought = [one for one in self.machines.values() if one.attempt == attempt.no]
            assert len(bought) <= self.job.spec.limits.machines
            older = [m for m in self.machines.values() if m.attempt < attempt.no]
            assert all(machine.gone for machine in older), "two attempts have a machine"
        if state_of(self.job).is_terminal:
            assert all(m.gone for m in self.machines.values()), "a machine is left on"
            assert not self.running(), "a container is left on"
            if state_of(self.job) == "finished":
                assert attempt
                ended = [b for b in self.boxes(attempt.no) if b.phase == "exited" and b.starts]
                assert [one.code for one in ended] == [0], "a success that was none"
                # a backup may be older than the intent to stop it
                stopped = any(one.is_stopped for one in ended) and not self.job.restored_at
                assert not stopped, "a success that was a stop"

    def running(self) -> list[Box]:
        """Give the containers that run now; they live on where the machine does."""
        there = [one for one in self.machines.values() if not (one.gone and self.destroys_machine)]
        boxes = [box for machine in there for box in machine.boxes.values()]
        return [box for box in boxes if box.phase == "running" and not box.removed]

    def boxes(self, attempt: int) -> list[Box]:
        """Give the containers of an attempt."""
        machines = (one for one in self.machines.values() if one.attempt == attempt)
        return [box for machine in machines for box in machine.boxes.values()]

    def made(self, kind: type[facts.Fact], /, launch: int = 0, **fields: object) -> facts.Fact:
        """Make a fact of now about a launch of the current attempt."""
        assert self.job.attempt
        fields.setdefault("attempt", self.job.attempt.no)
        return told(kind, self.now, launch=launch, **fields)  # type: ignore[arg-type]  # passed on

    # -- what an operator does

    def put_back(self, backup: Job) -> None:
        """Put an old record back and say so; machines that it does not know are reaped."""
        attempts = (*backup.past, *((backup.attempt,) if backup.attempt else ()))
        known = {launch.token for attempt in attempts for launch in attempt.launches}
        for token, machine in self.machines.items():
            if token not in known:
                machine.gone = True
                for box in machine.boxes.values():
                    box.removed = True
        self.job = backup
        self.tell(facts.Restored(at=self.now))

    # -- what happens by itself

    def sweep(self) -> None:
        """Describe all machines of the job, as the sweep does."""
        for launch in self.job.attempt.launches if self.job.attempt else ():
            machine = self.machines.get(launch.token)
            if machine and not launch.gone_at:
                self._described(launch, machine)

    def _described(self, launch: Launch, machine: Machine) -> None:
        if machine.gone:
            lost = "interrupted" if machine.taken else "machine_lost"
            why = "terminated" if launch.released_at else lost
            self.tell(self.made(facts.Gone, launch.no, why=why))
            return
        self.tell(self.made(facts.Provisioned, launch.no, instance=Instance(id=machine.id)))
        if machine.ready:
            self.tell(self.made(facts.Ready, launch.no, access=HERE))

    def happens(self, what: str) -> None:
        """Let something happen to the newest machine, and its callback be on its way."""
        machine = list(self.machines.values())[-1]
        launch = int(machine.id.rsplit("-", 1)[1])
        about = {"attempt": machine.attempt}
        if machine.gone:
            return
        box = next(reversed(machine.boxes.values()), None)
        match what:
            case "ready":
                machine.ready = True
                self.news.append(self.made(facts.Ready, launch, instance_id=machine.id, **about))
            case "boot_failed" if not machine.ready:
                self.news.append(self.made(facts.BootFailed, launch, **about))
            case "interrupted":
                machine.taken = True
                self.news.append(self.made(facts.Interrupted, launch, **about))
            case "interrupted_soon":
                machine.taken = True
                until = self.now + timedelta(minutes=2)
                self.news.append(self.made(facts.Interrupted, launch, until=until, **about))
            case "at_risk":
                self.news.append(self.made(facts.AtRisk, launch, **about))
            case "lost":
                machine.gone = True
            case "start_arrives" if box and box.start_in_flight:
                box.start(self.now)
            case "exits" | "fails" if box and box.phase == "running":
                box.end(0 if what == "exits" else 3, self.now)
                self.news.append(self.made(facts.Hinted, launch, **about))
            case "lies":
                self.news.append(self.made(facts.Hinted, launch, **about))

    # -- what the shell does

    def step(self, luck: str = "good") -> Command | None:
        """Carry out what is due now, if anything."""
        command = due(self.job, self.now).command
        if command:
            before = self.job
            getattr(self, f"_{command.verb}")(command, luck)
            self.check()
            if self.job is before:
                self._failed(command)
        return command

    def _failed(self, command: Command) -> None:
        pause = timedelta(seconds=15 if command.verb is Verb.FIND else 1)
        fact = self.made(
            facts.CommandFailed,
            command.launch,
            command=command.verb,
            not_before=self.now + pause,
        )
        self.tell(fact)

    def _launch(self, command: Command) -> Launch:
        assert self.job.attempt
        launch = launch_of(self.job.attempt, command.launch)
        assert launch
        return launch

    def _reached(self, command: Command, luck: str) -> Machine | None:
        machine = self.machines.get(self._launch(command).token)
        return None if machine is None or machine.gone or luck == "unreachable" else machine

    def _plan(self, command: Command, luck: str) -> None:
        number = self.job.attempt.no + 1 if self.job.attempt else 1
        self.tell(told(facts.Planned, self.now, attempt=number))

    def _provision(self, command: Command, luck: str) -> None:
        attempt = self.job.attempt
        assert attempt
        if not command.launch:
            self._begin()
            return
        launch = self._launch(command)
        machine = self.machines.get(launch.token)
        if machine is None and luck == "refused":
            self.tell(self.made(facts.Refused, launch.no))
        elif luck != "lost_before":
            name = f"i-{attempt.no}-{launch.no}"
            machine = machine or Machine(id=name, attempt=attempt.no)
            self.machines[launch.token] = machine
            news = self.made(facts.Provisioned, launch.no, instance=Instance(id=machine.id))
            if luck == "late":
                self.news.append(news)
            elif luck != "lost_after":
                self.tell(news)

    def _begin(self) -> None:
        attempt = self.job.attempt
        assert attempt
        if not attempt.offers:
            self.tell(self.made(facts.Offered))
        number = begun(attempt) + 1
        intent = self.made(
            facts.Begun,
            number,
            token=f"token-{attempt.no}-{number}",
            offer=attempt.refusals % len(OFFERS),
            dies_at=deadlines.dies_at(self.job.spec, attempt.plan, self.now),
            destroys_machine=self.destroys_machine,
        )
        self.tell(intent)

    def _find(self, command: Command, luck: str) -> None:
        launch, attempt = self._launch(command), self.job.attempt
        machine = self.machines.get(launch.token)
        if luck == "unreachable" or attempt is None:
            return
        if machine:
            self._described(launch, machine)
        elif self.now >= deadlines.settled(attempt, launch):
            self.tell(self.made(facts.Gone, launch.no, why="never_seen"))

    def _prepare(self, command: Command, luck: str) -> None:
        launch, machine = self._launch(command), self._reached(command, luck)
        if luck == "fail":
            self.tell(self.made(facts.GivenUp, reason="image_not_found"))
        elif luck == "replace":
            self.tell(self.made(facts.Released, launch.no, why="pull_failed"))
        elif machine and luck not in {"lost_before", "refused"}:
            number = len(launch.tries)
            machine.boxes.setdefault(number, Box())
            prepared = self.made(facts.Prepared, launch.no, no=number)
            if luck == "late":
                self.news.append(prepared)
            elif luck != "lost_after":
                self.tell(prepared)

    def _start(self, command: Command, luck: str) -> None:
        launch, machine = self._launch(command), self._reached(command, luck)
        last = last_try(launch)
        assert last
        if machine is None:
            return
        box = machine.boxes[last.no]
        if last.granted_at:
            box.withdrawn = box.withdrawn or box.phase == "created"
        if box.phase != "created":
            self._seen(launch, last.no, box)
        elif last.granted_at:
            self.tell(self.made(facts.NotStarted, launch.no, no=last.no))
        else:
            self._granted(launch, last.no, box, luck)

    def _granted(self, launch: Launch, no: int, box: Box, luck: str) -> None:
        self.tell(self.made(facts.StartGranted, launch.no, no=no))
        if luck == "refused":
            box.phase, box.code = "start_failed", 127
        elif luck == "late":
            box.start_in_flight = True
        elif luck != "lost_before":
            box.start(self.now)
            if luck != "lost_after":
                self.tell(self.made(facts.Started, launch.no, no=no))

    def _seen(self, launch: Launch, no: int, box: Box) -> None:
        last = last_try(launch)
        match box.phase:
            case "running":
                kind = facts.Inspected if last and last.started_at else facts.Started
                self.tell(self.made(kind, launch.no, no=no))
            case "exited" | "start_failed":
                failed = box.phase == "start_failed"
                about = {"no": no, "code": box.code, "start_failed": failed}
                times = {"started_at": box.started_at, "finished_at": box.finished_at}
                self.tell(self.made(facts.Ended, launch.no, **about, **times))

    def _inspect(self, command: Command, luck: str) -> None:
        launch, machine = self._launch(command), self._reached(command, luck)
        last = last_try(launch)
        if machine and last:
            self._seen(launch, last.no, machine.boxes[last.no])

    def _warn(self, command: Command, luck: str) -> None:
        launch = self._launch(command)
        last = last_try(launch)
        assert last
        expected = "interruption" if command.why == "interruption" else None
        assert launch.stopping == expected, "it is told at the wrong time"
        if luck != "lost_after":
            failure = "" if self._reached(command, luck) and luck == "good" else "not reached"
            kind = command.why
            self.tell(self.made(facts.Warned, launch.no, no=last.no, kind=kind, failure=failure))

    def _collect(self, command: Command, luck: str) -> None:
        launch, machine = self._launch(command), self._reached(command, luck)
        last = last_try(launch)
        assert last
        if not launch.ending:
            box = machine.boxes[last.no] if machine else None
            if box and box.phase != "running":
                self._seen(launch, last.no, box)
                return
            if not launch.stopping_at:
                grace = deadlines.grace(self.job.spec, launch, command.why, self.now)  # type: ignore[arg-type]  # a reason, as text
                about = {"no": last.no, "why": command.why, "grace": grace}
                self.tell(self.made(facts.Stopping, launch.no, **about))
                if command.why == "interruption":
                    return
            if box and luck != "lost_before":
                box.end(0 if luck == "late" else 143, self.now)
                box.is_stopped = True
                if luck != "lost_after":
                    self._seen(launch, last.no, box)
        elif machine and luck != "fail":
            self.tell(self.made(facts.LogsStored, launch.no))

    def _terminate(self, command: Command, luck: str) -> None:
        launch = self._launch(command)
        if not (launch.released_at or launch.gone_at):
            self.tell(self.made(facts.Released, launch.no, why=command.why))
            launch = self._launch(command)
        machine = self.machines.get(launch.token)
        if machine is None or launch.instance is None or luck == "unreachable":
            return
        if needs_removal(launch):
            if luck == "fail":
                return
            for box in machine.boxes.values():
                box.removed = True
            self.tell(self.made(facts.Removed, launch.no))
        if luck != "lost_before" and not launch.gone_at:
            machine.gone = True
            kind = facts.Gone if luck == "good" else facts.Terminated
            self.tell(self.made(kind, launch.no))

    def _give_up(self, command: Command, luck: str) -> None:
        self.tell(self.made(facts.GivenUp, reason=command.why))
