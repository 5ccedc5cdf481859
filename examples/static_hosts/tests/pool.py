"""Imagined hosts: their engines, what is on them, and what can go wrong with them."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from jobsched_static_hosts.engine import Found, Unanswered
from jobsched_static_hosts.host import Host


@dataclass
class FakeEngine:
    """The engine of one host, in memory; as thread-safe as a real one."""

    engine_id: str
    containers: dict[str, Found] = field(default_factory=dict)
    volumes: dict[str, Mapping[str, str]] = field(default_factory=dict)
    #: a job's container is on it
    runs_a_job: bool = False
    is_silent: bool = False
    #: the next creation is carried out, and its answer is lost
    loses_an_answer: bool = False
    #: how many containers it has created
    created: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def id(self) -> str:
        """Give the engine's id."""
        self._answer()
        return self.engine_id

    def create(self, name: str, labels: Mapping[str, str]) -> bool:
        """Create a container, unless the name is taken."""
        self._answer()
        with self.lock:
            if name in self.containers:
                return False
            self.created += 1
            self.containers[name] = Found(id=f"{self.engine_id}-{self.created}", labels=labels)
        if self.loses_an_answer:
            self.loses_an_answer = False
            raise Unanswered("it hung up")
        return True

    def find(self, name: str) -> Found | None:
        """Look for a container."""
        self._answer()
        return self.containers.get(name)

    def remove(self, container_id: str) -> None:
        """Remove a container."""
        self._answer()
        with self.lock:
            kept = {name: one for name, one in self.containers.items() if one.id != container_id}
            self.containers = kept

    def has_jobs(self) -> bool:
        """Say whether a job's container is there."""
        self._answer()
        return self.runs_a_job

    def mark(self, name: str, labels: Mapping[str, str]) -> None:
        """Write a mark."""
        self._answer()
        self.volumes.setdefault(name, labels)

    def marks(self, label: str) -> Mapping[str, Mapping[str, str]]:
        """Give the marks that have the label."""
        self._answer()
        return {name: labels for name, labels in self.volumes.items() if label in labels}

    def unmark(self, name: str) -> None:
        """Remove a mark."""
        self._answer()
        self.volumes.pop(name, None)

    def _answer(self) -> None:
        if self.is_silent:
            raise Unanswered("it does not answer")


class FakePool:
    """Hosts, each with its engine."""

    def __init__(self, certificate: Path, *names: str) -> None:
        self.engines = {name: FakeEngine(engine_id=f"engine-of-{name}") for name in names}
        self.hosts = [
            Host(name=name, address=f"{name}.example", port=2376, certificate=certificate)
            for name in names
        ]

    @contextmanager
    def connect(self, host: Host) -> Iterator[FakeEngine]:
        """Open a connection to a host; the first request is sent here."""
        engine = self.engines[host.name]
        engine.id()
        yield engine
