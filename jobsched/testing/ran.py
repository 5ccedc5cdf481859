"""How a job ended, as `run_job` tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobsched.contracts.change import Change
from jobsched.domain.job import Job
from jobsched.domain.state import reason_of, state_of
from jobsched.engine.parts import Parts


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """A job that has ended."""

    #: the whole record
    job: Job = field(repr=False)
    #: ``finished``, ``failed`` or ``cancelled``
    state: str
    #: ``finished``, or why it did not: ``exited``, ``no_capacity``, …
    reason: str
    #: a sentence about the reason, where there is one
    message: str
    #: of the last attempt's container; None if nobody saw one end
    exit_code: int | None
    #: what the log store keeps of the last attempt's output
    logs: bytes
    #: how often a container was really started, in all attempts
    starts: int
    #: what ``jobsched_job_changed`` would have been called with
    changes: tuple[Change, ...] = field(repr=False)
    #: what was logged, a text for each line
    said: tuple[str, ...] = field(repr=False)


async def ran(
    parts: Parts, job: Job, *, starts: int, changes: Sequence[Change], said: Sequence[str]
) -> Ran:
    """Say how a job ended, its output read from the log store."""
    attempt = job.attempt
    outcome = attempt.outcome if attempt else None
    kept = await parts.registry.log_store.read(job.id, attempt.no) if attempt else []
    return Ran(
        job=job,
        state=str(state_of(job)),
        reason=reason_of(job),
        message=outcome.message if outcome else "",
        exit_code=outcome.code if outcome else None,
        logs=b"".join(part.data for part in kept),
        starts=starts,
        changes=tuple(changes),
        said=tuple(said),
    )


__all__ = ["Ran", "ran"]
