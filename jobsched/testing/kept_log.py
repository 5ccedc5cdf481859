"""A log that is kept, to be read after a job; bugs are kept with their tracebacks."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from jobsched.contracts.services import Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of the log."""

    #: since the log was begun
    after: timedelta
    level: str
    event: str
    fields: dict[str, Any]

    @property
    def text(self) -> str:
        """The line without its time: ``command.failed verb=provision reason=quota``."""
        said = (f"{name}={value}" for name, value in self.fields.items() if value not in ("", 0))
        return " ".join((self.event, *said))


@dataclass(frozen=True, slots=True, kw_only=True)
class Bug:
    """An exception that a plugin should not have let out."""

    #: the call, as the core names it: ``acme.provision``
    where: str
    error: BaseException


@dataclass(slots=True)
class KeptLog:
    """`contracts.services.Log` that keeps what is said. Make it inside of the loop."""

    clock: Clock
    lines: list[Line] = field(default_factory=list)
    #: set with the first bug
    bug: asyncio.Future[Bug] = field(
        default_factory=lambda: asyncio.get_running_loop().create_future()
    )
    _begun: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._begun = self.clock.now()

    def debug(self, event: str, **fields: Any) -> None:
        """Keep what only a developer asks for."""
        self._keep("debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        """Keep what happened."""
        self._keep("info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        """Keep what an operator may want to look at."""
        self._keep("warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        """Keep what an operator must look at; an exception that comes with it is a bug."""
        error = fields.pop("exc_info", None)
        self._keep("error", event, fields)
        if isinstance(error, BaseException) and not self.bug.done():
            where = str(fields.get("call") or fields.get("task") or event)
            self.bug.set_result(Bug(where=where, error=error))

    def exception(self, event: str, **fields: Any) -> None:
        """Keep that there is a bug, and the exception that is being handled."""
        self.error(event, **fields, exc_info=sys.exc_info()[1])

    def told(self) -> Sequence[str]:
        """Give what was said, but for developers alone; what was repeated is told once."""
        found = []
        lines = (line for line in self.lines if line.level != "debug")
        for text, same in itertools.groupby(lines, key=lambda line: line.text):
            first, *others = same
            again = f" ({len(others) + 1} times, until {_whole(others[-1])})" if others else ""
            found.append(f"{_whole(first)} {text}{again}")
        return found

    def _keep(self, level: str, event: str, fields: dict[str, Any]) -> None:
        after = self.clock.now() - self._begun
        self.lines.append(Line(after=after, level=level, event=event, fields=fields))


def _whole(line: Line) -> str:
    return f"+{timedelta(seconds=int(line.after.total_seconds()))}"


__all__ = ["Bug", "KeptLog", "Line"]
