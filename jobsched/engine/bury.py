"""bury: end orphans, and tell of those that will not end."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobsched.contracts.provider import Provider
from jobsched.engine import answer
from jobsched.engine.call import call
from jobsched.engine.orphan import Orphan
from jobsched.engine.parts import Parts
from jobsched.engine.turn import Turn
from jobsched.errors import LeaseOver, OperationFailed

#: ended at the same time
TOGETHER = 10
#: an orphan that is still on so long after it was found is an alarm
STUCK = timedelta(minutes=10)


async def bury(
    parts: Parts,
    provider: Provider,
    orphans: Sequence[Orphan],
    since: Mapping[str, datetime],
    turn: Turn,
) -> list[str]:
    """Ask for the end of each; give a few words about each that will not end. May be repeated.

    Args:
        parts: what to act with, and to log to.
        provider: whose machines they are.
        orphans: whom to end.
        since: machine → when it was found to be one.
        turn: the lock under which they were found; it is taken anew as long as it is not lost.

    Raises:
        LeaseOver: it is lost; the rest is left to whoever has it now.
        Unavailable: the store does not answer.
    """
    stuck = []
    for begin in range(0, len(orphans), TOGETHER):
        # not once it is over: what is known of these machines is old by then
        if not (turn.may_act() and await turn.take()):
            raise LeaseOver
        batch = orphans[begin : begin + TOGETHER]
        refusals = await asyncio.gather(*(_ended(parts, provider, one) for one in batch))
        for one, refusal in zip(batch, refusals, strict=True):
            machine = one.machine
            is_old = parts.now >= since[machine.instance.id] + STUCK
            if is_old and (refusal or machine.phase == "going"):
                stuck.append(f"{machine.instance.id}: {refusal or 'it goes on ending'}")
    return stuck


async def _ended(parts: Parts, provider: Provider, one: Orphan) -> str:
    """Ask for the end of a machine; give why it was refused, if it was."""
    machine, log = one.machine, parts.services.log
    about = {"provider": provider.name, "instance": machine.instance.id, "job": machine.job}
    what = f"{provider.name}.terminate"
    try:
        await call(
            parts, what, lambda: provider.terminate(machine.instance), answer.instance_status
        )
    except OperationFailed as error:
        log.warning("orphan.stays", **about, reason=error.reason, error=error.message)
        return error.message
    if machine.phase != "going":
        born = machine.launched_at or parts.now
        seconds = int((parts.now - born).total_seconds())
        log.warning("orphan.ended", **about, attempt=machine.attempt, seconds=seconds, why=one.why)
    return ""


__all__ = ["STUCK", "bury"]
