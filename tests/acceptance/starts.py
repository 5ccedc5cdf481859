"""How often each container was started, as an engine tells it while it happens."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from typing import Any

import docker
import requests


class Starts:
    """Hears the starts of one deployment's containers until it is closed, or the engine is gone.

    Live, as an engine remembers its last 256 events only, of whatever container.
    """

    def __init__(self, engine: docker.DockerClient, deployment: str) -> None:
        wanted = {
            "type": "container",
            "event": "start",
            "label": f"jobsched.deployment={deployment}",
        }
        self._events: Any = engine.events(decode=True, filters=wanted)
        self._counts: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def _hear(self) -> None:
        with contextlib.suppress(requests.RequestException):
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


__all__ = ["Starts"]
