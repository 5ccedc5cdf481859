"""The runner of plain processes. NO ISOLATION: for development only."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from jobsched.contracts.order import ContainerOrder, MachineOrder
from jobsched.contracts.runner import ContainerStatus, LogChunk, MachineWarning, Runner
from jobsched.contracts.services import Services
from jobsched.domain.job import Access, Container, Instance, Json
from jobsched.errors import RunnerFailed
from jobsched.plugins.process_runner import shim, start
from jobsched.plugins.process_runner.end import End
from jobsched.plugins.process_runner.folder import Folder
from jobsched.plugins.process_runner.order import check_name, spec_of

#: Pauses between two looks: at a growing output, for ended containers.
FOLLOW_PAUSE, WATCH_PAUSE = 0.2, 0.5
CHUNK_BYTES = 64 * 1024


class ProcessRunner(Runner):
    """Runs a job's command as a process of this user, WITHOUT ANY ISOLATION: for development only.

    The image is written down and otherwise ignored. A shim (`shim`) outlives the worker and writes
    the exit code to disk. Which shim may start the command, or that the start was withdrawn, is
    decided by one file that is linked once: so there is one start at most, whoever calls how often.
    """

    name: ClassVar[str] = "process_runner"
    status_section: ClassVar[str] = "process"
    access: ClassVar[frozenset[str]] = frozenset({"this_host"})

    def __init__(self, services: Services) -> None:
        self._services = services
        self._root = services.data_dir / "processes"
        self._host_id = services.data_dir / "host-id"
        self._files = services.spawn.pool("process-files", 4)
        # Apart: a start waits for a process, and must not hold up an inspect.
        self._starts = services.spawn.pool("process-starts", 4)
        self._end = End(services.clock, self._files)
        self._has_warned = False

    def boot_script(self, order: MachineOrder) -> str:
        """Need nothing of a machine."""
        del order
        return ""

    def status(self, container: Container | None) -> Json:
        """Give the container's id."""
        return {"container_id": (container.id or None) if container else None}

    async def prepare(self, instance: Instance, order: ContainerOrder) -> Container:
        """Make the container's directory, whole or not at all."""
        self._warn()
        await self._check(instance.access)
        folder = self._folder(order.name)
        labels = {
            "deployment": order.deployment,
            "job": order.job,
            "attempt": order.attempt,
            "launch": order.launch,
            "image": order.image,
        }
        spec = spec_of(order, str(folder.work), str(folder.interruption))
        await self._files.run(folder.create, spec, labels)
        return Container(name=order.name, id=order.name, image=order.image)

    def _warn(self) -> None:
        if self._has_warned:
            return
        self._has_warned = True
        detail = "jobs run as processes of this user, without any isolation: development only"
        self._services.log.warning("process_runner.unisolated", detail=detail)

    async def start(self, instance: Instance, container: Container) -> None:
        """Start the shim; return once the command runs."""
        await self._check(instance.access)
        folder = self._folder(container.name)
        code = await self._starts.run(start.run_shim, folder.path)
        if code == shim.STARTED:
            return
        if code == shim.REFUSED:
            raise RunnerFailed("start_refused", "the container was started or withdrawn before")
        if code == shim.START_FAILED:
            # In doubt on purpose: the inspect that follows tells code and reason.
            raise RunnerFailed("start_failed", "the command cannot be executed", effect="unknown")
        raise RunnerFailed("start_unknown", f"the shim ended with {code}", effect="unknown")

    async def inspect(self, instance: Instance, container: Container) -> ContainerStatus:
        """Read the container's files, and look whether its processes are alive."""
        try:
            await self._check(instance.access)
            return await self._files.run(self._of(container).status)
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)
        except (OSError, ValueError, KeyError) as error:
            self._services.log.warning(
                "process.unreadable", container=container.name, error=repr(error)
            )
            return ContainerStatus(phase="unknown", message="its files cannot be read")

    async def withdraw(self, instance: Instance, container: Container) -> ContainerStatus:
        """Take the one start, if no shim has it; then inspect."""
        try:
            await self._check(instance.access)
            await self._files.run(self._of(container).withdraw)
        except RunnerFailed as error:
            return ContainerStatus(phase="unknown", message=error.message)
        except FileNotFoundError:
            # Gone: there is nothing to take, and nothing that could start.
            pass
        return await self.inspect(instance, container)

    async def stop(self, instance: Instance, container: Container, grace: timedelta) -> None:
        """SIGTERM to all processes of the container, SIGKILL to what is left after ``grace``."""
        await self._check(instance.access)
        folder = self._of(container)
        session = await self._files.run(folder.session)
        if session is None:
            return
        await self._end.stop(folder, session, grace)

    async def warn(self, instance: Instance, container: Container, warning: MachineWarning) -> None:
        """Write a file beside the command's scratch directory; the command runs as this user."""
        await self._check(instance.access)
        await self._files.run(self._of(container).warn, warning.document)

    async def remove(self, instance: Instance, container: Container) -> None:
        """Withdraw it, kill what runs, delete the directory."""
        await self._check(instance.access)
        folder = self._of(container)
        try:
            await self._files.run(folder.withdraw)
            session = await self._files.run(folder.session)
        except FileNotFoundError:
            session = None
        if session is not None:
            await self._end.kill(session)
        await self._files.run(folder.delete)

    async def logs(
        self, instance: Instance, container: Container, *, since: int = 0, follow: bool = False
    ) -> AsyncIterator[LogChunk]:
        """Read the output file; following ends with the container."""
        await self._check(instance.access)
        folder, offset = self._of(container), since
        while True:
            # Asked before the read: what is written until the end is in the file then.
            growing = follow and await self._is_running(folder)
            while data := await self._files.run(folder.read_output, offset, CHUNK_BYTES):
                yield LogChunk(offset=offset, data=data)
                offset += len(data)
            if not growing:
                return
            await self._services.clock.sleep(FOLLOW_PAUSE)

    async def watch(self, access: Access) -> AsyncIterator[str]:
        """Look through the directories of this deployment again and again."""
        await self._check(access)
        named: set[str] = set()
        while True:
            there = await self._files.run(self._names)
            named &= there
            for name in await self._files.run(self._ended, there - named):
                named.add(name)
                yield name
            await self._services.clock.sleep(WATCH_PAUSE)

    def _folder(self, name: str) -> Folder:
        return Folder(self._root / check_name(name))

    def _of(self, container: Container) -> Folder:
        return self._folder(container.id or container.name)

    def _names(self) -> set[str]:
        if not self._root.is_dir():
            return set()
        return {path.name for path in self._root.iterdir() if not path.name.startswith(".")}

    def _ended(self, names: set[str]) -> list[str]:
        folders = [self._folder(name) for name in sorted(names)]
        return [folder.path.name for folder in folders if self._has_ended(folder)]

    def _has_ended(self, folder: Folder) -> bool:
        try:
            if folder.labels().get("deployment") != self._services.deployment:
                return False
            return folder.status().phase in {"exited", "start_failed"}
        except (OSError, ValueError, KeyError):
            # A hint less: an inspect says why.
            return False

    async def _is_running(self, folder: Folder) -> bool:
        status = await self._files.run(folder.status)
        return status.phase == "running"

    async def _check(self, access: Access | None) -> None:
        """Refuse another machine than this: its containers are not here."""
        if access is None or access.kind not in self.access:
            raise RunnerFailed("wrong_access", "process_runner runs on this machine only")
        expected = access.state.get("machine_id") or access.host_id
        if expected and expected != await self._files.run(_read_host_id, self._host_id):
            raise RunnerFailed("wrong_host", "the container belongs to another machine")


def _read_host_id(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


__all__ = ["ProcessRunner"]
