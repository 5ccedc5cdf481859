"""cancel: ask a job to end."""

from __future__ import annotations

from jobsched.domain.facts import CancelRequested
from jobsched.domain.job import Job, JobId
from jobsched.domain.state import State, state_of
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import AlreadyEnded


async def cancel(parts: Parts, job_id: JobId) -> Job:
    """Record the wish; give the job as it is then. May be repeated.

    A job whose outcome is known already keeps it (an attempt to follow is not made).

    Raises:
        UnknownJob: there is no such job.
        AlreadyEnded: it ended otherwise.
    """
    job = await parts.store.read(job_id)
    job = await observe(parts, job, CancelRequested(at=parts.now))
    state = state_of(job)
    if state.is_terminal and state is not State.CANCELLED:
        raise AlreadyEnded(f"the job has already ended: {state}")
    return job


__all__ = ["cancel"]
