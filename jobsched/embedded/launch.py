"""Start a server that loses nothing, and see it off."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import IO

from jobsched.embedded import answer
from jobsched.embedded.answer import EmbeddedRedis, loaded
from jobsched.embedded.folder import POLL, RUNNING, make_socket, try_lock, write_identity
from jobsched.embedded.program import ServerBinary
from jobsched.errors import ConfigError

#: How long a server may take to end after SHUTDOWN.
STOPS_WITHIN = timedelta(seconds=30)
#: A log longer than this many bytes is put aside at the next start.
LONGEST_LOG = 1 << 20

# Kept so that stop() can reap a server of ours. subprocess and not asyncio's: an asyncio transport
# kills its child when its loop goes, and the server must outlive every loop and this process.
children: dict[int, subprocess.Popen[bytes]] = {}


async def launch(directory: Path, binary: ServerBinary) -> EmbeddedRedis:
    """Start a server on a directory that nobody else has open, and wait until it serves."""
    write_identity(directory, binary)
    socket, log = make_socket(directory), directory / "server.log"
    socket.unlink(missing_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(directory / "server.log.1")
    with (directory / RUNNING).open("w") as lock:
        if not try_lock(lock):
            raise ConfigError(f"another server has just been started on {directory}")
        command = [str(binary.path), *_arguments(directory, socket, log)]
        # Not in a thread: a cancelled start would not know of its child. It takes about 2 ms.
        child = _spawn(command, lock)
    try:
        found = await _first_answer(child, socket, log)
    except BaseException:
        # Nobody would know of it: not even a cancelled start leaves a server behind.
        child.terminate()
        await asyncio.shield(asyncio.to_thread(reap, children.pop(child.pid)))
        raise
    return EmbeddedRedis(url=found.url, started=True, pid=child.pid)


def _spawn(command: list[str], lock: IO[str]) -> subprocess.Popen[bytes]:
    """Start a server that outlives us."""
    child = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # The server inherits the lock, and keeps it when we are gone.
        pass_fds=[lock.fileno()],
        # Ctrl-C in our terminal is for us: the server goes when stop() says so.
        start_new_session=True,
    )
    children[child.pid] = child
    return child


async def _first_answer(child: subprocess.Popen[bytes], socket: Path, log: Path) -> EmbeddedRedis:
    """Wait until a new server serves."""
    deadline = monotonic() + answer.ANSWERS_WITHIN.total_seconds()
    while (found := await loaded(socket)) is None:
        if (code := child.poll()) is not None:
            raise ConfigError(f"the Redis server ended with {code}; its log ends: {_tail(log)}")
        if monotonic() > deadline:
            raise ConfigError(f"the Redis server does not answer; its log ends: {_tail(log)}")
        await asyncio.sleep(POLL)
    return found


def _arguments(directory: Path, socket: Path, log: Path) -> list[str]:
    """Return the settings of a server that never acknowledges what a crash could take back."""
    settings = {
        "port": "0",
        "unixsocket": str(socket),
        "unixsocketperm": "700",
        "dir": str(directory),
        "logfile": str(log),
        "daemonize": "no",
        "appendonly": "yes",
        "appendfsync": "always",
        # Plain commands are read by every server from 7.0 on; the preamble's format is not.
        "aof-use-rdb-preamble": "no",
        "save": "",
        "maxmemory-policy": "noeviction",
        # A job's record fits in: a million jobs take 2.3 times less memory.
        "hash-max-ziplist-value": "4096",
    }
    return [word for name, value in settings.items() for word in (f"--{name}", value)]


def reap(child: subprocess.Popen[bytes]) -> None:
    """Wait for a server that was told to end; insist if it does not."""
    for insist in (None, signal.SIGTERM, signal.SIGKILL):
        if insist is not None:
            child.send_signal(insist)
        with suppress(subprocess.TimeoutExpired):
            child.wait(STOPS_WITHIN.total_seconds() if insist is None else 5)
            return


def _tail(log: Path) -> str:
    """Return the last lines of a server's log, in one."""
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return " | ".join(line.strip() for line in lines[-5:]) or "it wrote none"


__all__ = ["STOPS_WITHIN", "children", "launch", "reap"]
