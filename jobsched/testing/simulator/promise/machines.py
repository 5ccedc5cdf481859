"""What is promised of machines: asked for, given back, ended by the right hand, and in time."""

from __future__ import annotations

from collections.abc import Callable

from jobsched.domain.job import Attempt, Job, JobId, Launch
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator.promise.sight import Sight
from jobsched.testing.simulator.promise.witnessed import REAPER

#: seconds within which a machine ends that nobody wants
QUARTER = 900.0
#: seconds after which a machine that nobody wants any more cannot begin because somebody stood
#: still, or was not answered, who asked for it in time
LATE = 600.0
#: seconds after which nobody ends a machine any more by a save that the store has forgotten: who
#: stands still longer has lost the job, and the reaper's list is a minute old
EXCUSED = 300.0
#: seconds for which the reaper spares a machine whose launch the store may have forgotten, as its
#: job may ask for it again (docs/explanation/reliability.md, R1)
SPARED = 600.0


class MachinePromises:
    """Looks at machines, and counts what they cost beyond what had to be.

    Args:
        sight: of the world.
        calm: gives the time from which on nothing goes wrong any more.
    """

    def __init__(self, sight: Sight, calm: Callable[[], float]) -> None:
        self._sight = sight
        self._calm = calm
        #: token → the job of its launch, once that was saved
        self._job_of: dict[str, JobId] = {}
        #: tokens of launches whose machines live on: they cost no more than before
        self._live_on: set[str] = set()
        #: token → since when its record does not want it
        self._unwanted: dict[str, float] = {}
        #: tokens of launches that a store has forgotten, and may come to again
        self._forgotten: set[str] = set()
        #: tokens of which a store has forgotten that they were given back, or asked for → until
        #: when that excuses whoever ends their machines
        self._forgiven: dict[str, float] = {}
        #: tokens of machines that somebody of ours asked to end
        self._told_to_end: set[str] = set()
        #: those that the reaper asked to end so young while the store had forgotten their launches
        self._reaped: set[str] = set()
        #: job → its machines that are on
        self._on: dict[str, list[FakeMachine]] = {}

    def changed(self, job: Job) -> None:
        """Look at one save: which launches are wanted."""
        if job.attempt is None:
            return
        now = self._sight.time()
        for launch in job.attempt.launches:
            token = launch.token
            if token not in self._job_of:
                self._job_of[token] = job.id
                if not launch.destroys_machine:
                    self._live_on.add(token)
            if not is_wanted(job.attempt, launch):
                self._unwanted.setdefault(token, now)
            elif self._unwanted.pop(token, None) is not None:
                # a store had forgotten it
                self._wanted_again(token, job.id)

    def forget(self, *, for_good: bool) -> None:
        """Know what the store has forgotten: that machines are asked for, or given back.

        Args:
            for_good: a backup was put back, and whoever asked before does not do so again.
        """
        now, jobs = self._sight.time(), self._sight.jobs
        for token, job in self._job_of.items():
            record = jobs.get(job)
            if record and any(launch_with(past, token) for past in record.past):
                continue
            attempt = record.attempt if record else None
            launch = launch_with(attempt, token)
            if attempt and launch and is_wanted(attempt, launch):
                if self._unwanted.pop(token, None) is not None:
                    self._forgiven[token] = now + EXCUSED
            elif launch is None and token not in self._unwanted:
                self._unwanted[token] = now
                if not for_good:
                    self._forgotten.add(token)

    def born(self, machine: FakeMachine) -> None:
        """Look at a machine that is new."""
        token, tell = machine.token, self._sight.tell
        self._sight.money.machines += 1
        job = self._job_of.get(token)
        self._sight.history.note(machine.id, f"begins for {job or 'nobody'}")
        if token in self._unwanted and self._sight.time() > self._unwanted[token] + LATE:
            what = f"{machine.id} of {job} begins long after its launch was given up"
            tell("no late launch", what, job or "")
        if job is None:
            self._note_extra(machine, "no launch was saved")
            tell("intent first", f"{machine.id} is no launch's", machine.order.get("job", ""))
            return
        others = self._on.setdefault(job, [])
        if token in self._unwanted and token not in self._forgotten:
            self._note_extra(machine, "its launch was given up")
        elif any(not self._is_given_back(job, other) for other in others):
            self._note_extra(machine, "another one was on")
        others.append(machine)

    def ended(self, machine: FakeMachine) -> None:
        """Look at a machine that is switched off now."""
        job = self._job_of.get(machine.token)
        self._sight.history.note(machine.id, f"ends for {job or 'nobody'}")
        if job is not None and machine in (others := self._on.get(job, [])):
            others.remove(machine)
        if machine.token in self._forgotten:
            whose = "launch" if job in self._sight.jobs else "job"
            self._note_extra(machine, f"its {whose} was forgotten")
        self._count(machine, self._sight.time())

    def is_told_to_end(self, machine: FakeMachine, by: str) -> None:
        """Look at somebody who ends a machine."""
        job, token = self._job_of.get(machine.token), machine.token
        self._told_to_end.add(token)
        age = self._sight.time() - self._sight.books.born_at[machine.id]
        if by == REAPER and token in self._forgotten and age < SPARED:
            self._reaped.add(token)
        record = self._sight.jobs.get(job) if job else None
        attempt = record.attempt if record else None
        if attempt is None or self._sight.time() < self._forgiven.get(token, 0.0):
            return
        launch = launch_with(attempt, token)
        if launch and is_wanted(attempt, launch):
            self._sight.tell("right machine", f"{machine.id} of {job} is ended by {by}", job or "")

    def over(self) -> None:
        """Look at what is on when all is over."""
        for machine in self._sight.books.alive():
            self._sight.tell("no leak", f"{machine.id} is on", self._job_of.get(machine.token, ""))
            self._count(machine, self._sight.time())

    def _wanted_again(self, token: str, job: JobId) -> None:
        if token in self._reaped:
            what = f"{token[:8]} of {job} was ended by the reaper, and is wanted again"
            self._sight.tell("right machine", what, job)
        if token in self._forgotten:
            # who had read meanwhile that there is no such launch gives its machine back
            self._forgiven[token] = self._sight.time() + EXCUSED
        self._forgotten.discard(token)

    def _note_extra(self, machine: FakeMachine, why: str) -> None:
        if machine.token in self._live_on:
            return
        job = self._job_of.get(machine.token, "nobody")
        self._sight.history.note("money", f"{machine.id} for {job} is one too many: {why}")
        self._sight.money.note_extra(why)

    def _count(self, machine: FakeMachine, now: float) -> None:
        """Count how long nobody wanted a machine that ends now."""
        if machine.token in self._live_on:
            return
        born = self._sight.books.born_at[machine.id]
        job = self._job_of.get(machine.token, "")
        since = max(born, self._unwanted.get(machine.token, now if job else born))
        self._sight.money.orphan_seconds.append(max(0.0, now - since))
        if machine.phase == "gone" and now - max(since, self._calm()) > QUARTER:
            self._sight.tell("no leak", f"{machine.id} was on for {now - since:.0f} s", job)

    def _is_given_back(self, job: JobId, other: FakeMachine) -> bool:
        """Whether another machine of the job ends, or was told to once, heard or not.

        Then the next one may be asked for before it is gone (design, section 2, "States"). What was
        refused after its launch ends by itself, and its record may not have it any more.
        """
        if other.token in self._told_to_end:
            return True
        record = self._sight.jobs.get(job)
        launch = launch_with(record.attempt if record else None, other.token)
        if launch is None:
            return other.token not in self._forgotten
        return bool(launch.gone_at or launch.refused_at)


def launch_with(attempt: Attempt | None, token: str) -> Launch | None:
    """Give the launch of a token, if the attempt has it."""
    launches = attempt.launches if attempt else ()
    return next((one for one in launches if one.token == token), None)


def is_wanted(attempt: Attempt, launch: Launch) -> bool:
    """Whether the attempt that has the launch needs its machine."""
    return not (attempt.outcome or launch.released_at or launch.gone_at or launch.refused_at)


__all__ = ["QUARTER", "MachinePromises", "is_wanted"]
