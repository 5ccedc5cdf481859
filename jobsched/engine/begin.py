"""The intent of a launch: its offer, its frozen request and its slot, saved before it is sent."""

from __future__ import annotations

from collections.abc import Sequence

from jobsched.domain import facts
from jobsched.domain.deadlines import dies_at
from jobsched.domain.due import in_line
from jobsched.domain.job import Job
from jobsched.domain.state import begun, slots
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.observe import WaitsInLine, intend, recorded
from jobsched.engine.order import machine_order
from jobsched.engine.parts import Parts
from jobsched.engine.place import attempt_of
from jobsched.errors import OperationFailed


async def begin(parts: Parts, job: Job, *news: facts.Fact) -> Job:
    """Save the intent of the next launch, together with news that makes room for it.

    Raises:
        WaitsInLine: a cap is reached, or the provider is halted.
        StaleWrite: decide anew; the news is not saved either.
        OperationFailed: the provider has no offer, or its look-ups failed.
    """
    await _wait_in_line(parts, job, news)
    job = await _with_offers(parts, job)
    provider = parts.registry.provider(job.spec.provider)
    attempt = attempt_of(recorded(job, *news))
    number = begun(attempt) + 1
    chosen = attempt.refusals % len(attempt.offers)
    until = dies_at(job.spec, attempt.plan, parts.now)
    order = machine_order(parts, job, attempt, number, until)
    offer = attempt.offers[chosen]
    request = await call(
        parts, f"{provider.name}.freeze", lambda: provider.freeze(order, offer), answer.text
    )
    now = parts.now
    intent = facts.Begun(
        at=now,
        attempt=attempt.no,
        launch=number,
        token=order.token,
        offer=chosen,
        request=request,
        dies_at=until,
        settles_until=now + provider.settles_within,
        destroys_machine=provider.destroys_machine,
    )
    return await intend(parts, job, *news, intent, caps=provider.caps)


async def _wait_in_line(parts: Parts, job: Job, news: Sequence[facts.Fact]) -> None:
    """Go on if there is room, as far as can be told before the provider is asked for anything.

    The save takes the room, and may find that there is none any more.
    """
    waits = await parts.store.waits_in_line(
        job,
        caps=parts.registry.provider(job.spec.provider).caps,
        freed=len(slots(job) - slots(recorded(job, *news))),
        holder=parts.worker,
        waiting_until=in_line(job, parts.now),
    )
    if waits:
        raise WaitsInLine


async def _with_offers(parts: Parts, job: Job) -> Job:
    """Ask for offers, once for the attempt."""
    attempt = attempt_of(job)
    if attempt.offers:
        return job
    provider = parts.registry.provider(job.spec.provider)
    order = machine_order(parts, job, attempt, 0, None)
    offers = await call(
        parts, f"{provider.name}.offers", lambda: provider.offers(order), answer.offers
    )
    if not offers:
        raise OperationFailed("no_capacity", f"{provider.name} has no offer for this job")
    offered = facts.Offered(at=parts.now, attempt=attempt.no, offers=offers)
    return await intend(parts, job, offered)


__all__ = ["begin"]
