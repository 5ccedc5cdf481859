"""A look-up that many launches share: its answer is kept for a while, and it is asked only once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Final, Generic, TypeVar

from jobsched.contracts.services import Clock
from jobsched.errors import OperationFailed

T = TypeVar("T")

#: how long a failure is told to whoever asks next, so that 500 launches do not fail one by one
FAILURE_KEPT: Final = timedelta(seconds=1)


class Kept(Generic[T]):
    """What was looked up. Whoever comes while one look-up is under way waits for its answer.

    Args:
        look: looks it up anew; cancelled with its caller, and then the next one in line looks.
        clock: tells how old the answer is.
        keep: how long the answer is used.
    """

    def __init__(self, look: Callable[[], Awaitable[T]], clock: Clock, keep: timedelta) -> None:
        self._look = look
        self._clock = clock
        self._keep = keep
        self._one_at_a_time = asyncio.Lock()
        self._answer: tuple[float, T] | None = None
        self._failure: tuple[float, OperationFailed] | None = None

    async def get(self) -> T:
        """Give the answer that is kept, or look it up. May be repeated.

        Raises:
            OperationFailed: it could not be looked up, now or a second ago.
        """
        if (known := self._known()) is not None:
            return known[1]
        async with self._one_at_a_time:
            if (known := self._known()) is not None:
                return known[1]
            self._fail_again()
            return await self._asked()

    def forget(self) -> None:
        """Look it up anew the next time: it turned out to be wrong."""
        self._answer = None

    async def _asked(self) -> T:
        try:
            answer = await self._look()
        except OperationFailed as error:
            self._failure = self._clock.monotonic(), error
            raise
        self._answer = self._clock.monotonic(), answer
        return answer

    def _known(self) -> tuple[float, T] | None:
        """Give the answer with its time; in a tuple, as it may be None itself."""
        if self._answer is None or self._is_past(self._answer[0], self._keep):
            return None
        return self._answer

    def _fail_again(self) -> None:
        if self._failure is None or self._is_past(self._failure[0], FAILURE_KEPT):
            return
        error = self._failure[1]
        # a new one: the same error raised by many tasks would gather all their tracebacks
        raise OperationFailed(
            error.reason, error.message, effect=error.effect, then=error.then
        ) from error

    def _is_past(self, since: float, limit: timedelta) -> bool:
        return self._clock.monotonic() - since >= limit.total_seconds()


__all__ = ["FAILURE_KEPT", "Kept"]
