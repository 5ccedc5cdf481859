"""Records in Redis: accepted, read, saved, leased and woken."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from jobsched.contracts.provider import Caps
from jobsched.domain.job import SCHEMA, Job, JobId
from jobsched.domain.replace import replace
from jobsched.errors import (
    IdempotencyConflict,
    NewerRecord,
    StaleWrite,
    UnknownJob,
    UnreadableRecord,
)
from jobsched.store import codec
from jobsched.store.failure import is_held_back, of_one_time
from jobsched.store.port import Accepted, Claimed, Idempotency, Renewal, Saved
from jobsched.store.redis_calls import Argument, RedisCalls
from jobsched.store.row import (
    CLAIM_MOST,
    KEY_KEPT,
    LEAP,
    interval,
    microseconds,
    place,
    row_of,
    to_number,
    to_time,
)


class RedisRecords(RedisCalls):
    """The part of the port that touches records."""

    async def accept(
        self, job: Job, *, look_again_at: datetime, idempotency: Idempotency | None = None
    ) -> Accepted:
        """See the port."""
        row = row_of(job)
        key = hashlib.sha256(idempotency.key.encode()).hexdigest() if idempotency else ""
        answer = await self.call(
            "accept",
            job.id,
            job.rev,
            job.schema,
            row.state.value,
            place(job),
            to_number(job.spec.schedule),
            job.spec.name,
            job.spec.provider,
            codec.encode(job),
            to_number(look_again_at),
            key,
            idempotency.digest if idempotency else "",
            milliseconds(KEY_KEPT),
            row.attempt,
        )
        if answer[0] == b"conflict":
            raise IdempotencyConflict
        return Accepted(id=JobId(answer[1].decode()), created=answer[0] == b"created")

    async def read(self, job: JobId, *, held_back: bool = False) -> Job:
        """See the port."""
        answer = await self.call("read", job)
        if answer[0] == b"unknown":
            raise UnknownJob
        if answer[0] == b"broken":
            broken = UnreadableRecord("The record is not a hash.")
            await self.set_aside(job, b"", broken)
            raise broken
        try:
            found = of_one_time(codec.decode(answer[2], _schema(answer[1])), answer[3].decode())
            if answer[4] and not held_back:
                raise is_held_back()
        except NewerRecord:
            raise
        except UnreadableRecord as error:
            await self.set_aside(job, answer[2], error)
            raise
        return found

    async def set_aside(self, job: JobId, document: bytes, error: UnreadableRecord) -> None:
        """Put a record into quarantine, if it still holds the document that was found broken."""
        # Not for safety: this is the digest that scripts know.
        digest = hashlib.sha1(document, usedforsecurity=False).hexdigest()
        await self.call("set_aside", job, error.message, digest)

    async def save(
        self,
        before: Job,
        after: Job,
        *,
        look_again_at: datetime | None,
        facts: Sequence[str],
        holder: str = "",
        release: bool = False,
        caps: Caps | None = None,
        waiting_until: datetime | None = None,
    ) -> Saved:
        """See the port."""
        was, row = row_of(before), row_of(after)
        after = replace(after, rev=before.rev + 1 + secrets.randbelow(LEAP))
        taken = sorted(row.tokens - was.tokens)
        answer = await self.call(
            "save",
            before.id,
            before.rev,
            holder,
            _flag(release),
            number(look_again_at),
            after.schema,
            row.state.value,
            _flag(row.state.is_terminal),
            microseconds(self._retention),
            to_number(row.order),
            number(waiting_until),
            _flag(caps is not None),
            *caps_of(caps or Caps()),
            " ".join(facts),
            row.reason,
            row.attempt,
            codec.encode(after),
            " ".join(sorted(row.refused - was.refused)),
            " ".join(sorted(row.tokens)),
            after.rev,
            len(taken),
            *taken,
            *sorted(was.tokens - row.tokens),
        )
        match answer[0]:
            case b"stale":
                raise StaleWrite
            case b"waiting":
                return Saved(job=before, waiting=True)
            case _:
                return Saved(job=after)

    async def claim(
        self, holder: str, *, most: int, lease: timedelta, only: JobId | None = None
    ) -> Claimed:
        """See the port."""
        answer = await self.call(
            "claim", holder, min(most, CLAIM_MOST), microseconds(lease), SCHEMA, only or ""
        )
        found, jobs = answer[3], []
        four = (found[begin::4] for begin in range(4))
        for job, document, rev, held_back in zip(*four, strict=True):
            try:
                if held_back:
                    raise is_held_back()
                jobs.append(of_one_time(codec.decode(document), rev.decode()))
            except UnreadableRecord as error:
                await self.set_aside(JobId(job.decode()), document, error)
        return Claimed(
            jobs=tuple(jobs),
            now=to_time(int(answer[1])),
            next_in=timedelta(microseconds=int(answer[2])) if answer[2] else None,
        )

    async def renew(self, holder: str, jobs: Sequence[JobId], *, lease: timedelta) -> Renewal:
        """See the port."""
        answer = await self.call("renew", holder, microseconds(lease), *jobs)
        return Renewal(dirty=_ids(answer[1]), lost=_ids(answer[2]))

    async def release(self, holder: str, job: JobId, *, look_again_at: datetime | None) -> None:
        """See the port."""
        await self.call("release", holder, job, number(look_again_at))

    async def wake(self, job: JobId) -> None:
        """See the port."""
        await self.call("wake", job)


def caps_of(caps: Caps) -> tuple[Argument, Argument, Argument]:
    """Give the caps as arguments, the pace as an interval; empty for no limit."""
    pace = interval(caps)
    found = (caps.alive, caps.hourly, None if pace is None else microseconds(pace))
    alive, hourly, between = ("" if cap is None else cap for cap in found)
    return alive, hourly, between


def milliseconds(span: timedelta) -> int:
    """Give a span as Redis counts its own; at least one, as it refuses none."""
    return max(1, span // timedelta(milliseconds=1))


def _schema(text: bytes) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise UnreadableRecord("The record's schema version is not a number.") from error


def _flag(value: bool) -> str:  # noqa: FBT001  it is the value itself
    return "1" if value else ""


def number(at: datetime | None) -> Argument:
    """Give a time as an argument; empty for none."""
    return "" if at is None else to_number(at)


def _ids(found: Sequence[bytes]) -> frozenset[JobId]:
    return frozenset(JobId(one.decode()) for one in found)


__all__ = ["RedisRecords", "caps_of", "milliseconds", "number"]
