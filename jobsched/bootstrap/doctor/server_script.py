"""Whether the server runs our scripts, rightly and fast: tried on a key of the doctor's own."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Mapping
from typing import Any, Final

import redis

from jobsched.bootstrap.doctor.store import StoreCheck
from jobsched.contracts.check import Finding
from jobsched.store.redis import ANSWER_WITHIN
from jobsched.store.script import names, script

#: compare and set as our own scripts do it: with a key that is not announced, and 6.2's commands
TRIAL: Final = """
local was = redis.call('GET', ARGV[1])
if (was or '') ~= ARGV[2] then return 0 end
redis.call('SET', ARGV[1], ARGV[3], 'PX', 60000)
return 1
"""
FLAGGED: Final = "#!lua flags=no-writes\nreturn 1"
#: how often it is tried, and milliseconds that all but one of a hundred may take
TRIES: Final = 200
SLOW: Final = 10.0
TOO_SLOW: Final = 100.0


class Scripts(StoreCheck):
    """It takes each of our scripts, and compares and sets as told."""

    name = "redis.scripts"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        flagged = await self._server.ask("EVAL", FLAGGED, 0) is not None
        for name in names():
            text = script(name, shebang=flagged).text
            if await self._server.ask("SCRIPT", "LOAD", text) is None:
                return self._refused(f"does not take our script {name}")
        key = scratch_key()
        try:
            answers = [await self._server.ask("EVAL", TRIAL, 0, key, *one) for one in STEPS]
        finally:
            await self._server.ask("DEL", key)
        if None in answers:
            return self._refused("does not run our scripts")
        if answers != EXPECTED:
            why = f"it compares and sets wrongly ({answers} and not {EXPECTED})"
            return Finding("fail", f"{why}: jobsched needs Redis or Valkey, 6.2 or later")
        told = "takes #!lua" if flagged else "does not know #!lua (before 7.0)"
        return Finding("pass", f"it takes our {len(names())} scripts, and {told}")

    def _refused(self, what: str) -> Finding:
        why = self._server.refusal[:200]
        return Finding("fail", f"the server {what} ({why}): permit EVAL, EVALSHA and SCRIPT LOAD")


#: what the key is compared with and set to, and what comes of it
STEPS: Final = (("", "1"), ("", "2"), ("1", "2"), ("1", "3"))
EXPECTED: Final = [1, 0, 1, 0]


class Latency(StoreCheck):
    """It answers at once: each step of a job waits for it several times."""

    name = "redis.latency"

    async def judge(self, about: Mapping[str, Any]) -> Finding:
        """See above."""
        del about
        took = await asyncio.to_thread(timed, self._server.url())
        if not took:
            return Finding("unknown", "not measured: see the check redis.scripts")
        return of_latency(sorted(took)[TRIES * 99 // 100 - 1])


def timed(url: str) -> list[float]:
    """Give the milliseconds that each of some changes takes; none: they cannot be made. Blocks.

    On a connection and in a thread of its own, as the other checks are at work meanwhile.
    """
    key, took = scratch_key(), []
    within = ANSWER_WITHIN.total_seconds()
    with redis.Redis.from_url(url, socket_timeout=within, socket_connect_timeout=within) as client:
        try:
            trial = client.register_script(TRIAL)
            for number in range(TRIES):
                change = [key, str(number) if number else "", str(number + 1)]
                begun = time.perf_counter()
                answer = trial(args=change)
                took.append((time.perf_counter() - begun) * 1000)
                if answer != 1:
                    return []
            client.delete(key)
        except (redis.RedisError, OSError):
            return []
    return took


def of_latency(milliseconds: float) -> Finding:
    """Say what the 99th of 100 times means. Pure."""
    words = f"99 of 100 changes are made within {milliseconds:.1f} ms (less than {SLOW:g} is well)"
    if milliseconds >= TOO_SLOW:
        return Finding("fail", f"{words}: leases would be lost; move workers and Redis together")
    if milliseconds >= SLOW:
        return Finding("warn", f"{words}: look at its disk, its load, and the way to it")
    return Finding("pass", words)


def scratch_key() -> str:
    """Give the name of a key that nobody has."""
    return f"jobsched:doctor:{secrets.token_hex(8)}"


__all__ = ["Latency", "Scripts", "of_latency"]
