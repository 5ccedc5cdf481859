"""The metadata service: what a machine is told about itself, as EC2's IMDSv2 does.

A machine is known by the address that it asks from; it reaches this at 169.254.169.254.
"""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from jobsched.testing.cloud import body, metadata_tree

TOKEN: Final = "/latest/api/token"  # noqa: S105  # a path
#: seconds that a token is good for at most
LONGEST: Final = 21600
#: of the addresses of packets when nobody says anything else
USUAL_TTL: Final = 64

Machine = Mapping[str, Any]
Find = Callable[[str], Machine | None]


class Service(ThreadingHTTPServer):
    """Answers on an address until it is closed.

    Args:
        address: to listen at; the system chooses the port.
        find: gives the machine of an address, if there is one.
        booted: is told the id of a machine whose user data comes next.

    Raises:
        OSError: the address is none of this host's.
    """

    daemon_threads = True

    def __init__(self, address: str, find: Find, booted: Callable[[str], None]) -> None:
        self.find = find
        self.booted = booted
        #: token → the machine's id, and when it ends
        self.tokens: dict[str, tuple[str, float]] = {}
        super().__init__((address, 0), Handler)

    @property
    def where(self) -> str:
        """Give address and port."""
        return "{}:{}".format(*self.server_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: machines end in the middle of a question."""


class Handler(BaseHTTPRequestHandler):
    """One question."""

    server: Service
    protocol_version = "HTTP/1.1"
    server_version = "EC2ws"

    def do_PUT(self) -> None:
        """Give a token."""
        machine = self._machine()
        if machine is None:
            return
        if self.path != TOKEN or "X-Forwarded-For" in self.headers:
            self._answer(HTTPStatus.FORBIDDEN)
            return
        seconds = self.headers.get("X-aws-ec2-metadata-token-ttl-seconds", "")
        if not seconds.isdigit() or not 1 <= int(seconds) <= LONGEST:
            self._answer(HTTPStatus.BAD_REQUEST)
            return
        token = secrets.token_urlsafe(40)
        self.server.tokens[token] = machine["id"], time.monotonic() + int(seconds)
        # The answer does not get further than so many hops: to no container behind a bridge.
        hops = _options(machine).get("HttpPutResponseHopLimit", 1)
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, int(hops))
        self._answer(
            HTTPStatus.OK, token.encode(), {"X-aws-ec2-metadata-token-ttl-seconds": seconds}
        )

    def do_GET(self) -> None:
        """Give a value, to who shows a token of this machine, or where none is asked for."""
        machine = self._machine()
        if machine is None:
            return
        if not self._may(machine):
            self._answer(HTTPStatus.UNAUTHORIZED)
            return
        found = _found(machine, self.path)
        if found is None:
            self._answer(HTTPStatus.NOT_FOUND)
        else:
            self._answer(HTTPStatus.OK, found)

    def do_POST(self) -> None:
        """Hear from the machine's image that it has booted."""
        machine = self._machine()
        if machine is not None:
            self.server.booted(machine["id"])
            self._answer(HTTPStatus.OK)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # its name there
        """Say nothing."""

    def _machine(self) -> Machine | None:
        # What a token's answer may have set on a connection that is used again.
        self.connection.setsockopt(socket.IPPROTO_IP, socket.IP_TTL, USUAL_TTL)
        machine = self.server.find(self.client_address[0])
        if machine is None or _options(machine).get("HttpEndpoint") == "disabled":
            self._answer(HTTPStatus.FORBIDDEN)
            return None
        return machine

    def _may(self, machine: Machine) -> bool:
        shown = self.headers.get("X-aws-ec2-metadata-token")
        if shown is None:
            return bool(_options(machine).get("HttpTokens", "optional") != "required")
        owner, until = self.server.tokens.get(shown, ("", 0.0))
        return owner == machine["id"] and time.monotonic() < until

    def _answer(
        self, status: HTTPStatus, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(content)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def _options(machine: Machine) -> Mapping[str, Any]:
    return machine["settings"].get("MetadataOptions") or {}


def _found(machine: Machine, path: str) -> bytes | None:
    _, _, rest = path.strip("/").partition("/")
    if rest == "user-data":
        return body.user_data(machine) or None
    if rest == "dynamic/instance-identity/document":
        return json.dumps(metadata_tree.document(machine)).encode()
    head, _, wanted = rest.partition("/")
    return metadata_tree.read(machine, wanted) if head == "meta-data" else None


__all__ = ["Service"]
