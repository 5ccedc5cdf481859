"""A machine that its provider ends at its launch: what follows is that of a refusal."""

from __future__ import annotations

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.engine.answer import readable
from jobsched.engine.failed import given_up, is_final
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import refusal_in
from jobsched.errors import OperationFailed


async def concluded(
    parts: Parts, job: Job, place: Place, status: InstanceStatus
) -> facts.GivenUp | None:
    """Give the end of the attempt where a launch's machine was ended at its launch, if it is one.

    Where the reason would be the same for every job, the provider is halted first. It is a
    decision about this very record: save it with `observe(..., decided=)`.
    """
    refusal = refusal_in(place, status)
    if refusal is None:
        return None
    error = OperationFailed(refusal.reason, readable(refusal.message), then=refusal.then)
    if not await is_final(parts, job, error):
        return None
    return given_up(parts, place.attempt, error.reason, error.message)


__all__ = ["concluded"]
