"""Whether a record still has what it had: fields are filled once and never emptied."""

from __future__ import annotations

from typing import Final

from jobsched.domain.job import Attempt, Job, Launch

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
    "interrupted_at",
    "stopping_at",
    "ending",
    "logs_at",
    "released_at",
    "terminated_at",
    "removed_at",
    "gone_at",
)


def lost_fact(before: Job, after: Job) -> str:
    """Say what a save has taken away; empty: nothing."""
    if before.cancel_at and after.cancel_at != before.cancel_at:
        return "cancel_at"
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
    for name in FILLED_ONCE:
        if getattr(before, name) and not getattr(after, name):
            return name
    return ""


__all__ = ["FILLED_ONCE", "lost_fact"]
