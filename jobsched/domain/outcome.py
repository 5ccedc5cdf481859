"""How an attempt ended: a pure function of what is known."""

from __future__ import annotations

from datetime import datetime, timedelta

from jobsched.domain.job import Attempt, Ending, Job, Launch, Outcome, Spec, StopReason

STOPPED: dict[StopReason, str] = {
    "cancel": "cancelled",
    "timeout": "timeout",
    "interruption": "interrupted",
}


def outcome_of(job: Job, attempt: Attempt, at: datetime) -> Outcome | None:
    """Give the outcome that the facts have by now, or None while there is none."""
    started = next((launch for launch in attempt.launches if may_have_started(launch)), None)
    if started is None:
        lost = next(
            (launch for launch in attempt.launches if counts_as_granted(attempt, launch)), None
        )
        if lost is not None:
            return Outcome(at=at, reason="outcome_unknown", started=True, message=_LOST)
        if job.restored_at is not None:
            return restored(at)
        return Outcome(at=at, reason="cancelled", started=False) if job.cancel_at else None
    if started.ending is not None:
        return _ended(job.spec, started, started.ending)
    if started.gone_at is not None:
        return _never_seen_since(job, started, at) or _never_inspected(started, at)
    return None


def restored(at: datetime) -> Outcome:
    """Give the outcome of what may have run after the backup that the store was put back from."""
    return Outcome(at=at, reason=RESTORED, started=True, message=RESTORED_MESSAGE)


def _never_seen_since(job: Job, launch: Launch, at: datetime) -> Outcome | None:
    """Give the outcome of a machine that was gone before anybody looked at it after a restore.

    It may have been given back long ago, after the container had ended: it was not lost.
    """
    since, seen = job.restored_at, launch.inspected_at
    if since is None or launch.interrupted_at is not None:
        return None
    return None if seen is not None and seen > since else restored(at)


RESTORED = "restored"
RESTORED_MESSAGE = (
    "the store was restored from a backup, and the job may have run since that was made; schedule "
    "it again if it is to run"
)
_LOST = "the machine was lost after the container was ready and its time had come; it may have run"


def may_have_started(launch: Launch) -> bool:
    """Whether a container of the launch was granted its start, and that was not withdrawn."""
    return any(
        (one.granted_at or one.started_at) and not one.not_started_at for one in launch.tries
    )


def counts_as_granted(attempt: Attempt, launch: Launch) -> bool:
    """Whether a grant may have been lost with a store's last second.

    The machine was lost (we did not give it back) while a created container's time had come.
    """
    return (
        launch.gone_at is not None
        and launch.released_at is None
        and launch.gone_at >= attempt.plan.start_at
        and bool(launch.tries)
        and launch.tries[-1].not_started_at is None
    )


def _ended(spec: Spec, launch: Launch, ending: Ending) -> Outcome:
    def outcome(reason: str) -> Outcome:
        return Outcome(
            at=ending.at, reason=reason, started=True, code=ending.code, message=ending.message
        )

    if ending.start_failed:
        return outcome("start_failed")
    if launch.stopping is not None and not _ended_before(launch, ending):
        return outcome(STOPPED[launch.stopping])
    if ending.code is None:
        return outcome("outcome_unknown")
    took = _took(ending)
    if took is not None and took > spec.timeout:
        return outcome("timeout")
    if ending.code == 0:
        return outcome("finished")
    return outcome("oom" if ending.oom else "exited")


#: by how much the clock of a machine may be set back while a container runs, and by how much those
#: of two workers may differ
SET, APART = timedelta(seconds=2), timedelta(seconds=10)


def _ended_before(launch: Launch, ending: Ending) -> bool:
    """Whether it surely ended by itself before the intent to stop it, of which it felt nothing.

    What ran when that was saved did not, whatever any clock says. Of what nobody could see: it
    really started no later than we knew of it, and how long it ran is of one clock; but for `SET`,
    by which that may have been put right meanwhile, and `APART`, as one worker may have told of the
    start and another of the stop. In doubt it was stopped.
    """
    stopping_at, seen_at = launch.stopping_at, launch.inspected_at
    started_at, took = launch.tries[-1].started_at if launch.tries else None, _took(ending)
    if started_at is None or took is None or stopping_at is None:
        return False
    if seen_at is not None and seen_at >= stopping_at:
        return False
    return started_at + took + SET + APART < stopping_at


def _took(ending: Ending) -> timedelta | None:
    """Give how long the container ran, by its engine's own clock."""
    if ending.started_at is None or ending.finished_at is None:
        return None
    return ending.finished_at - ending.started_at


def _never_inspected(launch: Launch, at: datetime) -> Outcome:
    known = any(one.started_at and not one.not_started_at for one in launch.tries)
    if not known or launch.hinted_at is not None or launch.gone == "abandoned":
        # a machine that was only given up may have run the container to its end
        reason = "outcome_unknown"
    elif launch.stopping is not None:
        reason = STOPPED[launch.stopping]
    elif launch.interrupted_at is not None or launch.gone == "interrupted":
        reason = "interrupted"
    else:
        reason = "machine_lost"
    return Outcome(at=at, reason=reason, started=True)


__all__ = [
    "RESTORED",
    "RESTORED_MESSAGE",
    "counts_as_granted",
    "may_have_started",
    "outcome_of",
    "restored",
]
