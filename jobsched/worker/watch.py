"""Hear of ended containers: one stream for each distinct access, held by one worker."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import replace
from datetime import timedelta

from jobsched.contracts.runner import Runner
from jobsched.domain.facts import Hinted
from jobsched.domain.job import Access, JobId
from jobsched.engine import answer
from jobsched.engine.call import PluginBug, ask
from jobsched.engine.observe import observe
from jobsched.engine.parts import Parts
from jobsched.errors import JobschedError
from jobsched.store.keepable import NotKeepable, named

#: how the core names containers (`jobsched.engine.order.container_name`)
NAME = re.compile(r"jobsched-(?P<job>[A-Za-z0-9]{32})-(?P<attempt>\d+)-(?P<launch>\d+)(-\d+)?\Z")
#: short: while a worker that was killed still has the lock, nobody tells of ended containers
LEASE = timedelta(seconds=6)
RENEW = timedelta(seconds=2)
#: streams in a row that ended with an error before the machine is believed to be away; it is
#: watched
#: again as soon as a sweep describes it, or a container is started on it
MOST_FAILURES = 3


class Watches:
    """The streams that this worker holds or would hold if another worker did not."""

    def __init__(self, parts: Parts) -> None:
        # what is heard comes from outside every lease
        self._parts = replace(parts, worker="")
        self._holder = parts.worker
        self._keys: set[str] = set()

    def ensure(self, runner: Runner, access: Access) -> bool:
        """See to it that somebody watches; False: this runner cannot be watched there."""
        key = f"{runner.name}:{access.kind}:{access.host_id or access.address}"
        if key in self._keys:
            return True
        if self._opened(runner, access) is None:
            return False
        self._keys.add(key)
        self._parts.services.spawn.task(self._watch(key, runner, access), name=f"watch.{key}")
        return True

    def _opened(self, runner: Runner, access: Access) -> AsyncIterator[str] | None:
        """Give the runner's stream; one that is none is logged, and hints at nothing."""
        try:
            return ask(
                self._parts, f"{runner.name}.watch", lambda: runner.watch(access), answer.stream
            )
        except PluginBug:
            return None

    async def _watch(self, key: str, runner: Runner, access: Access) -> None:
        failures = 0
        try:
            while failures < MOST_FAILURES:
                failures = 0 if await self._held(key, runner, access) else failures + 1
                await self._parts.services.clock.sleep(1)
        finally:
            self._keys.discard(key)

    async def _held(self, key: str, runner: Runner, access: Access) -> bool:
        """Hold the stream while the lock is ours; False: the stream ended with an error."""
        store, clock = self._parts.store, self._parts.services.clock
        try:
            if not await store.lock(f"watch:{key}", self._holder, lease=LEASE):
                await clock.sleep(RENEW.total_seconds())
                return True
            stream = self._opened(runner, access)
            if stream is None:
                return False
            try:
                async with contextlib.aclosing(_closing(stream)) as names:
                    await self._hear(key, names)
            finally:
                # so that the next worker need not wait for the lease to end
                await store.unlock(f"watch:{key}", self._holder)
        except JobschedError as error:
            self._parts.services.log.info("watch.ended", key=key, error=error.message)
            return False
        except Exception:
            self._parts.services.log.exception("plugin.failed", call=f"{runner.name}.watch")
            return False
        return True

    async def _hear(self, key: str, names: AsyncIterator[str]) -> None:
        """Hint at each name; between two names, keep the lock."""
        following = asyncio.ensure_future(_next(names))
        try:
            while True:
                done, _ = await asyncio.wait({following}, timeout=RENEW.total_seconds())
                if not await self._parts.store.lock(f"watch:{key}", self._holder, lease=LEASE):
                    return
                if not done:
                    continue
                name = following.result()
                if name is None:
                    return
                if not isinstance(name, str):
                    raise NotKeepable(f"{named(name)}, and no container's name")
                await self._hint(name)
                following = asyncio.ensure_future(_next(names))
        finally:
            following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await following

    async def _hint(self, name: str) -> None:
        match = NAME.match(name)
        if match is None:
            return
        fact = Hinted(
            at=self._parts.now, attempt=int(match["attempt"]), launch=int(match["launch"])
        )
        try:
            job = await self._parts.store.read(JobId(match["job"]))
            await observe(self._parts, job, fact)
        except JobschedError as error:
            self._parts.services.log.info("hint.dropped", container=name, error=error.message)


async def _closing(stream: AsyncIterator[str]) -> AsyncGenerator[str, None]:
    """Give an iterator that can be closed, whatever the plugin gave."""
    try:
        async for name in stream:
            yield name
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def _next(names: AsyncIterator[str]) -> str | None:
    return await anext(names, None)


__all__ = ["NAME", "Watches"]
