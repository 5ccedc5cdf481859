"""What every part of the Redis store stands on: a connection, and calls of scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from redis.asyncio import Redis

from jobsched.errors import StoreUnavailable, WrongStore
from jobsched.store.owner import whose
from jobsched.store.pipeline import Pipeline
from jobsched.store.script import script

Argument = str | bytes | int


class RedisCalls:
    """Calls scripts for one deployment, in one epoch of its store.

    Args:
        client: answers bytes; does not retry.
        owner: whose store it must be (:mod:`jobsched.store.owner`).
        shebang: whether the server knows ``#!lua``.
        retention: how long ended jobs are kept.
        fingerprint: of the deployment's secret; looked at by ``check`` unless it is empty.
    """

    def __init__(
        self,
        client: Redis,
        owner: str,
        *,
        shebang: bool,
        retention: timedelta,
        fingerprint: str = "",
    ) -> None:
        self._client = client
        self._owner = owner
        self._shebang = shebang
        self._retention = retention
        self._fingerprint = fingerprint
        self._pipeline = Pipeline(client.connection_pool)

    async def call(self, name: str, *arguments: Argument) -> Sequence[Any]:
        """Run a script; give its answer, whose first entry is one word.

        Raises:
            WrongStore: the store is empty or another deployment's.
            StoreUnavailable: see :class:`~jobsched.store.pipeline.Pipeline`.
        """
        text, owner = script(name, shebang=self._shebang), self._owner
        answer = await self._pipeline.call(text, owner, *arguments)
        if not isinstance(answer, list) or not answer:
            raise StoreUnavailable(f"Redis gave no answer to {name}.")
        if answer[0] == b"wrong":
            raise WrongStore(whose(answer[1].decode(), owner, put_back=name == "restore"))
        return answer


__all__ = ["Argument", "RedisCalls"]
