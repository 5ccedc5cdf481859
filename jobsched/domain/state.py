"""Read the state out of the facts."""

from __future__ import annotations

from enum import StrEnum

from jobsched.domain.job import Attempt, Job, Launch, Outcome, Trouble, Try
from jobsched.domain.outcome import RESTORED, RESTORED_MESSAGE
from jobsched.domain.retry import asks_for_another, is_followed


class State(StrEnum):
    """Where a job stands; who moves it on, and what happens when the mover dies, is in `due`."""

    #: accepted, or between two attempts; no request for a machine of this attempt is open
    SCHEDULED = "scheduled"
    #: a machine is asked for
    PROVISIONING = "provisioning"
    #: a machine is there; it, or its container, is not ready yet
    BOOTING = "booting"
    #: the container is created and waits for its time
    READY = "ready"
    #: the container was started
    RUNNING = "running"
    #: the outcome is known; logs are kept and machines are given back
    FINISHING = "finishing"
    FINISHED = "finished"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_terminal(self) -> bool:
        """Whether a job in this state never changes again."""
        return self in TERMINAL


TERMINAL = frozenset({State.FINISHED, State.FAILED, State.CANCELLED})


def state_of(job: Job) -> State:
    """Give the state of a job. Total: every record has one."""
    attempt = job.attempt
    if attempt is None:
        if job.cancel_at:
            return State.CANCELLED
        return State.FAILED if job.restored_at else State.SCHEDULED
    if attempt.outcome is not None:
        return _after_the_outcome(job, attempt, attempt.outcome)
    if any(_is_started(launch) for launch in attempt.launches):
        # even on a machine that is being given back: nothing says yet how it ended
        return State.RUNNING
    launch = current(attempt)
    if launch is None:
        asked = attempt.launches or attempt.refusals
        return State.PROVISIONING if asked else State.SCHEDULED
    last = last_try(launch)
    if last is not None and last.container is not None and last.not_started_at is None:
        return State.READY
    if launch.instance is not None or launch.ready_at is not None:
        return State.BOOTING
    return State.PROVISIONING


def _is_started(launch: Launch) -> bool:
    last = last_try(launch)
    return last is not None and last.started_at is not None


def _after_the_outcome(job: Job, attempt: Attempt, outcome: Outcome) -> State:
    if any(not is_gone(launch) for launch in attempt.launches):
        return State.FINISHING
    if outcome.reason == "finished":
        return State.FINISHED
    if outcome.reason == "cancelled":
        return State.CANCELLED
    if is_followed(job):
        return State.CANCELLED if job.cancel_at else State.SCHEDULED
    return State.FAILED


def reason_of(job: Job) -> str:
    """Give why the job ended, or why its last attempt did; empty while nothing did."""
    if state_of(job) is State.CANCELLED:
        return "cancelled"
    if is_held_back(job):
        return RESTORED
    if job.attempt is None or job.attempt.outcome is None:
        return ""
    return job.attempt.outcome.reason


def message_of(job: Job) -> str:
    """Say more about the reason, in a sentence; empty while there is nothing to say."""
    if is_held_back(job):
        return RESTORED_MESSAGE
    outcome = job.attempt.outcome if job.attempt else None
    return outcome.message if outcome else ""


def is_held_back(job: Job) -> bool:
    """Whether an attempt was to be begun, and is not, as the store was put back from a backup.

    Another one, of which the backup knows nothing, may have run since.
    """
    attempt = job.attempt
    if job.restored_at is None or attempt is None:
        return job.restored_at is not None
    known = attempt.outcome is not None and attempt.outcome.at <= job.restored_at
    return known and asks_for_another(job)


def current(attempt: Attempt) -> Launch | None:
    """Give the launch that the attempt counts on: the last one, unless it is over or not wanted."""
    if not attempt.launches:
        return None
    last = attempt.launches[-1]
    return None if last.refused_at or last.released_at or last.gone_at else last


def begun(attempt: Attempt) -> int:
    """Give how many launches were begun, which is the last one's number."""
    return attempt.launches[-1].no if attempt.launches else 0


def launch_of(attempt: Attempt, number: int) -> Launch | None:
    """Give a launch by its number; None: not begun, or refused and followed by another."""
    return next((one for one in attempt.launches if one.no == number), None)


def last_try(launch: Launch) -> Try | None:
    """Give the launch's latest container."""
    return launch.tries[-1] if launch.tries else None


def trouble_of(attempt: Attempt | None, command: str, launch: int) -> Trouble | None:
    """Give the trouble that a command has with a launch (0: with the attempt)."""
    if attempt is None or not attempt.troubles:
        return None
    wanted = (command, launch)
    return next((one for one in attempt.troubles if (one.command, one.launch) == wanted), None)


def is_gone(launch: Launch) -> bool:
    """Whether nothing of the launch is left: no machine, and no container on one that lives on."""
    if launch.refused_at is not None:
        return True
    if launch.gone_at is None:
        return False
    return not needs_removal(launch)


def needs_removal(launch: Launch) -> bool:
    """Whether containers of the launch must be removed by hand, because the machine outlives it."""
    return (
        not launch.destroys_machine
        and launch.ready_at is not None
        and launch.removed_at is None
        and launch.gone != "abandoned"
    )


def refused(job: Job) -> frozenset[str]:
    """Give the tokens of the launches that were definitely refused, as far as they are kept."""
    launches = job.attempt.launches if job.attempt else ()
    return frozenset(launch.token for launch in launches if launch.refused_at)


def slots(job: Job) -> frozenset[str]:
    """Give the tokens of the launches that hold a slot of their provider's cap."""
    if job.attempt is None:
        return frozenset()
    return frozenset(launch.token for launch in job.attempt.launches if not is_gone(launch))


__all__ = [
    "TERMINAL",
    "State",
    "begun",
    "current",
    "is_gone",
    "is_held_back",
    "last_try",
    "launch_of",
    "message_of",
    "needs_removal",
    "reason_of",
    "refused",
    "slots",
    "state_of",
    "trouble_of",
]
