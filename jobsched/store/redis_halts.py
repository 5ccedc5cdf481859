"""Providers in Redis that are asked for nothing until an operator resumes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.errors import StaleWrite
from jobsched.store.port import NO_CAPS, Halted
from jobsched.store.redis_calls import RedisCalls
from jobsched.store.redis_records import caps_of, number
from jobsched.store.row import row_of, to_number

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Halted)


class RedisHalts(RedisCalls):
    """The part of the port that halts providers."""

    async def halt(self, provider: str, why: Halted) -> Halted:
        """See the port."""
        return _decoder.decode((await self.call("halt", provider, _encoder.encode(why)))[1])

    async def resume(self, provider: str, caps: Caps) -> int:
        """See the port."""
        alive, hourly, _ = caps_of(caps)
        return int((await self.call("resume", provider, alive, hourly))[1])

    async def halted(self) -> Mapping[str, Halted]:
        """See the port."""
        found = (await self.call("halted"))[1]
        pairs = zip(found[::2], found[1::2], strict=True)
        return {provider.decode(): _decoder.decode(why) for provider, why in pairs}

    async def waits_in_line(
        self,
        job: Job,
        *,
        caps: Caps = NO_CAPS,
        freed: int = 0,
        holder: str = "",
        waiting_until: datetime | None = None,
    ) -> bool:
        """See the port."""
        order, until = to_number(row_of(job).order), number(waiting_until)
        answer = await self.call(
            "wait_in_line", job.id, job.rev, holder, order, until, *caps_of(caps), freed
        )
        if answer[0] == b"stale":
            raise StaleWrite
        return bool(answer[1])


__all__ = ["RedisHalts"]
