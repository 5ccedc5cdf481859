"""A plugin's function whose calls are logged: what was asked, what came of it, how long it took."""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from jobsched import log
from jobsched.errors import JobschedError, OperationFailed
from jobsched.hooks.gist import gist

#: Tells the arguments of a call.
Given = Callable[[tuple[Any, ...], Mapping[str, Any]], str]

_log = log.get("jobsched.trace")


class _Call:
    """One call, from its beginning on."""

    def __init__(self, call: str, given: str, who: Mapping[str, str]) -> None:
        self._fields = {**who, "call": f"{call}({given})"}
        self._began = time.perf_counter()

    def told(self, event: str = "plugin.called", **result: object) -> None:
        """Log how it ended."""
        milliseconds = round((time.perf_counter() - self._began) * 1000, 1)
        _log.info(event, **self._fields, **result, milliseconds=milliseconds)

    @contextmanager
    def failing(self, event: str = "plugin.called") -> Iterator[None]:
        """Log what is raised inside, a cancellation too."""
        try:
            yield
        except BaseException as error:
            self.told(event, raised=_raised(error))
            raise


def traced(
    function: Callable[..., Any], name: str, given: Given, who: Mapping[str, str]
) -> Callable[..., Any]:
    """Wrap a function of a plugin; one that is async stays so.

    Args:
        function: gives a value, an awaitable or a stream.
        name: of what is called.
        given: tells the arguments.
        who: fields of the log line that tell whose it is.
    """
    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def waited(*args: Any, **kwargs: Any) -> Any:
            return await _awaited(function(*args, **kwargs), _Call(name, given(args, kwargs), who))

        return waited

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        call = _Call(name, given(args, kwargs), who)
        with call.failing():
            result = function(*args, **kwargs)
        if inspect.isawaitable(result):
            return _awaited(result, call)
        call.told(gave=gist(result))
        return _streamed(result, call) if isinstance(result, AsyncIterator) else result

    return called


async def _awaited(result: Awaitable[Any], call: _Call) -> Any:
    with call.failing():
        found = await result
    call.told(gave=gist(found))
    return found


async def _streamed(stream: AsyncIterator[Any], call: _Call) -> AsyncGenerator[Any, None]:
    """Give what the stream gives; its end is logged, and a reader that leaves closes it."""
    count = 0
    try:
        with call.failing("plugin.streamed"):
            async for item in stream:
                count += 1
                yield item
        call.told("plugin.streamed", gave=f"{count} piece{'' if count == 1 else 's'}")
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


def _raised(error: BaseException) -> str:
    name = type(error).__name__
    if isinstance(error, OperationFailed):
        return f"{name} {error.reason}: {error.message}"
    # of anything else nobody has promised that no secret is in its text
    return f"{name}: {error.message}" if isinstance(error, JobschedError) else name


__all__ = ["Given", "traced"]
