"""A machine that its provider ends at its launch: what follows is that of a refusal."""

from __future__ import annotations

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.engine.answer import readable
from jobsched.engine.failed import given_up, is_final
from jobsched.engine.parts import Parts
from jobsched.engine.place import Place
from jobsched.engine.seen import of_instance, refusal_in
from jobsched.errors import OperationFailed


async def described(
    parts: Parts, job: Job, place: Place, status: InstanceStatus
) -> list[facts.Fact]:
    """Give the facts in a provider's description of a launch's machine, and what they end.

    Most are about the launch alone. Where the machine was ended at its launch for a reason that
    ends the attempt, that is one more; where it would be the same for every job, the provider is
    halted first.
    """
    found = of_instance(place, status, parts.now)
    refusal = refusal_in(place, status)
    if refusal is None:
        return found
    error = OperationFailed(refusal.reason, readable(refusal.message), then=refusal.then)
    if await is_final(parts, job, error):
        found.append(given_up(parts, place.attempt, error.reason, error.message))
    return found


__all__ = ["described"]
