"""How the things of a cloud are known: labels, and a lock that its keeper holds while it lives."""

from __future__ import annotations

import fcntl
import shutil
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

CLOUD: Final = "jobsched.cloud"
MACHINE: Final = "jobsched.cloud.machine"
HOST: Final = "jobsched.cloud.host"
FOLDER: Final = "jobsched.cloud.folder"
PREFIX: Final = "jobsched-cloud-"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One cloud's name, and its folder with the lock in it."""

    cloud: str
    folder: Path
    host: str

    @classmethod
    def make(cls) -> Mark:
        """Make a folder, and take its name."""
        folder = Path(tempfile.mkdtemp(prefix=PREFIX))
        return cls(cloud=folder.name.removeprefix(PREFIX), folder=folder, host=socket.gethostname())

    @property
    def labels(self) -> dict[str, str]:
        """Give the labels of everything that this cloud makes."""
        return {CLOUD: self.cloud, HOST: self.host, FOLDER: str(self.folder)}

    @property
    def name(self) -> str:
        """Give the name of its network."""
        return f"{PREFIX}{self.cloud}"

    def name_of(self, machine: str) -> str:
        """Give the name of a machine's body."""
        return f"{self.name}-{machine}"

    def hold(self) -> IO[str]:
        """Take the lock; it is free again when this process ends, however it ends."""
        lock = (self.folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX)
        return lock

    def forget(self) -> None:
        """Remove the folder. May be repeated."""
        if self.folder.name.startswith(PREFIX):
            shutil.rmtree(self.folder, ignore_errors=True)


def lives(folder: Path) -> bool:
    """Whether the keeper of a cloud of this host still runs; another user's may."""
    try:
        with (folder / "lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except (BlockingIOError, PermissionError):
        return True
    return False


def read(labels: dict[str, str]) -> Mark | None:
    """Read the mark of a thing that a cloud of this host has made; None: of another host."""
    host = labels.get(HOST)
    if host != socket.gethostname() or CLOUD not in labels or FOLDER not in labels:
        return None
    return Mark(cloud=labels[CLOUD], folder=Path(labels[FOLDER]), host=host)


__all__ = ["CLOUD", "MACHINE", "PREFIX", "Mark", "lives", "read"]
