"""The indexes in Redis: compared with the records, and rebuilt from them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from jobsched.domain.job import SCHEMA, Job, JobId
from jobsched.domain.state import State
from jobsched.errors import NewerRecord, UnknownJob
from jobsched.store.port import Examined, Fault
from jobsched.store.redis_calls import Argument
from jobsched.store.redis_records import RedisRecords
from jobsched.store.row import CLAIM_MOST, microseconds, row_of
from jobsched.store.row import place as listed

STATES = tuple(state.value for state in State)
#: A record that changes each time between reading it and repairing it is one that is looked after.
TRIES = 10


class RedisIndex(RedisRecords):
    """The part of the port that looks at what is derived from records."""

    async def examine(
        self,
        providers: Collection[str],
        *,
        most: int,
        cursor: str | None = None,
        everything: bool = False,
    ) -> Examined:
        """See the port."""
        kept = "kept" if cursor is None else cursor
        indexes = _indexes(sorted(providers), everything=everything)
        answer = await self.call("examine", SCHEMA, min(most, CLAIM_MOST), kept, *indexes)
        return Examined(faults=_faults(answer[1]), cursor=answer[2].decode())

    async def faults(self, jobs: Collection[JobId]) -> tuple[Fault, ...]:
        """See the port."""
        return _faults((await self.call("faults", SCHEMA, *jobs))[1])

    async def repair(
        self, job: JobId, *, place: str = "", provider: str = "", token: str = ""
    ) -> tuple[str, ...]:
        """See the port."""
        for _ in range(TRIES):
            try:
                record = await self.read(job)
            except NewerRecord:
                return ()
            except UnknownJob:
                found = await self._repair(job, _NOTHING, place, provider, token)
            else:
                about = _entries(record)
                at, whose = listed(record), record.spec.provider
                found = await self._repair(job, about, at, whose, token)
            if found is not None:
                return found
        return ()

    async def _repair(
        self, job: JobId, about: _Entries, at: str, provider: str, token: str
    ) -> tuple[str, ...] | None:
        """Repair if the record still is of that revision; None: it is not."""
        kept = microseconds(self._retention)
        which = (about.rev, about.schema, about.state, at, provider, about.ended)
        answer = await self.call(
            "repair", job, *which, kept, SCHEMA, " ".join(STATES), about.tokens, token
        )
        if answer[0] == b"stale":
            return None
        return tuple(what.decode() for what in answer[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entries:
    """What the indexes shall say of a record; as arguments of a script."""

    rev: Argument
    schema: Argument
    state: str
    ended: str
    tokens: str


#: of a record that is not there
_NOTHING = _Entries(rev="", schema="", state="", ended="", tokens="")


def _entries(job: Job) -> _Entries:
    row = row_of(job)
    return _Entries(
        rev=job.rev,
        schema=job.schema,
        state=row.state.value,
        ended="1" if row.state.is_terminal else "",
        tokens=" ".join(sorted(row.tokens)),
    )


def _indexes(providers: Sequence[str], *, everything: bool) -> list[str]:
    lines = [f"{kind}:{one}" for kind in ("slots", "waiting", "paced") for one in providers]
    if not everything:
        return [*(f"jobs:{state.value}" for state in State if not state.is_terminal), *lines]
    due = [f"due:{schema}" for schema in range(1, SCHEMA + 1)]
    return ["jobs:", *(f"jobs:{state}" for state in STATES), *due, "ended:", *lines]


def _faults(found: Sequence[Sequence[bytes]]) -> tuple[Fault, ...]:
    return tuple(
        Fault(
            job=JobId(job.decode()),
            why=why.decode(),
            place=at.decode(),
            provider=whose.decode(),
            token=token.decode(),
        )
        for job, why, at, whose, token in found
    )


__all__ = ["RedisIndex"]
