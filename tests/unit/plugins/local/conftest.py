"""Fixtures for tests of `local`."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingUnixStreamServer
from tempfile import TemporaryDirectory

import pytest

from jobsched.plugins.local import LocalProvider
from tests.unit.plugins.lent import LentServices


class FakeEngine:
    """Answers ``GET /info`` on a unix socket."""

    def __init__(self, path: Path) -> None:
        self.url = f"unix://{path}"
        self.answer = b"200 OK", json.dumps({"ID": "the-engine"}).encode()
        self.asked: list[bytes] = []
        engine = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                engine.asked.append(self.rfile.readline())
                status, body = engine.answer
                length = str(len(body)).encode()
                self.wfile.write(
                    b"HTTP/1.1 " + status + b"\r\nContent-Length: " + length + b"\r\n\r\n" + body
                )

        self._server = ThreadingUnixStreamServer(str(path), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    def close(self) -> None:
        """End it."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def engine() -> Iterator[FakeEngine]:
    """An engine that answers."""
    # Not under pytest's own folders: their paths are too long for a unix socket.
    with TemporaryDirectory(prefix="jobsched-") as folder:
        fake = FakeEngine(Path(folder) / "docker.sock")
        yield fake
        fake.close()


@pytest.fixture
def no_engine(tmp_path: Path) -> str:
    """The URL of an engine that is not there."""
    return f"unix://{tmp_path}/none.sock"


@pytest.fixture
def provider(services: LentServices, no_engine: str) -> LocalProvider:
    """The provider on a machine without an engine."""
    return LocalProvider(services, docker_host=no_engine)
