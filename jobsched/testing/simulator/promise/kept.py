"""What a record holds is filled once and never emptied (design, section 2)."""

from __future__ import annotations

from collections.abc import Iterator

from jobsched.domain.job import Attempt, Job, Launch

#: what is known of a launch, once it is
OF_LAUNCH = (
    "instance",
    "stopping_at",
    "ending",
    "logs_at",
    "released_at",
    "terminated_at",
    "removed_at",
    "gone_at",
)
OF_TRY = ("container", "granted_at", "started_at", "not_started_at")


def forgotten(before: Job, after: Job) -> str:
    """Say what a save has taken out of a record; empty: nothing."""
    return next(_forgotten(before, after), "")


def _forgotten(before: Job, after: Job) -> Iterator[str]:
    if before.cancel_at and not after.cancel_at:
        yield "the cancel"
    was, now = before.attempt, after.attempt
    if was is None or was is now:
        return
    if now is None or now.no < was.no:
        yield f"attempt {was.no}"
    elif now.no == was.no:
        yield from _of_attempt(was, now)


def _of_attempt(was: Attempt, now: Attempt) -> Iterator[str]:
    if was.outcome and now.outcome != was.outcome:
        yield f"the outcome {was.outcome.reason}"
    known = {one.no: one for one in now.launches}
    for launch in was.launches:
        if launch.no in known:
            yield from _of_launch(launch, known[launch.no])
        elif launch.refused_at is None:
            yield f"launch {launch.no}"


def _of_launch(was: Launch, now: Launch) -> Iterator[str]:
    for name in OF_LAUNCH:
        if getattr(was, name) is not None and getattr(now, name) is None:
            yield f"{name} of launch {was.no}"
    if len(now.tries) < len(was.tries):
        yield f"a container of launch {was.no}"
    for before, after in zip(was.tries, now.tries, strict=False):
        for name in OF_TRY:
            if getattr(before, name) is not None and getattr(after, name) is None:
                yield f"{name} of launch {was.no}"


__all__ = ["forgotten"]
