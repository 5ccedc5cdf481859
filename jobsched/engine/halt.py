"""halt: ask a provider for nothing more until an operator looks, at the price of one job."""

from __future__ import annotations

from jobsched.domain.due import in_line
from jobsched.domain.job import Job
from jobsched.engine.observe import WaitsInLine
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


async def wait_for_resume(parts: Parts, job: Job) -> None:
    """Go on if the job's provider is not halted.

    Raises:
        WaitsInLine: it is; the job waits in line for its resume, and its lease is given up.
        StaleWrite: the record has changed, or the lease is lost: decide anew.
    """
    until = in_line(job, parts.now)
    if await parts.store.waits_for_resume(job, holder=parts.worker, waiting_until=until):
        raise WaitsInLine


__all__ = ["halt", "wait_for_resume"]
