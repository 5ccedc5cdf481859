"""What is asked of a host's Docker Engine, and how it can fail to answer. All of it blocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from jobsched_static_hosts.host import Host


class Unanswered(Exception):
    """The host that was meant gave no answer.

    Args:
        message: a sentence for the user.
        reason: a short label with few values.
    """

    def __init__(self, message: str, reason: str = "host_unreachable") -> None:
        super().__init__(message)
        self.reason = reason


class InDoubt(Unanswered):
    """The same, after something was asked for that may have been done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A container that was found."""

    id: str
    labels: Mapping[str, str] = field(default_factory=dict)


class Engine(Protocol):
    """A connection to one engine, for one thread. Every method may raise ``Unanswered``."""

    def id(self) -> str:
        """Give the engine's own id."""
        ...

    def create(self, name: str, labels: Mapping[str, str]) -> bool:
        """Create a container that is never started; False: the name is taken.

        This is the lock: an engine gives a name to one container only.
        """
        ...

    def find(self, name: str) -> Found | None:
        """Look for a container by its name."""
        ...

    def remove(self, container_id: str) -> None:
        """Remove a container; one that is gone already, or is just being removed, is fine."""
        ...

    def has_jobs(self) -> bool:
        """Say whether there is a container of any job, running or not, of any deployment."""
        ...

    def mark(self, name: str, labels: Mapping[str, str]) -> None:
        """Write a mark that outlives the container; one that is there already stays as it is."""
        ...

    def marks(self, label: str) -> Mapping[str, Mapping[str, str]]:
        """Give the labels of all marks that have a label, by the marks' names."""
        ...

    def unmark(self, name: str) -> None:
        """Remove a mark; one that is gone already is fine."""
        ...


#: Opens a connection to a host, and closes it.
Connect = Callable[[Host], AbstractContextManager[Engine]]

__all__ = ["Connect", "Engine", "Found", "InDoubt", "Unanswered"]
