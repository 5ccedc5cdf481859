"""What is promised of a world in which all is over."""

from __future__ import annotations

from collections.abc import Container, Iterable
from datetime import timedelta

from jobsched.contracts.change import Change
from jobsched.domain.job import JobId
from jobsched.domain.state import TERMINAL
from jobsched.store.memory import MemoryStore
from jobsched.testing.simulator.promise.sight import Sight

#: within which the plugins are told, whoever of those that tell them has died
TOLD_WITHIN = timedelta(minutes=5)
#: index entries that are looked at in one call
PAGE = 250


async def check_end(sight: Sight, store: MemoryStore) -> None:
    """Look at everything that is stored."""
    world = store.world
    for job in sorted(sight.jobs.keys() - world.records.keys()):
        sight.tell("nothing lost", f"{job} has no record", job)
    for job, record in world.records.items():
        if record.state not in TERMINAL:
            sight.tell("nothing lost", f"{job} is {record.state}", job)
        elif record.document is not sight.jobs.get(job):
            sight.tell("terminal stays", f"{job} is not as it was when it ended", job)
    for one in await store.quarantine():
        sight.tell("no quarantine", f"{one.id}: {one.why}", one.id)
    await _check_indexes(sight, store)


def check_told(sight: Sight, changes: Iterable[Change], told: Container[str]) -> None:
    """Look whether the plugins were told of what was saved a while ago."""
    until = sight.books.clock.now() - TOLD_WITHIN
    for one in changes:
        if one.id not in told and one.at < until:
            sight.tell("told", f"change {one.id} of {one.job} was told to nobody", one.job)


def check_forgotten(sight: Sight, logs: Iterable[JobId]) -> None:
    """Look at the jobs of which there are logs, when no record is left."""
    for job in logs:
        sight.tell("logs go", f"{job} is forgotten, and its logs are not", job)


async def _check_indexes(sight: Sight, store: MemoryStore) -> None:
    providers = sorted({record.provider for record in store.world.records.values()})
    cursor = ""
    while True:
        page = await store.examine(providers, most=PAGE, cursor=cursor, everything=True)
        for fault in page.faults:
            sight.tell("indexes agree", f"{fault.why} of {fault.job}", fault.job)
        cursor = page.cursor
        if not cursor:
            break
    for provider in providers:
        for token, job in (await store.slots(provider)).items():
            _check_slot(sight, store, token, job)


def _check_slot(sight: Sight, store: MemoryStore, token: str, job: JobId) -> None:
    record = store.world.records.get(job)
    if record is None or record.state in TERMINAL:
        sight.tell("indexes agree", f"{job} has ended and holds the slot {token[:8]}", job)


__all__ = ["TOLD_WITHIN", "check_end", "check_forgotten", "check_told"]
