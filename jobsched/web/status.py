"""The document of ``GET /status/{id}``: the seed's, and what more is known."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from jobsched.domain.job import Attempt, Job
from jobsched.domain.state import message_of, reason_of, state_of
from jobsched.hooks.registry import Registry
from jobsched.schemas.field import instant
from jobsched.schemas.provider import HaltedSection
from jobsched.store.port import Halted
from jobsched.web.attempts import attempts_of, cost_of, offers_of, trouble
from jobsched.web.sections import sections_of
from jobsched.web.timeline import timeline_of

#: as in `jobsched.queue`, which is not imported: it brings all of arq
QUEUE: Final = "jobsched:arq"
_HALTED: Final = HaltedSection()


def status_document(
    job: Job, registry: Registry, *, now: datetime, halted: Halted | None = None
) -> dict[str, Any]:
    """Tell all that is known about a job. Pure, but for a log line when a plugin fails.

    Args:
        job: the job.
        registry: has the provider and the runner, which tell their own sections.
        now: until when its machines' cost is told.
        halted: why the job's provider is asked for no machines, if it is.
    """
    spec, attempt = job.spec, job.attempt
    outcome = attempt.outcome if attempt else None
    head = {
        "id": job.id,
        "status": state_of(job).value,
        "schedule": instant(spec.schedule),
    }
    return {
        **head,
        **sections_of(job, registry),
        # again, and all that follows: a plugin's section of such a name does not win
        **head,
        "arq": {
            "queue": QUEUE,
            "worker": job.worker or None,
            "job_parent_id": job.arq_job or None,
        },
        "reason": reason_of(job) or None,
        # beside the runner's own section: the same place whatever the runner
        "exit_code": outcome.code if outcome else None,
        "message": message_of(job) or None,
        "name": spec.name or None,
        "labels": dict(spec.labels),
        "accepted_at": instant(job.accepted_at),
        "cancel_requested": job.cancel_at is not None,
        "provider": spec.provider,
        "runner": spec.runner,
        "planner": spec.planner,
        "limits": {
            "timeout": spec.timeout.total_seconds(),
            "grace": spec.grace.total_seconds(),
            "late_limit": spec.late_limit.total_seconds(),
        },
        "retry": {
            "max_attempts": spec.retry.max_attempts,
            "on": list(spec.retry.on),
            "backoff": spec.retry.backoff.total_seconds(),
        },
        "resources": dict(spec.resources),
        "attempts": attempts_of(job, now),
        "timeline": timeline_of(job),
        "offers": offers_of(job),
        "cost": cost_of(job, now),
        "plugins": _notes(job),
        "trouble": _trouble(attempt),
        # beside the trouble: it is the provider's, and who waits for it has none
        "halted": _HALTED.dump(halted) if halted else None,
    }


def _notes(job: Job) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for note in job.notes:
        found.setdefault(note.source, []).append({"at": instant(note.at), "data": note.data})
    return found


def _trouble(attempt: Attempt | None) -> dict[str, Any] | None:
    """Tell the latest trouble of the current attempt; the attempt itself lists all of them."""
    troubles = attempt.troubles if attempt else ()
    return trouble(max(troubles, key=lambda one: one.at)) if troubles else None


__all__ = ["QUEUE", "status_document"]
