"""Calls of scripts, sent together: one pipeline for all that a turn of the event loop asks for."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from hiredis import pack_command
from redis.asyncio.connection import ConnectionPool
from redis.exceptions import NoScriptError, RedisError, ResponseError

from jobsched.errors import StoreUnavailable
from jobsched.store.failure import unavailable
from jobsched.store.script import Script

#: The most calls in one pipeline.
MOST_CALLS = 1000
#: The most pipelines under way. Meanwhile calls gather, so that a slow disk makes larger ones.
MOST_PIPELINES = 2
#: How often scripts are loaded again that the server has forgotten meanwhile.
_LOADS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    script: Script
    arguments: tuple[Any, ...]
    answer: asyncio.Future[Any]


class Pipeline:
    """Sends calls to Redis; each caller gets its own answer or its own error.

    Args:
        pool: where connections come from; they must not retry by themselves, as an answer that was
            lost may belong to a call that was carried out.
    """

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool
        self._calls: deque[_Call] = deque()
        self._flush_is_due = False
        self._under_way: set[asyncio.Task[None]] = set()

    async def call(self, script: Script, *arguments: str | bytes | int) -> Any:
        """Run a script; a caller that is cancelled disturbs no other.

        Raises:
            StoreUnavailable: it was not done, or (a lost answer) done whole.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Any] = loop.create_future()
        self._calls.append(_Call(script=script, arguments=arguments, answer=answer))
        self._flush_soon(loop)
        return await answer

    async def close(self) -> None:
        """Wait for what is under way."""
        self._flush()
        while self._under_way:
            await asyncio.wait(self._under_way)
            self._flush()

    def _flush_soon(self, loop: asyncio.AbstractEventLoop) -> None:
        if not self._flush_is_due:
            self._flush_is_due = True
            loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flush_is_due = False
        while self._calls and len(self._under_way) < MOST_PIPELINES:
            several = [self._calls.popleft() for _ in range(min(MOST_CALLS, len(self._calls)))]
            # What nobody waits for any more and was not sent yet is not done.
            several = [call for call in several if not call.answer.done()]
            if several:
                task = asyncio.get_running_loop().create_task(self._send(several))
                self._under_way.add(task)
                task.add_done_callback(self._sent)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._under_way.discard(task)
        if self._calls:
            self._flush_soon(task.get_loop())

    async def _send(self, calls: Sequence[_Call]) -> None:
        try:
            for _ in range(_LOADS):
                calls = _settle(calls, await self._exchange(_commands(calls)))
                if not calls:
                    return
                loads = {call.script.sha: call.script.text for call in calls}
                await self._exchange([("SCRIPT", "LOAD", text) for text in loads.values()])
            error: Exception = StoreUnavailable("Redis forgets its scripts again and again.")
        except (RedisError, OSError, TimeoutError) as failed:
            error = failed
        except BaseException:
            # The task was cancelled, with the loop: nobody shall wait for ever.
            for call in calls:
                call.answer.cancel()
            raise
        for call in calls:
            _fail(call, error)

    async def _exchange(self, commands: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Send commands on one connection; give answers, errors of single commands among them."""
        connection = await self._pool.get_connection()
        done = False
        try:
            # Ten times faster than the client's own packing.
            await connection.send_packed_command([pack_command(one) for one in commands])
            answers = []
            for _ in commands:
                try:
                    answers.append(await connection.read_response())
                except ResponseError as error:
                    answers.append(error)
            done = True
            return answers
        finally:
            if not done:
                # Answers that were not read must not meet the next caller.
                await connection.disconnect(nowait=True)
            await self._pool.release(connection)


def _commands(calls: Sequence[_Call]) -> list[tuple[Any, ...]]:
    return [("EVALSHA", call.script.sha, 0, *call.arguments) for call in calls]


def _settle(calls: Sequence[_Call], answers: Sequence[Any]) -> list[_Call]:
    """Hand out answers; give the calls whose script the server does not know: they were not run."""
    left = []
    for call, answer in zip(calls, answers, strict=True):
        if isinstance(answer, NoScriptError):
            left.append(call)
        elif isinstance(answer, Exception):
            _fail(call, answer)
        elif not call.answer.done():
            call.answer.set_result(answer)
    return left


def _fail(call: _Call, error: Exception) -> None:
    """Give each caller an error object of its own: a raised one carries its traceback."""
    if call.answer.done():
        return
    own = StoreUnavailable(error.message) if isinstance(error, StoreUnavailable) else None
    own = own or unavailable(error)
    own.__cause__ = error
    call.answer.set_exception(own)


__all__ = ["MOST_CALLS", "Pipeline"]
