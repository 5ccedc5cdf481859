"""How often each container was started, as the engine tells it while it happens."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import docker


class Starts:
    """Hears the starts of one deployment's containers until it is closed.

    Live, as an engine remembers its last 256 events only, of whatever container.
    """

    def __init__(self, docker_host: str, deployment: str) -> None:
        self._client = docker.DockerClient(base_url=docker_host, timeout=600)
        wanted = {
            "type": "container",
            "event": "start",
            "label": f"jobsched.deployment={deployment}",
        }
        self._events: Any = self._client.events(decode=True, filters=wanted)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        for event in self._events:
            with self._lock:
                self._counts[event["Actor"]["Attributes"]["name"]] += 1

    def of(self, job: str) -> Counter[int]:
        """Give how many starts each attempt of a job had."""
        with self._lock:
            found = dict(self._counts)
        attempts: Counter[int] = Counter()
        for name, times in found.items():
            if name.startswith(f"jobsched-{job}-"):
                attempts[int(name.split("-")[2])] += times
        return attempts

    def close(self) -> None:
        """Hear no more."""
        self._events.close()
        self._thread.join(10)
        self._client.close()


__all__ = ["Starts"]
