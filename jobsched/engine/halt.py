"""halt: ask a provider for nothing more until an operator looks, at the price of one job."""

from __future__ import annotations

from jobsched.domain.job import Job
from jobsched.engine.parts import Parts
from jobsched.errors import OperationFailed
from jobsched.store.port import Halted


async def halt(parts: Parts, job: Job, error: OperationFailed) -> bool:
    """Halt the job's provider; say whether it is this job that ends with the failure.

    May be repeated: the job that halted it first is the one that pays, also after a crash between
    the halt and the record of the failure. All others wait in line.
    """
    provider = job.spec.provider
    why = Halted(reason=error.reason, message=error.message, job=job.id, at=parts.now)
    kept = await parts.store.halt(provider, why)
    pays = kept.job == job.id
    if pays:
        parts.services.log.error(
            "provider.halted",
            provider=provider,
            reason=error.reason,
            message=error.message,
            job=job.id,
            what_to_do=f"put it right, then: jobsched resume {provider}",
        )
    return pays


__all__ = ["halt"]
