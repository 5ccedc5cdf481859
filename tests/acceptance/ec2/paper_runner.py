"""The runner ``paper_runner``: containers that are files, for machines that have no body.

Shared by all workers of one data directory, and so alive when a worker is killed. Loaded as a
plugin of a single file (``JOBSCHED_PLUGINS_DIR``).
"""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from jobsched import hookimpl
from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.contracts.services import Services
from jobsched.domain.job import Container, Instance, Json

JOBSCHED_API = 1
#: every start ever made, one line each: job, attempt, machine, name
STARTS = "starts"


class PaperRunner(Runner):
    """Runs ``cmd: [seconds, exit code]`` for so many seconds; any other command ends at once."""

    name: ClassVar[str] = "paper_runner"
    status_section: ClassVar[str] = "docker"
    access: ClassVar[frozenset[str]] = frozenset({"docker_tls"})

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def boot_script(self, order: MachineOrder) -> str:
        """Need what a Docker machine would."""
        return f"echo ready for {order.job}\n"

    def status(self, container: Container | None) -> Json:
        """Add nothing."""
        return {}

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Write the file, unless it is there."""
        path = self._path(instance, order.name)
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {**_meant(order.command), "job": order.job}
        draft = path.with_suffix(f".{os.getpid()}")
        draft.write_text(json.dumps({**about, "attempt": order.attempt}))
        # another worker may have been faster
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
        return Container(name=order.name, id=f"{instance.id}/{order.name}", image=order.image)

    async def start(self, instance: Instance, container: Container) -> None:
        """Note the start, each time that it is made."""
        path = self._path(instance, container.name)
        about = json.loads(path.read_text())
        line = f"{about['job']} {about['attempt']} {instance.id} {container.name}\n"
        with (self._folder / STARTS).open("a") as starts:
            starts.write(line)
        started = path.with_suffix(".started")
        with suppress(FileExistsError), started.open("x") as file:
            file.write(datetime.now(UTC).isoformat())

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Say how it stands by the time that has gone."""
        for name in (container.name, f"{container.name}-withdrawn"):
            path = self._path(instance, name)
            if path.exists():
                return _status(path)
        return ContainerStatus(phase="gone")

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Give it another name."""
        path = self._path(instance, container.name)
        with suppress(FileNotFoundError):
            path.rename(self._path(instance, f"{container.name}-withdrawn"))
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """End it now."""
        path = self._path(instance, container.name)
        with suppress(FileNotFoundError):
            about: dict[str, Any] = json.loads(path.read_text())
            begun = datetime.fromisoformat(path.with_suffix(".started").read_text())
            ran = (datetime.now(UTC) - begun).total_seconds()
            if ran < about["seconds"]:
                path.write_text(json.dumps({**about, "seconds": ran, "code": 143}))

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Write the document beside the container."""
        path = self._path(instance, container.name)
        # whole at once: a test reads it as soon as it is there
        path.with_suffix(".written").write_bytes(warning.document)
        path.with_suffix(".written").replace(path.with_suffix(f".{warning.kind}"))

    async def remove(self, instance: Instance, container: Container) -> None:
        """Leave it to its machine."""

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Give one line."""
        yield LogChunk(offset=since, data=b"from paper\n"[since:])

    def _path(self, instance: Instance, name: str) -> Path:
        return self._folder / instance.id / f"{name}.json"


def _meant(command: tuple[str, ...]) -> dict[str, float]:
    try:
        seconds, code = command
        return {"seconds": float(seconds), "code": int(code)}
    except ValueError:
        return {"seconds": 0.0, "code": 0}


def _status(path: Path) -> ContainerStatus:
    about = json.loads(path.read_text())
    try:
        begun = datetime.fromisoformat(path.with_suffix(".started").read_text())
    except (FileNotFoundError, ValueError):
        return ContainerStatus(phase="created")
    end = begun + timedelta(seconds=about["seconds"])
    if datetime.now(UTC) < end:
        return ContainerStatus(phase="running", started_at=begun)
    return ContainerStatus(phase="exited", code=about["code"], started_at=begun, finished_at=end)


@hookimpl
def jobsched_runners(services: Services) -> list[Runner]:
    """Bring it."""
    return [PaperRunner(services.data_dir / "paper")]
