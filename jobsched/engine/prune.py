"""prune: forget jobs whose retention is over, with their logs."""

from __future__ import annotations

import functools

from jobsched.engine import answer
from jobsched.engine.call import STORING, call
from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed

MOST = 500


async def prune(parts: Parts) -> int:
    """Forget up to 500 jobs; give how many. May be repeated.

    Their logs go first: who dies in between has them deleted again, and nothing is left of a job
    of which nobody knows any more.
    """
    jobs = await parts.store.past_retention(most=MOST)
    store = parts.registry.log_store
    for job in jobs:
        try:
            await call(
                parts,
                f"{store.name}.delete",
                functools.partial(store.delete, job),
                answer.nothing,
                within=STORING,
            )
        except OperationFailed as error:
            parts.services.log.warning("logs.kept", job=job, reason=error.reason)
    return len(await parts.store.prune(jobs)) if jobs else 0


__all__ = ["prune"]
