"""Logging every call of a plugin: what it was asked, what it gave, and how long that took.

Only where ``trace_plugins`` is set; else nothing is wrapped. No secret is logged: of what could
hold one only its length is (:mod:`jobsched.hooks.gist`).
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pluggy import PluginManager

from jobsched import log
from jobsched.errors import JobschedError, OperationFailed
from jobsched.hooks.gist import gist, shortened

#: Arguments that are the same in every call, or the process' own.
NOT_TOLD = frozenset({"self", "services", "history", "cli", "now"})
#: Texts that are told: they are names, and no secrets.
NAMES = frozenset({"job", "instance_id", "token"})

_log = log.get("jobsched.trace")

Given = Callable[[tuple[Any, ...], Mapping[str, Any]], str]


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


class _TracedPart:
    """Stands in the place of a part: all that is read of it is the part's own."""

    def __init__(self, part: Any, contract: type, who: Mapping[str, str]) -> None:
        self.__part = part
        self.__who = who
        self.__methods = dict(inspect.getmembers(contract, inspect.isfunction))

    @property  # type: ignore[misc]  # so that it is an instance of whatever the part is one of
    def __class__(self) -> type:
        return type(self.__part)

    def __repr__(self) -> str:
        return repr(self.__part)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.__part, name)
        if name.startswith("_") or name not in self.__methods:
            return found
        signature = inspect.signature(self.__methods[name])

        def given(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
            return _told(signature.bind(self, *args, **kwargs).arguments)

        return traced(found, f"{self.__part.name}.{name}", given, self.__who)


def trace_part(part: Any, contract: type, *, plugin: str, kind: str) -> Any:
    """Give a stand-in of what a plugin brought, which logs every call of the contract's methods."""
    return _TracedPart(part, contract, {"plugin": plugin, "part": kind})


def trace_hooks(manager: PluginManager) -> None:
    """Register a stand-in in the place of each plugin, whose hooks log their calls."""
    for name, plugin in manager.list_name_plugin():
        stand_in = type("TracedPlugin", (), {})()
        for caller in manager.get_hookcallers(plugin) or []:
            for one in caller.get_hookimpls():
                if one.plugin is plugin:
                    function = traced(one.function, caller.name, _of_hook, {"plugin": name})
                    # pluggy finds it by its name, or by the specname that goes along with it
                    at = one.function.__name__ if one.opts["specname"] else caller.name
                    setattr(stand_in, at, function)
        manager.unregister(plugin)
        manager.register(stand_in, name)


def _of_hook(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> str:
    del args  # hooks are called by name
    return _told(kwargs)


def _told(arguments: Mapping[str, Any]) -> str:
    return ", ".join(
        f"{name}={_argument(name, value)}"
        for name, value in arguments.items()
        if name not in NOT_TOLD
    )


def _argument(name: str, value: Any) -> str:
    if name == "config":
        # its sections only: a value could be a password, and a number too
        return f"[{', '.join(value)}]"
    return shortened(value) if name in NAMES and isinstance(value, str) else gist(value)


__all__ = ["trace_hooks", "trace_part", "traced"]
