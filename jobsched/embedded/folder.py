"""The server's part of a data directory: who wrote it, who has it open, where it listens."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import IO

from jobsched.embedded.program import ServerBinary
from jobsched.errors import ConfigError

#: Unix socket addresses end at 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100
#: Held while a server is looked for, started or ended.
START = "start.lock"
#: Held by a server of ours for as long as it lives.
RUNNING = "running.lock"
#: Shared by all who use the server.
USERS = "users.lock"
#: pause between two looks at a lock or a server, in seconds
POLL = 0.02


def make_directory(data_dir: Path) -> Path:
    """Return the part of a data directory that is the server's; nobody else may enter it."""
    directory = data_dir.absolute() / "redis"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


def read_identity(directory: Path) -> Mapping[str, str]:
    """Return kind and version of the server that wrote a directory; empty for a new one."""
    path = directory / "server.json"
    if not path.exists():
        if any(directory.glob("appendonlydir/*")):
            raise ConfigError(f"{directory} holds data, but no server.json that says of which kind")
        return {}
    try:
        identity = json.loads(path.read_text())
        int(identity["version"].split(".")[0])
        return {"kind": identity["kind"], "version": identity["version"]}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigError(f"{path} cannot be read: it must hold kind and version") from error


def write_identity(directory: Path, binary: ServerBinary) -> None:
    """Write what will open the directory, before it does; a reader sees the old or the new."""
    said = {"kind": binary.kind, "version": ".".join(map(str, binary.version))}
    draft = directory / "server.json.new"
    with draft.open("w") as target:
        target.write(json.dumps(said) + "\n")
        target.flush()
        os.fsync(target.fileno())
    draft.replace(directory / "server.json")


@asynccontextmanager
async def locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock file; the kernel lets go of it even if this process is killed."""
    with path.open("w") as file:
        while not try_lock(file):
            await asyncio.sleep(POLL)
        yield


def try_lock(file: IO[str]) -> bool:
    """Take the lock of an open file for as long as it is open; False: somebody else has it."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_running(directory: Path) -> bool:
    """Say whether a server has the directory open: it holds `running.lock` for as long as it lives.

    Unlike a pid or a socket, this cannot be stale, and a rewrite that outlives a killed server
    holds it too.
    """
    with (directory / RUNNING).open("w") as file:
        return not try_lock(file)


def use(directory: Path) -> IO[str]:
    """Say that the directory's server is used for as long as this file is open."""
    file = (directory / USERS).open("w")
    # never waits: nobody holds it alone but under the lock START, which the caller has
    fcntl.flock(file, fcntl.LOCK_SH)
    return file


def is_used(directory: Path) -> bool:
    """Say whether anybody uses the directory's server; a process that was killed does not."""
    with (directory / USERS).open("w") as file:
        return not try_lock(file)


def find_socket(directory: Path) -> Path | None:
    """Return where the directory's server listens, or would: None if nobody has said yet."""
    near = directory / "redis.sock"
    if len(os.fsencode(near)) <= LONGEST_SOCKET_PATH:
        return near
    with suppress(FileNotFoundError):
        folder = Path((directory / "socket-folder").read_text())
        # Anybody may write to the temporary directory: a folder of somebody else is not ours.
        if folder.stat().st_uid == os.getuid() and folder.stat().st_mode & 0o077 == 0:
            return folder / "redis.sock"
    return None


def make_socket(directory: Path) -> Path:
    """Return where a new server shall listen; a long path gives way to a short private folder."""
    if (found := find_socket(directory)) is not None:
        return found
    folder = Path(tempfile.mkdtemp(prefix="jobsched-"))
    (directory / "socket-folder").write_text(str(folder))
    return folder / "redis.sock"


__all__ = [
    "POLL",
    "RUNNING",
    "START",
    "find_socket",
    "is_running",
    "is_used",
    "locked",
    "make_directory",
    "make_socket",
    "read_identity",
    "try_lock",
    "use",
    "write_identity",
]
