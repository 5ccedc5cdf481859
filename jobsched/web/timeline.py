"""Every dated fact of a job's record, in order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from jobsched.domain.job import Attempt, Ending, Job, Launch, Notice, Try
from jobsched.schemas.field import instant

#: when, what, details
Dated = tuple[datetime | None, str, str]


def timeline_of(job: Job) -> list[dict[str, Any]]:
    """Give the facts as ``{at, event, attempt, launch?, detail?}``; events are the facts' names."""
    found = [*_of_job(job)]
    for attempt in (*job.past, *([job.attempt] if job.attempt else [])):
        found.extend(_of_attempt(attempt))
    # stable: facts of one moment stay in the order of a good attempt
    found.sort(key=lambda pair: pair[0])
    return [event for _, event in found]


def _event(
    dated: Dated, attempt: int | None, launch: int | None = None
) -> Iterator[tuple[datetime, dict[str, Any]]]:
    at, name, detail = dated
    if at is None:
        return
    event: dict[str, Any] = {"at": instant(at), "event": name, "attempt": attempt}
    if launch is not None:
        event["launch"] = launch
    if detail:
        event["detail"] = detail
    yield at, event


def _of_job(job: Job) -> Iterator[tuple[datetime, dict[str, Any]]]:
    yield from _event((job.accepted_at, "accepted", ""), None)
    yield from _event((job.cancel_at, "cancel_requested", ""), None)
    yield from _event((job.restored_at, "store_restored", ""), None)
    for note in job.notes:
        yield from _event((note.at, "noted", note.source), None)


def _of_attempt(attempt: Attempt) -> Iterator[tuple[datetime, dict[str, Any]]]:
    yield from _event((attempt.planned_at, "planned", attempt.plan.why), attempt.no)
    for refused in attempt.refused:
        detail = f"{refused.label}: {refused.reason}: {refused.message}"
        yield from _event((refused.at, "refused", detail), attempt.no, refused.launch)
    for launch in attempt.launches:
        for dated in _of_launch(attempt, launch):
            yield from _event(dated, attempt.no, launch.no)
    if attempt.outcome is not None:
        outcome = attempt.outcome
        detail = f"{outcome.reason}: {outcome.message}" if outcome.message else outcome.reason
        yield from _event((outcome.at, "concluded", detail), attempt.no)


def _of_launch(attempt: Attempt, launch: Launch) -> Iterator[Dated]:
    yield launch.begun_at, "begun", label_of(attempt, launch)
    yield launch.provisioned_at, "provisioned", launch.instance.id if launch.instance else ""
    yield launch.ready_at, "ready", ""
    for one in launch.tries:
        yield from _of_try(one)
    yield launch.at_risk_at, "at_risk", ""
    yield from _of_notice("rebalance", launch.risk_notice)
    yield launch.interrupted_at, "interrupted", _until(launch)
    yield from _of_notice("interruption", launch.notice)
    yield launch.hinted_at, "hinted", ""
    yield launch.inspected_at, "inspected", ""
    yield launch.stopping_at, "stopping", launch.stopping or ""
    if launch.ending is not None:
        yield launch.ending.at, "ended", _said(launch.ending)
    yield launch.logs_at, "logs_stored", "complete" if launch.logs_complete else "incomplete"
    yield launch.released_at, "released", launch.released
    yield launch.removed_at, "removed", ""
    yield launch.terminated_at, "terminated", ""
    yield launch.gone_at, "gone", launch.gone


def _until(launch: Launch) -> str:
    until = launch.interrupted_until
    what = launch.interruption
    return f"{what} at {instant(until)}".strip() if until else what


def _of_notice(kind: str, notice: Notice | None) -> Iterator[Dated]:
    if notice is not None:
        name = "not_warned" if notice.failure else "warned"
        yield notice.at, name, f"{kind}: {notice.failure}" if notice.failure else kind


def _of_try(one: Try) -> Iterator[Dated]:
    yield one.prepared_at, "prepared", one.container.name if one.container else ""
    yield one.granted_at, "start_granted", ""
    yield one.started_at, "started", ""
    yield one.not_started_at, "not_started", ""


def _said(ending: Ending) -> str:
    if ending.start_failed:
        return ending.message or "the container could not be started"
    return ending.message if ending.code is None else f"exit code {ending.code}"


def label_of(attempt: Attempt, launch: Launch) -> str:
    """Give the label of the offer that a launch used."""
    return attempt.offers[launch.offer].label if launch.offer < len(attempt.offers) else ""


__all__ = ["label_of", "timeline_of"]
