"""What a machine that is on is to a job's record: its machine, or an orphan. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobsched.contracts.provider import OwnedMachine
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import begun, is_gone, state_of
from jobsched.engine.parts import Secrets

#: a younger machine is never touched
YOUNG = timedelta(minutes=2)
#: so long a machine is spared whose launch the record may yet come to: a store that lost its last
#: second loses the intent of a launch, and its job asks again, with the same token
AHEAD = timedelta(minutes=10)
#: so long after its end a machine is ended whatever its record says; its job comes first
OVERDUE = timedelta(minutes=5)
#: launches of one attempt that may be begun within a second or two
LAUNCHES_AHEAD = 3
#: a machine must have been an orphan in the pass before; passes come every minute
TWICE = timedelta(seconds=50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Orphan:
    """A machine that is to be ended once its time has come, and why."""

    machine: OwnedMachine
    #: ``no_record``, ``launch_over``, ``other_launch``, ``past_dies_at``
    why: str
    #: how old it must be
    spared_for: timedelta = YOUNG

    def is_ripe(self, now: datetime, since: datetime) -> bool:
        """Say whether it may be ended now.

        Args:
            now: the store's time.
            since: when it was first an orphan; a machine of unknown age is that old at least.
        """
        is_young = now < (self.machine.launched_at or since) + self.spared_for
        return not is_young and now >= since + TWICE


def overdue(machine: OwnedMachine, now: datetime) -> Orphan | None:
    """Give the machine if it should have ended by itself by now."""
    if not machine.token or machine.dies_at is None or now < machine.dies_at + OVERDUE:
        return None
    return Orphan(machine=machine, why="past_dies_at")


def orphan(machine: OwnedMachine, job: Job | None, secrets: Secrets) -> Orphan | None:
    """Give the machine if it is none that its job counts on.

    Args:
        machine: with a token.
        job: the record, read after the machine was listed; None: there is none.
        secrets: computes the tokens that the job will use next.
    """
    if job is None:
        return Orphan(machine=machine, why="no_record")
    attempts = [*job.past, *([job.attempt] if job.attempt else [])]
    for launch in (one for attempt in attempts for one in attempt.launches):
        if launch.token == machine.token:
            return Orphan(machine=machine, why="launch_over") if is_gone(launch) else None
    spared_for = AHEAD if machine.token in _ahead(job, secrets) else YOUNG
    return Orphan(machine=machine, why="other_launch", spared_for=spared_for)


def _ahead(job: Job, secrets: Secrets) -> set[str]:
    """Give the tokens that may be asked with next: of this attempt, or of the next one.

    A store that forgets its last second may forget several launches: each but the last refused.
    """
    attempt = job.attempt
    if state_of(job).is_terminal:
        return set()
    if attempt is None:
        return _tokens(job, secrets, 1, 0)
    number = attempt.no
    return _tokens(job, secrets, number, begun(attempt)) | _tokens(job, secrets, number + 1, 0)


def _tokens(job: Job, secrets: Secrets, attempt: int, begun_already: int) -> set[str]:
    following = range(begun_already + 1, begun_already + 1 + LAUNCHES_AHEAD)
    return {secrets.token(job.id, attempt, launch) for launch in following}


def job_of(machine: OwnedMachine) -> JobId | None:
    """Give the job that a machine is for; None: nobody can tell, and it may be a person's."""
    return JobId(machine.job) if machine.token and machine.job else None


__all__ = ["AHEAD", "OVERDUE", "TWICE", "YOUNG", "Orphan", "job_of", "orphan", "overdue"]
