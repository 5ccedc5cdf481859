"""Which jobs may have run since the backup that the store was put back from."""

from __future__ import annotations

from datetime import datetime

from jobsched.domain.job import Job
from jobsched.domain.retry import asks_for_another


def may_have_run(job: Job, now: datetime) -> bool:
    """Whether something of the job may have begun after the backup, or gone on.

    Not if the time at which its machine is asked for is still ahead; nor if the backup knows its
    outcome, and no attempt follows.
    """
    attempt = job.attempt
    if attempt is None:
        return job.spec.schedule <= now
    if attempt.outcome is not None:
        return asks_for_another(job) and job.cancel_at is None
    return bool(attempt.launches) or attempt.plan.provision_at <= now


__all__ = ["may_have_run"]
