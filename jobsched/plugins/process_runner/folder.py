"""The directory of one container: all that is known about it, so that any worker can read it.

``container.json`` whose it is · ``spec.json`` command and environment, until they are used ·
``granted.json`` who took its one start: a shim or a withdrawal · ``started.json``, ``exit.json``
from the shim · ``output`` both streams as they came · ``work/`` the command's scratch directory ·
``interruption.json`` what it was told of this machine
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from jobsched.contracts.runner import ContainerStatus
from jobsched.domain.job import Json
from jobsched.plugins.process_runner import processes
from jobsched.plugins.process_runner.processes import Session
from jobsched.plugins.process_runner.shim import put

#: Then nobody writes on: what is left belonged to a worker that died (``limits.prepare``).
UNFINISHED_SECONDS = 600.0


class Folder:
    """One container on the disk. Every method blocks and may be called by many processes."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def work(self) -> Path:
        """The command's scratch directory."""
        return self.path / "work"

    @property
    def interruption(self) -> Path:
        """The file in which the command is told what becomes of this machine."""
        return self.path / "interruption.json"

    def warn(self, document: bytes) -> None:
        """Write that file, whole; nothing if the container is gone."""
        new = self.path / "interruption.json.new"
        with suppress(FileNotFoundError):
            new.write_bytes(document)
            new.replace(self.interruption)

    def create(self, spec: Json, labels: Json) -> None:
        """Make it whole or not at all; one that is there already stays as it is."""
        root = self.path.parent
        root.mkdir(parents=True, exist_ok=True, mode=0o700)
        _prune(root)
        if self.path.exists():
            return
        new = Path(tempfile.mkdtemp(prefix=".new-", dir=root))
        try:
            (new / "work").mkdir(mode=0o700)
            put(str(new / "container.json"), labels)
            put(str(new / "spec.json"), spec)
            # Fails if another worker was faster: a directory with something in it is not replaced.
            with suppress(OSError):
                new.rename(self.path)
        finally:
            shutil.rmtree(new, ignore_errors=True)
        if not self.path.exists():
            raise FileNotFoundError(self.path)

    def withdraw(self) -> None:
        """Take the start away from every shim that does not have it yet; nothing if one has it."""
        with tempfile.NamedTemporaryFile(dir=self.path, prefix="granted.") as file:
            put(file.name, {"by": "withdrawal"})
            with suppress(FileExistsError):
                (self.path / "granted.json").hardlink_to(file.name)
        if self.session() is None:
            (self.path / "spec.json").unlink(missing_ok=True)

    def session(self) -> Session | None:
        """Give the session of the shim that took the start; None: no shim did."""
        granted = self._read("granted.json")
        if granted is None or granted["by"] != "start":
            return None
        return Session(number=granted["pid"], birth=granted["birth"], boot=granted["boot"])

    def labels(self) -> Json:
        """Give what was written when it was made; empty when it is gone."""
        return self._read("container.json") or {}

    def status(self) -> ContainerStatus:
        """Read how the container stands.

        Raises:
            OSError, ValueError, KeyError: the files cannot be read.
        """
        session = self.session()
        if session is None:
            return ContainerStatus(phase="created") if self.path.exists() else _GONE
        if (ended := self._ended()) is not None:
            return ended
        if processes.is_led(session) or processes.members(session):
            started = self._read("started.json") or {}
            return ContainerStatus(phase="running", started_at=_time(started.get("started_at")))
        # The shim may have written its last word while we looked for it.
        return self._ended() or (_LOST if self.path.exists() else _GONE)

    def read_output(self, offset: int, size: int) -> bytes:
        """Give at most ``size`` bytes of the output from ``offset`` on; empty for none."""
        try:
            with (self.path / "output").open("rb") as file:
                file.seek(offset)
                return file.read(size)
        except FileNotFoundError:
            return b""

    def delete(self) -> None:
        """Delete it, and what an earlier call left; gone already is success."""
        aside = self.path.with_name(f".removed-{self.path.name}")
        _delete(aside)
        # Under its own name nobody sees a half of it.
        with suppress(FileNotFoundError):
            self.path.rename(aside)
        _delete(aside)

    def _ended(self) -> ContainerStatus | None:
        end = self._read("exit.json")
        if end is None:
            return None
        return ContainerStatus(
            phase="start_failed" if end.get("start_failed") else "exited",
            code=end["code"],
            started_at=_time(end.get("started_at")),
            finished_at=_time(end.get("finished_at")),
            message=end.get("message", ""),
        )

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            content = json.loads((self.path / name).read_bytes())
        except FileNotFoundError:
            return None
        if not isinstance(content, dict):
            raise ValueError(f"{name} holds no object")  # noqa: TRY004 - the file is broken, not the call
        return content


_GONE = ContainerStatus(phase="gone")
_LOST = ContainerStatus(
    phase="exited", message="the process that waited for the command was killed; its code is lost"
)


def _time(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _prune(root: Path) -> None:
    """Delete what workers that died left unfinished: it may hold secrets."""
    oldest = time.time() - UNFINISHED_SECONDS
    for path in root.glob(".new-*"):
        with suppress(FileNotFoundError):
            if path.stat().st_mtime < oldest:
                shutil.rmtree(path, ignore_errors=True)


def _delete(path: Path) -> None:
    shutil.rmtree(path, ignore_errors=True)
    if not path.exists():
        return
    # The command may have closed directories of its own against writing.
    for folder, names, _ in os.walk(path):
        for name in names:
            closed = Path(folder, name)
            # What a link leads to is not ours.
            if not closed.is_symlink():
                closed.chmod(0o700)
    with suppress(FileNotFoundError):
        shutil.rmtree(path)


__all__ = ["Folder"]
