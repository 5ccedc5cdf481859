"""Asking hosts: each question in a thread, with a connection of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import Concatenate, ParamSpec, TypeVar

from jobsched.contracts.services import Pool, Spawn

from jobsched_static_hosts.engine import Connect, Engine, Unanswered
from jobsched_static_hosts.host import Host

Arguments = ParamSpec("Arguments")
Answer = TypeVar("Answer")

#: More hosts than this are asked in turns.
THREADS = 32


class Asking:
    """Threads for two kinds of questions, so that silent hosts hold up no launch on another."""

    def __init__(self, connect: Connect, spawn: Spawn, hosts: int) -> None:
        threads = min(hosts, THREADS)
        self._connect = connect
        self._calls = spawn.pool("static-hosts-call", threads)
        self._looks = spawn.pool("static-hosts-look", threads)

    async def one(
        self,
        host: Host,
        question: Callable[Concatenate[Engine, Arguments], Answer],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Answer:
        """Ask one host.

        Raises:
            Unanswered: it did not answer.
        """
        return await self._ask(self._calls, host, question, *args, **kwargs)

    async def all(
        self,
        hosts: Iterable[Host],
        question: Callable[Concatenate[Engine, Arguments], Answer],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> list[tuple[Host, Answer | Unanswered]]:
        """Ask hosts at the same time; give each with its answer, or why there is none."""

        async def asked(host: Host) -> tuple[Host, Answer | Unanswered]:
            try:
                return host, await self._ask(self._looks, host, question, *args, **kwargs)
            except Unanswered as error:
                return host, error

        return await asyncio.gather(*map(asked, hosts))

    async def _ask(
        self,
        pool: Pool,
        host: Host,
        question: Callable[Concatenate[Engine, Arguments], Answer],
        *args: Arguments.args,
        **kwargs: Arguments.kwargs,
    ) -> Answer:
        def work() -> Answer:
            with self._connect(host) as engine:
                return question(engine, *args, **kwargs)

        return await pool.run(work)


__all__ = ["Asking"]
