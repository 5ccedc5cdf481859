"""What is asked of many jobs at once in Redis: pages, slots, lines, what is late or over; locks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from jobsched.contracts.provider import Caps
from jobsched.domain.job import SCHEMA, JobId
from jobsched.store.port import Listed, Page, Quarantined
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.redis_records import caps_of, milliseconds
from jobsched.store.row import CLAIM_MOST, checked, microseconds, to_time


class RedisLists(RedisCalls):
    """The part of the port that looks across jobs, and that keeps locks."""

    async def list(
        self, *, state: str | None = None, limit: int = 50, cursor: str | None = None
    ) -> Page:
        """See the port."""
        # One more than asked for tells whether there is another page.
        answer = await self.call("list", state or "", checked(cursor), limit + 1)
        lines = answer[1]
        jobs = tuple(
            Listed(
                id=JobId(job.decode()),
                state=stands.decode(),
                schedule=to_time(int(schedule)),
                name=name.decode(),
            )
            for _, job, stands, schedule, name in lines[:limit]
            if schedule
        )
        return Page(jobs=jobs, next=lines[limit - 1][0].decode() if len(lines) > limit else None)

    async def slots(self, provider: str) -> Mapping[str, JobId]:
        """See the port."""
        found = (await self.call("slots", provider))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return {token.decode(): JobId(job.decode()) for token, job in pairs}

    async def refill(self, provider: str, caps: Caps) -> int:
        """See the port."""
        return int((await self.call("refill", provider, *caps_of(caps)))[1])

    async def quarantine(self) -> Sequence[Quarantined]:
        """See the port."""
        found = (await self.call("quarantine"))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return [Quarantined(id=JobId(job.decode()), why=why.decode()) for job, why in pairs]

    async def hold_back(self, job: JobId) -> None:
        """See the port."""
        await self.call("hold_back", job)

    async def held_back(self) -> Mapping[JobId, datetime]:
        """See the port."""
        found = (await self.call("held_back"))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return {JobId(job.decode()): to_time(int(since)) for job, since in pairs}

    async def let_go(self, job: JobId) -> None:
        """See the port."""
        await self.call("let_go", job)

    async def overdue(self, *, by: timedelta, most: int) -> Sequence[JobId]:
        """See the port."""
        answer = await self.call("overdue", microseconds(by), most, SCHEMA)
        return [JobId(job.decode()) for job in answer[1]]

    async def past_retention(self, *, most: int) -> Sequence[JobId]:
        """See the port."""
        answer = await self.call("past_retention", min(most, CLAIM_MOST))
        return [JobId(job.decode()) for job in answer[1]]

    async def prune(self, jobs: Sequence[JobId]) -> Sequence[JobId]:
        """See the port."""
        answer = await self.call("prune", *jobs)
        return [JobId(job.decode()) for job in answer[1]]

    async def lock(self, name: str, holder: str, *, lease: timedelta) -> bool:
        """See the port."""
        return bool((await self.call("lock", name, holder, milliseconds(lease)))[1])

    async def unlock(self, name: str, holder: str) -> None:
        """See the port."""
        await self.call("unlock", name, holder)

    async def bind(self, name: str, value: str) -> str:
        """See the port."""
        kept: bytes = (await self.call("bind", name, value))[1]
        return kept.decode()

    async def see_worker(self, holder: str, *, lease: timedelta) -> None:
        """See the port."""
        await self.call("see_worker", holder, microseconds(lease))

    async def workers(self) -> Sequence[str]:
        """See the port."""
        return sorted(holder.decode() for holder in (await self.call("workers"))[1])


__all__ = ["RedisLists"]
