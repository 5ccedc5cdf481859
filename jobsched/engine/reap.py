"""reap: end machines that no record knows. The net below everything else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from jobsched.contracts.provider import OwnedMachine, Provider
from jobsched.engine import answer
from jobsched.engine.alarm import alarm, all_clear
from jobsched.engine.bury import bury
from jobsched.engine.call import LISTING, call
from jobsched.engine.orphan import Orphan, job_of, orphan, overdue
from jobsched.engine.parts import Parts
from jobsched.engine.turn import Turn
from jobsched.errors import NotFound, OperationFailed, UnreadableRecord
from jobsched.store.keepable import NotKeepable

#: more than this many, and than this part of all machines, are not ended at once
MOST, MOST_PART = 5, 0.2
#: machines that an alarm names
NAMED = 5


def name_of(provider: str) -> str:
    """Give the name of a provider's lock, alarm and permit."""
    return f"reap:{provider}"


async def reap(parts: Parts, provider: Provider, turn: Turn) -> int:
    """End the provider's machines that are no job's; give how many were asked to end.

    Called every minute by the one holder of the provider's lock. May be repeated. It ends nothing
    that it is not sure of: where the list is not whole, or a record cannot be read, a later pass
    does.

    Args:
        parts: what to act with.
        provider: whose machines are looked at.
        turn: the lock, just taken.

    Raises:
        WrongStore: the store was emptied, or is another deployment's: nothing is known of any job.
        LeaseOver: the lock was lost, or this worker was paused for longer than it holds.
        Unavailable: the store does not answer.
    """
    parts = replace(parts, may_act=turn.may_act)
    begun_at = await parts.store.check()
    # before the records: whatever is launched after this is not on the list
    machines = await _listed(parts, provider)
    if machines is None:
        return 0
    is_forced = await parts.store.use_permit(name_of(provider.name))
    await _tell_strays(parts, provider, machines, begun_at)
    found = [lost for one in machines if (lost := await _judged(parts, one))]
    since = await parts.store.suspect(provider.name, [one.machine.instance.id for one in found])
    now = parts.now
    ripe = [one for one in found if one.is_ripe(now, since[one.machine.instance.id])]
    if _too_many(ripe, len(machines)) and not is_forced:
        await alarm(parts, name_of(provider.name), _mass(provider, ripe, len(machines)))
        ripe = []
    else:
        await _tell_stuck(parts, provider, await bury(parts, provider, ripe, since, turn))
    await parts.store.see_reaper(provider.name)
    return len(ripe)


async def _listed(parts: Parts, provider: Provider) -> list[OwnedMachine] | None:
    """Give all machines; None: the provider cannot tell, so nothing is concluded."""
    what = f"{provider.name}.owned"
    try:
        found = await call(parts, what, provider.owned, answer.owned, within=LISTING)
    except OperationFailed as error:
        about = {"reason": error.reason, "error": error.message}
        parts.services.log.warning("reap.failed", provider=provider.name, **about)
        return None
    for one in found:
        if isinstance(one, NotKeepable):
            parts.services.log.error("plugin.failed", call=what, why=str(one))
    return [one for one in found if isinstance(one, OwnedMachine)]


async def _judged(parts: Parts, machine: OwnedMachine) -> Orphan | None:
    """Give the machine if it is to be ended, whatever its age; None: it is spared."""
    if late := overdue(machine, parts.now):
        return late
    job = job_of(machine)
    if job is None:
        return None
    try:
        record = await parts.store.read(job)
    except NotFound:
        record = None
    except UnreadableRecord:
        # unknown: it may well count on this machine
        return None
    return orphan(machine, record, parts.secrets)


def _too_many(orphans: Sequence[Orphan], machines: int) -> bool:
    """Say whether a mistake of ours is likelier; those that end already are no loss."""
    fresh = [one for one in orphans if one.machine.phase != "going"]
    return len(fresh) > max(MOST, MOST_PART * machines)


async def _tell_strays(
    parts: Parts, provider: Provider, machines: Sequence[OwnedMachine], begun_at: datetime
) -> None:
    """Log, once for each, the machines that carry our mark and belong to no launch."""
    strays = [one.instance.id for one in machines if job_of(one) is None]
    known = await parts.store.suspect(f"{provider.name}:strays", strays)
    for one in strays:
        if known[one] >= begun_at:
            about = {"provider": provider.name, "instance": one}
            parts.services.log.warning("machine.without_launch", **about)


async def _tell_stuck(parts: Parts, provider: Provider, stuck: Sequence[str]) -> None:
    if not stuck:
        await all_clear(parts, name_of(provider.name))
        return
    sentence = (
        f"{len(stuck)} machines of {provider.name} that no job knows of will not end"
        f" ({'; '.join(stuck[:NAMED])}): end them by hand. They are asked again every minute."
    )
    await alarm(parts, name_of(provider.name), sentence)


def _mass(provider: Provider, orphans: Sequence[Orphan], machines: int) -> str:
    ids = ", ".join(one.machine.instance.id for one in orphans[:NAMED])
    return (
        f"{len(orphans)} of the {machines} machines of {provider.name} belong to no job ({ids}, …)."
        " None is ended, as so many at once may be a mistake of jobsched's. Look at them; if they"
        f" may go: jobsched reap {provider.name} --force"
    )


__all__ = ["name_of", "reap"]
