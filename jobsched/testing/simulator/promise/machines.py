"""What is promised of machines: asked for, given back, ended by the right hand, and in time."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from jobsched.domain.job import Attempt, Job, JobId, Launch
from jobsched.testing.fakes import FakeMachine
from jobsched.testing.simulator.promise.sight import Sight

#: seconds within which a machine ends that nobody wants
QUARTER = 900.0


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
        #: token → since when its record does not want it
        self._unwanted: dict[str, float] = {}
        #: tokens that were given back by what a store has forgotten
        self._forgiven: set[str] = set()
        #: job → its machines that are on
        self._on: dict[str, list[FakeMachine]] = {}

    def changed(self, job: Job) -> None:
        """Look at one save: which launches are wanted."""
        if job.attempt is None:
            return
        now = self._sight.time()
        for launch in job.attempt.launches:
            self._job_of[launch.token] = job.id
            if not is_wanted(job.attempt, launch):
                self._unwanted.setdefault(launch.token, now)

    def put_back(self, jobs: Iterable[Job]) -> None:
        """Forgive what was done by records that a backup has taken the place of."""
        for job in jobs:
            for launch in job.attempt.launches if job.attempt else ():
                if (
                    job.attempt
                    and is_wanted(job.attempt, launch)
                    and launch.token in self._unwanted
                ):
                    del self._unwanted[launch.token]
                    self._forgiven.add(launch.token)

    def born(self, machine: FakeMachine) -> None:
        """Look at a machine that is new."""
        token, tell = machine.token, self._sight.tell
        self._sight.money.machines += 1
        job = self._job_of.get(token)
        self._sight.history.note(machine.id, f"begins for {job or 'nobody'}")
        if job is None:
            self._sight.money.note_extra("no launch was saved")
            tell("intent first", f"{machine.id} is no launch's", machine.order.get("job", ""))
            return
        others = self._on.setdefault(job, [])
        if token in self._unwanted:
            self._sight.money.note_extra("its launch was given up")
        elif any(not self._is_given_back(job, other) for other in others):
            self._sight.money.note_extra("another one was on")
        others.append(machine)

    def ended(self, machine: FakeMachine) -> None:
        """Look at a machine that is switched off now."""
        job = self._job_of.get(machine.token)
        self._sight.history.note(machine.id, f"ends for {job or 'nobody'}")
        if job is not None and machine in (others := self._on.get(job, [])):
            others.remove(machine)
        self._count(machine, self._sight.time())

    def is_told_to_end(self, machine: FakeMachine, by: str) -> None:
        """Look at somebody who ends a machine."""
        job, token = self._job_of.get(machine.token), machine.token
        record = self._sight.jobs.get(job) if job else None
        attempt = record.attempt if record else None
        if attempt is None or token in self._forgiven:
            return
        launch = next((one for one in attempt.launches if one.token == token), None)
        if launch and is_wanted(attempt, launch):
            self._sight.tell("right machine", f"{machine.id} of {job} is ended by {by}", job or "")

    def over(self) -> None:
        """Look at what is on when all is over."""
        for machine in self._sight.books.alive():
            self._sight.tell("no leak", f"{machine.id} is on", self._job_of.get(machine.token, ""))
            self._count(machine, self._sight.time())

    def _count(self, machine: FakeMachine, now: float) -> None:
        """Count how long nobody wanted a machine that ends now."""
        born = self._sight.books.born_at[machine.id]
        job = self._job_of.get(machine.token, "")
        since = max(born, self._unwanted.get(machine.token, now if job else born))
        self._sight.money.orphan_seconds.append(max(0.0, now - since))
        if machine.phase == "gone" and now - max(since, self._calm()) > QUARTER:
            self._sight.tell("no leak", f"{machine.id} was on for {now - since:.0f} s", job)

    def _is_given_back(self, job: JobId, other: FakeMachine) -> bool:
        """Whether the record has seen another machine off, or tried to once (design, section 2)."""
        record = self._sight.jobs.get(job)
        launches = record.attempt.launches if record and record.attempt else ()
        launch = next((one for one in launches if one.token == other.token), None)
        return launch is not None and bool(
            launch.terminated_at or launch.gone_at or launch.refused_at
        )


def is_wanted(attempt: Attempt, launch: Launch) -> bool:
    """Whether the attempt that has the launch needs its machine."""
    return not (attempt.outcome or launch.released_at or launch.gone_at or launch.refused_at)


__all__ = ["QUARTER", "MachinePromises", "is_wanted"]
