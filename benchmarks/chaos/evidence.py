"""What was seen of a run from outside the product, and what the product says of it. Pure data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from benchmarks.chaos.script import Script


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the client's own book: a job that it posted."""

    script: Script
    #: its time
    schedule: datetime
    #: ids that the API has answered with; more than one is a job that was accepted twice
    ids: tuple[str, ...]
    #: when the first answer was there; None: none ever came
    acknowledged_at: datetime | None
    #: how it was seen to have ended when that was seen first: status and reason
    first_end: tuple[str, str] | None = None
    #: answers that a careful client does not expect
    odd_answers: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The id that counts; empty: it was never acknowledged."""
        return self.ids[0] if self.ids else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A container's process, from its start to its end."""

    job: str
    attempt: int
    #: the container, for people
    where: str
    started_at: datetime
    #: None: it was not seen to end
    ended_at: datetime | None = None
    #: None: its process did not end by itself
    code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What is paid for, or in the way, while it is there: a container, or a machine."""

    job: str
    attempt: int
    name: str
    made_at: datetime
    #: None: it is there
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is judged."""

    book: Sequence[Entry]
    #: id → document of ``GET /status/{id}`` at the end; without those that the API does not know
    documents: Mapping[str, Mapping[str, Any]]
    #: ids that ``GET /list`` gave at the end
    listed: Sequence[str]
    #: runs by each witness: the engine's events, and the containers' own lines
    runs: Mapping[str, Sequence[Run]]
    bodies: Sequence[Body]
    #: what was there at the end, and should not be
    left: Sequence[str] = field(default=())


__all__ = ["Body", "Entry", "Evidence", "Run"]
