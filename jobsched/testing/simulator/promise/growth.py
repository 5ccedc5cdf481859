"""Whether a record still has what it had: fields are filled once and never emptied."""

from __future__ import annotations

from typing import Final

from jobsched.domain.job import Attempt, Job, Launch, Try

#: past attempts that a record has at the least, if there were so many (design, section 2)
PAST: Final = 10
#: of a launch; its request is dropped when it is refused, and its certificate may turn out void
FILLED_ONCE: Final = (
    "refused_at",
    "instance",
    "provisioned_at",
    "tries",
    "hinted_at",
    "inspected_at",
    "at_risk_at",
    "interrupted_at",
    "stopping_at",
    "ending",
    "logs_at",
    "released_at",
    "terminated_at",
    "removed_at",
    "gone_at",
)
#: of a container
OF_TRY: Final = ("prepared_at", "granted_at", "started_at", "not_started_at")


def lost_fact(before: Job, after: Job) -> str:
    """Say what a save has taken away; empty: nothing."""
    for name in ("cancel_at", "restored_at"):
        if getattr(before, name) not in {None, getattr(after, name)}:
            return name
    if len(after.past) < min(len(before.past), PAST):
        return "past"
    last, attempt = before.attempt, after.attempt
    if last is None or attempt is last:
        return ""
    if attempt is None or attempt.no < last.no:
        return "attempt"
    return "" if attempt.no > last.no else _lost_of_attempt(last, attempt)


def _lost_of_attempt(before: Attempt, after: Attempt) -> str:
    if before.outcome and after.outcome != before.outcome:
        return "outcome"
    kept = {one.no: one for one in after.launches}
    for launch in before.launches:
        now = kept.get(launch.no)
        if now is launch:
            continue
        if now is None:
            if launch.refused_at is None:
                return f"launch {launch.no}"
        elif why := _lost_of_launch(launch, now):
            return f"{why} of launch {launch.no}"
    return ""


def _lost_of_launch(before: Launch, after: Launch) -> str:
    if len(after.tries) < len(before.tries):
        return "tries"
    if after.tries is not before.tries:
        for one, now in zip(before.tries, after.tries, strict=False):
            if why := _emptied(OF_TRY, one, now):
                return f"{why} of try {one.no}"
    return _emptied(FILLED_ONCE, before, after)


def _emptied(names: tuple[str, ...], before: Launch | Try, after: Launch | Try) -> str:
    """Give the first of some fields that was filled, and is not."""
    return next((one for one in names if getattr(before, one) and not getattr(after, one)), "")


__all__ = ["FILLED_ONCE", "lost_fact"]
