"""The real services that tests need: a private Redis, and whether a Docker Engine answers."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import NoReturn
from urllib.parse import quote

import pytest
import redis

from jobsched import embedded


def missing(sentence: str) -> NoReturn:
    """Skip the test, or fail it where JOBSCHED_TEST_REQUIRE_SERVICES says that all must be there.

    Args:
        sentence: what is missing and how to get it, in one line.
    """
    if os.environ.get("JOBSCHED_TEST_REQUIRE_SERVICES"):
        pytest.fail(sentence, pytrace=False)
    pytest.skip(sentence)


class RedisServer:
    """A private server on a unix socket, which a test may kill, pause and start again.

    It keeps its data over a kill: each write is in its file before it is acknowledged.

    Args:
        durable: with a file at all.
        fsync: when the file is synced to the disk: ``always``, ``everysec``, ``no``.
    """

    def __init__(self, *, durable: bool = True, fsync: str = "always") -> None:
        # Not under pytest's own folders: their paths are too long for a unix socket.
        self.folder = Path(tempfile.mkdtemp(prefix="jobsched-redis-"))
        self.socket = self.folder / "redis.sock"
        self.url = f"unix://{quote(str(self.socket))}?db=0"
        self._durable = durable
        self._fsync = fsync
        #: more of its settings, from the next start on
        self.settings: list[str] = []
        #: of its process; None: this one's
        self._environment: dict[str, str] | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self, *, seconds: float = 10) -> None:
        """Start it and wait until it serves, at most so long; nothing if it runs already."""
        if self._process is not None:
            return
        binary = embedded.choose(embedded.server_binaries(), {})
        self.socket.unlink(missing_ok=True)
        settings = ["--port", "0", "--unixsocket", f"{self.socket}", "--dir", f"{self.folder}"]
        settings += ["--appendonly", "yes" if self._durable else "no", "--appendfsync", self._fsync]
        settings += ["--aof-use-rdb-preamble", "no", "--save", "", "--loglevel", "warning"]
        settings += ["--logfile", f"{self.folder}/log", "--hash-max-ziplist-value", "4096"]
        self._process = subprocess.Popen(
            [str(binary.path), *settings, *self.settings],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            # it goes on ignoring SIGXFSZ, as Python does: a file that may not grow is no end of it
            restore_signals=False,
        )
        self.wait(seconds)

    def wait(self, seconds: float = 10) -> None:
        """Wait until it serves; fail after `seconds`."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                with redis.Redis.from_url(self.url, socket_timeout=1) as client:
                    client.ping()
                    return
            except redis.RedisError:
                if time.monotonic() > deadline:
                    pytest.fail(f"no Redis at {self.url}")
                time.sleep(0.01)

    def kill(self) -> None:
        """End it as a crash would (SIGKILL); nothing if it does not run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def pause(self) -> None:
        """Stop it from answering (SIGSTOP); connections stay open."""
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        """Let a paused server go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def flush(self) -> None:
        """Delete everything in it."""
        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def close(self) -> None:
        """End it and remove its folder."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
