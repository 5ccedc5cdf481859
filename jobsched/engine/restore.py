"""restore: hold back the jobs that may have run since a backup that was put back was made."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from jobsched.domain.facts import Restored
from jobsched.domain.job import Job
from jobsched.domain.state import TERMINAL, State, state_of
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import NewerRecord, UnreadableRecord
from jobsched.store.port import Listed

#: jobs that are read at one time
PAGE = 200
#: index entries that are looked at in one call
INDEX_PAGE = 250


@dataclass(slots=True, kw_only=True)
class Restoration:
    """What became of the jobs of the backup."""

    #: how many: ``ended`` (before the backup), ``failed`` (now, as they may have run since),
    #: ``finishing`` (as soon as their machines are given back), ``watched`` (to the end of what
    #: was started; nothing more is begun), ``ahead`` (their time has not come: they go on)
    jobs: Counter[str] = field(default_factory=Counter)
    #: the ids of records that cannot be read: they are in quarantine, and held back
    unreadable: list[str] = field(default_factory=list)


async def restore(parts: Parts, tell: Callable[[Restoration], None]) -> Restoration:
    """Go through all jobs of the store. May be repeated, after a crash in the middle too.

    The caller is the only one that the store lets in (`Store.begin_restore`).

    Args:
        parts: with no worker's name, and no plugin: none is asked for anything.
        tell: is told how far it is, after each page of jobs.

    Raises:
        NewerRecord: a newer version of jobsched must do this.
        Unavailable: the store does not answer.
    """
    await _mend(parts)
    found, cursor = Restoration(), None
    while True:
        page = await parts.store.list(limit=PAGE, cursor=cursor)
        await asyncio.gather(*(_held_back(parts, one, found) for one in page.jobs))
        tell(found)
        if (cursor := page.next) is None:
            break
    # Who puts one of them right later must not have it run as the backup knows it (`reconcile`).
    for broken in await parts.store.quarantine():
        await parts.store.hold_back(broken.id)
    return found


async def _mend(parts: Parts) -> None:
    """Put back into the list what has fallen out of it, and would be due all the same."""
    cursor = ""
    while True:
        page = await parts.store.examine((), most=INDEX_PAGE, cursor=cursor, everything=True)
        for fault in page.faults:
            # one that cannot be read is told when it is come to
            with suppress(UnreadableRecord):
                await parts.store.repair(
                    fault.job, place=fault.place, provider=fault.provider, token=fault.token
                )
        if not (cursor := page.cursor):
            return


async def _held_back(parts: Parts, one: Listed, found: Restoration) -> None:
    if one.state in TERMINAL:
        found.jobs["ended"] += 1
        return
    try:
        job = await parts.store.read(one.id, held_back=True)
    except NewerRecord:
        raise
    except UnreadableRecord:
        found.unreadable.append(one.id)
        return
    found.jobs[_word(await observe(parts, job, Restored(at=parts.now)))] += 1


def _word(job: Job) -> str:
    state = state_of(job)
    if state.is_terminal:
        return "failed"
    if state is State.FINISHING:
        return "finishing"
    return "watched" if job.restored_at else "ahead"


__all__ = ["Restoration", "restore"]
