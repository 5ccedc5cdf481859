"""A Redis of our own for one run: on a unix socket, with an append-only file, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import redis

from jobsched import embedded

ANSWERS_WITHIN = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What a server has done so far."""

    #: commands that clients sent (what scripts call inside is not counted)
    commands: int
    #: seconds of CPU
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server."""

    url: str
    version: str
    folder: Path

    def usage(self) -> Usage:
        """Ask it what it has done."""
        with redis.Redis.from_url(self.url) as client:
            cpu = cast("dict[str, Any]", client.info("cpu"))
            commands = cast("dict[str, Any]", client.info("commandstats"))
        sent = ("evalsha", "script|load", "publish", "subscribe", "ping", "xread")
        calls = (commands.get(f"cmdstat_{name}", {"calls": 0})["calls"] for name in sent)
        inside = commands.get("cmdstat_publish", {"calls": 0})["calls"]
        return Usage(commands=sum(calls) - inside, cpu=cpu["used_cpu_user"] + cpu["used_cpu_sys"])


@contextlib.contextmanager
def server(fsync: str) -> Iterator[Server]:
    """Run a server.

    Args:
        fsync: ``everysec`` or ``always``.
    """
    folder = Path(tempfile.mkdtemp(prefix="jobsched-bench-"))
    process = subprocess.Popen(
        command(folder, fsync), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = url_of(folder)
        yield Server(url=url, version=wait(url), folder=folder)
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def command(folder: Path, fsync: str) -> list[str]:
    """Give the line that starts a server whose socket and files are in a folder."""
    binary = embedded.choose(embedded.server_binaries(), {})
    settings = ["--port", "0", "--unixsocket", f"{folder / 'redis.sock'}", "--dir", f"{folder}"]
    settings += ["--save", "", "--appendonly", "yes", "--appendfsync", fsync]
    settings += ["--aof-use-rdb-preamble", "no", "--hash-max-ziplist-value", "4096"]
    return [str(binary.path), *settings, "--logfile", f"{folder / 'log'}"]


def url_of(folder: Path) -> str:
    """Give the URL of the server of a folder."""
    return f"unix://{folder / 'redis.sock'}?db=0"


def wait(url: str) -> str:
    """Wait until it answers; give its version."""
    deadline = time.monotonic() + ANSWERS_WITHIN
    while True:
        try:
            with redis.Redis.from_url(url) as client:
                facts = cast("dict[str, Any]", client.info("server"))
                return str(facts["redis_version"])
        except redis.RedisError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.02)


__all__ = ["Server", "Usage", "command", "server", "url_of", "wait"]
