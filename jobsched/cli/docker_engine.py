"""What a Docker Engine has, asked without its SDK: that one takes a fifth of a second to import."""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from urllib.parse import unquote, urlencode, urlsplit

USUAL_SOCKET = "unix:///var/run/docker.sock"
#: Of an engine that is named without a port.
DEFAULT_PORT = 2375
#: Seconds that an engine may take to say that it is there.
ANSWERS_WITHIN = 2.0
#: Images that are known to hold /bin/sh, the smallest first.
WITH_SHELL = (
    r"(docker\.io/)?(library/)?busybox:.+",
    r"(docker\.io/)?(library/)?alpine:.+",
    r"(docker\.io/)?(library/)?debian:.+",
    r"(docker\.io/)?(library/)?ubuntu:.+",
    r"(docker\.io/)?(library/)?python:.*slim.*",
)


#: Whatever is not an engine's answer counts as none.
_SILENT = suppress(OSError, http.client.HTTPException, ValueError, TypeError, AttributeError)


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, *, timeout: float) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        """Open the socket."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


@dataclass(frozen=True, slots=True, kw_only=True)
class DockerEngine:
    """The engine that Docker's own tools would use: `DOCKER_HOST`, else the usual socket."""

    url: str

    @classmethod
    def usual(cls) -> DockerEngine:
        """Give the engine of this environment."""
        return cls(url=os.environ.get("DOCKER_HOST") or USUAL_SOCKET)

    def answers(self) -> bool:
        """Say whether it is there."""
        with _SILENT, self._asked("GET", "/_ping", ANSWERS_WITHIN) as answer:
            return answer.status == HTTPStatus.OK
        return False

    def image_with_shell(self) -> str | None:
        """Give a small image of the engine in which /bin/sh is known to be."""
        names: list[str] = []
        with _SILENT, self._asked("GET", "/images/json", ANSWERS_WITHIN) as answer:
            for image in json.loads(answer.read()):
                names.extend(image.get("RepoTags") or [])
        for wanted in WITH_SHELL:
            if found := sorted(name for name in names if re.fullmatch(wanted, name)):
                return found[-1]
        return None

    def pull(self, name: str, tag: str, *, seconds: float) -> bool:
        """Let the engine fetch an image; say whether it has it then."""
        deadline = monotonic() + seconds
        query = urlencode({"fromImage": name, "tag": tag})
        with _SILENT, self._asked("POST", f"/images/create?{query}", seconds) as answer:
            for line in answer:
                # it answers 200 and tells its errors among its progress
                if b'"error"' in line or monotonic() > deadline:
                    return False
            return answer.status == HTTPStatus.OK
        return False

    @contextmanager
    def _asked(self, method: str, path: str, seconds: float) -> Iterator[http.client.HTTPResponse]:
        connection = self._connect(seconds)
        try:
            connection.request(method, path)
            yield connection.getresponse()
        finally:
            connection.close()

    def _connect(self, seconds: float) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        if parts.scheme == "unix":
            return _UnixConnection(unquote(parts.path), timeout=seconds)
        # As the provider `local`: an engine that needs TLS or ssh is not this machine's.
        if parts.scheme not in {"tcp", "http"} or not parts.hostname:
            raise ValueError(self.url)
        port = parts.port or DEFAULT_PORT
        return http.client.HTTPConnection(parts.hostname, port, timeout=seconds)


__all__ = ["DockerEngine"]
