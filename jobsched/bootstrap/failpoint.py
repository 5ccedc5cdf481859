"""``JOBSCHED_FAILPOINT``: end this process at once, before or after a call to the outside.

For tests of what the next process makes of it. Where the variable is not set, nothing stands
between the engine and the outside.
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar, cast

from jobsched import log
from jobsched.engine.outside import POINTS, Outside, plugins_outside
from jobsched.errors import ConfigError
from jobsched.hooks.registry import Registry

T = TypeVar("T")

_log = log.get(__name__)

VARIABLE = "JOBSCHED_FAILPOINT"
#: the exit code of a process that ended at its point: no signal's, and nobody else's
EXIT = 86
FORM = re.compile(r"(?P<name>[^:]+):(?P<when>before|after)(:(?P<time>[1-9][0-9]{0,8}))?\Z")


class FailPoint:
    """The one place at which this process ends."""

    def __init__(self, name: str, when: str, time: int = 1) -> None:
        self._name = name
        self._when = when
        self._left = time

    def __str__(self) -> str:
        return f"{self._name}:{self._when}"

    async def __call__(self, names: tuple[str, ...], ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask, unless this is the place. A call that raises has no *after*."""
        self._pass(names, "before")
        answer = await ask()
        self._pass(names, "after")
        return answer

    def _pass(self, names: tuple[str, ...], when: str) -> None:
        if when != self._when or self._name not in names:
            return
        self._left -= 1
        if not self._left:
            said = f"jobsched: ended at the fail-point {self}, as {VARIABLE} says\n"
            os.write(2, said.encode())
            # not one line more is carried out: no task, no handler, no file is closed
            os._exit(EXIT)


def read(environ: Mapping[str, str] = os.environ) -> FailPoint | None:
    """Give the place at which this process shall end, if any.

    Raises:
        ConfigError: there is no such place, or it is not written as it should be.
    """
    written = environ.get(VARIABLE, "")
    if not written:
        return None
    match = FORM.match(written)
    if match is None:
        raise ConfigError(
            f"environment {VARIABLE}: {written!r} is not NAME:before, NAME:after or, for the n-th "
            f"time, NAME:after:N; names: {', '.join(POINTS)}"
        )
    if match["name"] not in POINTS:
        close = difflib.get_close_matches(match["name"], POINTS, n=1)
        meant = f"; did you mean {close[0]}?" if close else ""
        raise ConfigError(
            f"environment {VARIABLE}: there is no fail-point {match['name']!r}{meant} "
            f"There are: {', '.join(POINTS)}"
        )
    return FailPoint(match["name"], match["when"], int(match["time"] or 1))


def around(outside: T, kind: str, point: FailPoint | None) -> T:
    """Give the outside, or its stand-in where this process is to end at some call."""
    return cast("T", Outside(outside, kind, point)) if point else outside


def around_plugins(registry: Registry, point: FailPoint | None) -> Registry:
    """Give the registry, or one with stand-ins, and a warning in the log."""
    if point is None:
        return registry
    _log.warning("failpoint.set", point=str(point), why=f"{VARIABLE} ends this process there")
    return plugins_outside(registry, point)


__all__ = ["EXIT", "VARIABLE", "FailPoint", "around", "around_plugins", "read"]
