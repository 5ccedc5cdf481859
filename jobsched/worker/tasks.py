"""What arq runs: one step of a job, and the chores that come round. All may be repeated or lost."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from arq import Retry

from jobsched.contracts.provider import Provider
from jobsched.domain.job import JobId
from jobsched.engine.clean import clean as clean_provider
from jobsched.engine.parts import Parts
from jobsched.engine.prune import prune as prune_jobs
from jobsched.engine.reap import name_of
from jobsched.engine.reap import reap as reap_provider
from jobsched.engine.reconcile import reconcile as reconcile_jobs
from jobsched.engine.sweep import sweep as sweep_provider
from jobsched.engine.turn import Turn
from jobsched.errors import LeaseOver, NewerRecord, Unavailable
from jobsched.worker.working import Working

#: the key of arq's context under which the worker at work is found
WORKING = "jobsched"
#: as long as a pass of the reaper may take; those of dead workers are over by the next
REAPING = timedelta(seconds=60)
#: seconds until another worker is handed what one that stops was handed
AGAIN = 1


async def advance(context: dict[str, Any], job_id: str) -> None:
    """Advance one job as far as it goes now, if it is due and in nobody's hands.

    With dispatch by arq alone (``JOBSCHED_DISPATCH=arq``) this brings jobs to their end.
    """
    at_work: Working = context[WORKING]
    if at_work.dispatch.is_stopping:
        raise Retry(defer=AGAIN)
    await at_work.dispatch.claim_and_work(JobId(job_id), arq_job=str(context.get("job_id", "")))


def _chore(work: Callable[[Parts, Working], Awaitable[object]]) -> Callable[..., Awaitable[None]]:
    """Make an arq task of it; without a store there is nothing to do until the next time."""
    chore = getattr(work, "__name__", "chore")

    @functools.wraps(work)
    async def task(context: dict[str, Any]) -> None:
        at_work: Working = context[WORKING]
        try:
            await work(at_work.parts, at_work)
        except Unavailable as error:
            at_work.parts.services.log.info("chore.skipped", chore=chore, error=error.message)

    return task


@_chore
async def sweep(parts: Parts, at_work: Working) -> None:
    """Look at all machines of every provider, one worker at a time.

    All providers at once: one that is silent must not keep the others from it.
    """
    lease = at_work.pace.lease
    await asyncio.gather(*(_sweep(parts, one, lease) for one in parts.registry.providers.values()))


async def _sweep(parts: Parts, provider: Provider, lease: timedelta) -> None:
    turn = Turn(parts, f"sweep:{provider.name}", lease)
    try:
        if await turn.take():
            await _swept(parts, provider, turn)
    except Unavailable as error:
        parts.services.log.info("sweep.skipped", provider=provider.name, error=error.message)


async def _swept(parts: Parts, provider: Provider, turn: Turn) -> None:
    try:
        await sweep_provider(parts, provider)
    except NewerRecord:
        # a newer worker understands it, and may be the next one to look
        parts.services.log.info("sweep.left", provider=provider.name)
    finally:
        await turn.give_up()


@_chore
async def reap(parts: Parts, at_work: Working) -> None:
    """End what no job knows of, and what it left behind; one worker at a time.

    All providers at once: one that is silent must not keep the others from it.
    """
    del at_work
    await asyncio.gather(*(_reap(parts, one) for one in parts.registry.providers.values()))


async def _reap(parts: Parts, provider: Provider) -> None:
    turn = Turn(parts, name_of(provider.name), REAPING)
    try:
        if await turn.take():
            await _in_turn(parts, provider, turn)
    except (LeaseOver, Unavailable) as error:
        parts.services.log.warning("reap.skipped", provider=provider.name, error=error.message)


async def _in_turn(parts: Parts, provider: Provider, turn: Turn) -> None:
    try:
        await reap_provider(parts, provider, turn)
        await clean_provider(replace(parts, may_act=turn.may_act), provider)
    finally:
        # the next pass may be another worker's, and less than a lease from this one
        await turn.give_up()


@_chore
async def reconcile(parts: Parts, at_work: Working) -> None:
    """Find what nobody would look at again."""
    del at_work
    await reconcile_jobs(parts)


@_chore
async def prune(parts: Parts, at_work: Working) -> None:
    """Forget jobs whose retention is over."""
    del at_work
    await prune_jobs(parts)


__all__ = ["WORKING", "advance", "prune", "reap", "reconcile", "sweep"]
