"""Bring a leased job as far as it goes now: decide, carry out, decide anew."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime

from structlog.contextvars import bound_contextvars

from jobsched.domain.due import Command, Due, Verb, due
from jobsched.domain.job import Job
from jobsched.domain.replace import replace
from jobsched.engine.collect import collect
from jobsched.engine.failed import failed
from jobsched.engine.find import find
from jobsched.engine.give_up import give_up
from jobsched.engine.hand import Hand
from jobsched.engine.inspect import inspect
from jobsched.engine.observe import WaitsInLine
from jobsched.engine.parts import Parts
from jobsched.engine.plan import plan
from jobsched.engine.prepare import prepare
from jobsched.engine.provision import provision
from jobsched.engine.start import start
from jobsched.engine.terminate import terminate
from jobsched.engine.warn import warn
from jobsched.errors import LeaseOver, OperationFailed, StaleWrite

VERBS: dict[Verb, Callable[[Parts, Job, Command], Awaitable[Job]]] = {
    Verb.PLAN: plan,
    Verb.PROVISION: provision,
    Verb.FIND: find,
    Verb.PREPARE: prepare,
    Verb.START: start,
    Verb.INSPECT: inspect,
    Verb.WARN: warn,
    Verb.COLLECT: collect,
    Verb.TERMINATE: terminate,
    Verb.GIVE_UP: give_up,
}

#: steps of one job in a row before others get a turn; a good job needs nine
MOST_STEPS = 50


async def advance(parts: Parts, job: Job, wanted: Due, hand: Hand) -> None:
    """Take steps, the one already decided first, until nothing is due; then give the lease up.

    The caller has the lease (as ``parts.worker``) and renews it. May be cancelled at any await:
    what was done is found again by what was saved first.
    """
    parts = replace(parts, may_act=hand.may_act)
    with bound_contextvars(job=job.id):
        if hand.has_news:
            job = await parts.store.read(job.id)
            wanted = due(job, parts.now)
        for _ in range(MOST_STEPS):
            if hand.is_lost:
                return
            if wanted.command is None or hand.is_leaving:
                await _let_go(parts, job, parts.now if wanted.command else wanted.look_again_at)
                return
            try:
                job = await step(parts, job, wanted.command, hand)
            except WaitsInLine:
                return
            wanted = due(job, parts.now)
        await _let_go(parts, job, parts.now)


async def _let_go(parts: Parts, job: Job, look_again_at: datetime | None) -> None:
    # one that has ended is held by nobody, unless the store has forgotten its end: then it is due
    await parts.store.release(parts.worker, job.id, look_again_at=look_again_at or parts.now)
    if parts.chores and look_again_at:
        await parts.chores.advance_later(job.id, look_again_at)


async def step(parts: Parts, job: Job, command: Command, hand: Hand) -> Job:
    """Carry out one command; give the job as it is afterwards, failures recorded.

    Raises:
        WaitsInLine: a cap is reached, and the lease is given up.
    """
    verb = VERBS[command.verb]
    parts.services.log.debug("command.begun", verb=command.verb, launch=command.launch)
    try:
        after = await hand.carry_out(command, verb(parts, job, command))
    except LeaseOver:
        parts.services.log.warning("lease.over", verb=command.verb, launch=command.launch)
        hand.lose()
        return job
    except StaleWrite:
        return await _read_again(parts, job, hand)
    except OperationFailed as error:
        return await _failed(parts, job, command, error, hand)
    if after is job:
        # never at once again: a command that changes nothing would be due for ever
        nothing = OperationFailed("no_progress", f"{command.verb} changed nothing")
        return await _failed(parts, job, command, nothing, hand)
    return after or await parts.store.read(job.id)


async def _read_again(parts: Parts, job: Job, hand: Hand) -> Job:
    fresh = await parts.store.read(job.id)
    if fresh.rev == job.rev:
        # nobody has changed it: it is the lease that is another worker's
        hand.lose()
    return fresh


async def _failed(
    parts: Parts, job: Job, command: Command, error: OperationFailed, hand: Hand
) -> Job:
    parts.services.log.info(
        "command.failed",
        verb=command.verb,
        launch=command.launch,
        reason=error.reason,
        message=error.message,
    )
    fresh = await parts.store.read(job.id)
    if not hand.may_act() or _number(fresh) != _number(job):
        # who has lost the job decides nothing: somebody else may have got on with it
        return fresh
    try:
        return await failed(parts, fresh, command, error)
    except StaleWrite:
        return await _read_again(parts, fresh, hand)


def _number(job: Job) -> int:
    return job.attempt.no if job.attempt else 0


__all__ = ["MOST_STEPS", "VERBS", "advance", "step"]
