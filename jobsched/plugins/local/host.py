"""Which machine this is: the id of its data directory, and that of its Docker Engine."""

from __future__ import annotations

import http.client
import json
import os
import secrets
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

ENGINE_TIMEOUT_SECONDS = 2.0
DOCKER_PORT = 2375


def machine_id(data_dir: Path) -> str:
    """Give the random id in ``data_dir/host-id``, made at the first call.

    Not ``/etc/machine-id``: it may be missing, and is the same in cloned machines and in all
    containers of one image. What counts is which data directory holds the files of a launch.
    """
    path = data_dir / "host-id"
    with suppress(FileNotFoundError):
        return path.read_text(encoding="ascii").strip()
    data_dir.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".host-id-", dir=data_dir)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_hex(16) + "\n")
            file.flush()
            os.fsync(file.fileno())
        # A link, because it fails where another process was faster; a rename would replace its id.
        with suppress(FileExistsError):
            path.hardlink_to(name)
    finally:
        Path(name).unlink()
    return path.read_text(encoding="ascii").strip()


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


def engine_id(docker_host: str, *, timeout: float = ENGINE_TIMEOUT_SECONDS) -> str | None:
    """Ask the Docker Engine for its id; None where none answers.

    Only ``unix://`` and plain ``tcp://`` are spoken: what needs more is not this machine's.
    """
    try:
        connection = _connection(docker_host, timeout)
    except ValueError:
        return None
    if connection is None:
        return None
    try:
        connection.request("GET", "/info")
        answer = connection.getresponse()
        if answer.status != http.client.OK:
            return None
        told = json.loads(answer.read())
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    identifier = told.get("ID") if isinstance(told, dict) else None
    return identifier if isinstance(identifier, str) and identifier else None


def _connection(docker_host: str, timeout: float) -> http.client.HTTPConnection | None:
    url = urlsplit(docker_host)
    match url.scheme:
        case "unix":
            return UnixConnection(unquote(url.path), timeout=timeout)
        case "tcp" | "http" if url.hostname:
            return http.client.HTTPConnection(
                url.hostname, url.port or DOCKER_PORT, timeout=timeout
            )
        case _:
            return None


__all__ = ["UnixConnection", "engine_id", "machine_id"]
