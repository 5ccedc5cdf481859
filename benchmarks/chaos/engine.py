"""The stage on the Docker Engine of this machine: its own events are the witness."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
from docker.errors import DockerException, NotFound

from benchmarks.chaos.evidence import Body, Run
from benchmarks.chaos.recorder import Line

USUAL_SOCKET = "unix:///var/run/docker.sock"
#: seconds after which the engine has done what a process asked that was killed
SETTLES = 0.5


@dataclass(slots=True)
class EngineStage:
    """Follows the engine's events from before the first job on."""

    gateway: str
    settings: Mapping[str, str]
    _client: docker.DockerClient
    _label: str
    _leases: Path
    _bodies: dict[str, Body] = field(default_factory=dict)
    _runs: dict[str, list[Run]] = field(default_factory=dict)
    #: why the events are not complete
    _broken: str = ""

    def bodies(self) -> Sequence[Body]:
        """Give the containers."""
        return list(self._bodies.values())

    def runs(self) -> Sequence[Run]:
        """Give every start of a container, with its end.

        Raises:
            RuntimeError: the engine did not tell all of its events.
        """
        if self._broken:
            raise RuntimeError(f"the engine's events are not complete: {self._broken}")
        return [run for several in self._runs.values() for run in several]

    def ended(self, line: Line) -> datetime | None:
        """Say when the container died."""
        found = (runs for name, runs in self._runs.items() if name.startswith(line.host))
        return next((runs[-1].ended_at for runs in found), None)

    def left(self) -> Sequence[str]:
        """Give containers, and files of launches that are not given back."""
        found = self._client.api.containers(all=True, filters={"label": self._label})
        containers = [f"container {one['Names'][0]} ({one['Status']})" for one in found]
        return [*containers, *(f"lease {one.name}" for one in self._leases.glob("*.json"))]

    def remove(self) -> None:
        """Remove whatever containers there are, and what a request of before still makes."""
        found = True
        while found:
            time.sleep(SETTLES)
            several = self._client.api.containers(all=True, filters={"label": self._label})
            found = bool(several)
            for one in several:
                with suppress(NotFound):
                    self._client.api.remove_container(one["Id"], force=True, v=True)

    def follow(self, stream: Any) -> None:
        """Note events until the stream is closed."""
        try:
            for event in stream:
                self.note(event)
        except (DockerException, OSError, ValueError) as error:
            self._broken = repr(error)

    def note(self, event: Mapping[str, Any]) -> None:
        """Note one event."""
        about, name = event["Actor"]["Attributes"], event["Actor"]["ID"]
        at = datetime.fromtimestamp(event["timeNano"] / 1e9, UTC)
        job, attempt = about["jobsched.job"], int(about["jobsched.attempt"])
        match event["Action"]:
            case "create":
                made = Body(job=job, attempt=attempt, name=name, made_at=at)
                self._bodies[name] = made
            case "start":
                run = Run(job=job, attempt=attempt, where=name, started_at=at)
                self._runs.setdefault(name, []).append(run)
            case "die" if name in self._runs:
                runs, code = self._runs[name], int(about["exitCode"])
                runs[-1] = replace(runs[-1], ended_at=at, code=code)
            case "destroy" if name in self._bodies:
                self._bodies[name] = replace(self._bodies[name], gone_at=at)


@contextmanager
def engine_stage(deployment: str, data: Path) -> Iterator[EngineStage]:
    """Have one; nothing of the deployment is on the engine afterwards.

    Args:
        deployment: its id.
        data: its data directory.
    """
    url = os.environ.get("DOCKER_HOST") or USUAL_SOCKET
    label = f"jobsched.deployment={deployment}"
    with closing(docker.DockerClient(url)) as client, closing(docker.DockerClient(url)) as other:
        network = client.networks.list(names=["bridge"])[0]
        gateway = network.attrs["IPAM"]["Config"][0]["Gateway"]
        settings = {"DOCKER_HOST": url, "JOBSCHED_PLUGINS": "local,docker_runner"}
        stage = EngineStage(gateway, settings, client, label, data / "local")
        filters = {"type": "container", "label": label}
        stream = other.events(since=int(time.time()), filters=filters, decode=True)
        thread = threading.Thread(target=stage.follow, args=(stream,), daemon=True)
        thread.start()
        try:
            yield stage
        finally:
            stage.remove()
            stream.close()
            thread.join(5)


__all__ = ["EngineStage", "engine_stage"]
