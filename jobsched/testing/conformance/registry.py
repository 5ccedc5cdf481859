"""Registries that have no image: one that says so, one that asks for a password, one that is down.

They listen on 127.0.0.1, which an engine on this host reaches without TLS.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

HOST = "127.0.0.1"
IMAGE = "conformance:none"
#: what the API of registries calls it
CODES = {HTTPStatus.NOT_FOUND: "MANIFEST_UNKNOWN", HTTPStatus.UNAUTHORIZED: "UNAUTHORIZED"}
WORDS = {
    HTTPStatus.NOT_FOUND: "manifest unknown",
    HTTPStatus.UNAUTHORIZED: "authentication required",
}
#: seconds between two looks whether it shall end
POLL = 0.01


class _Registry(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, refusal: HTTPStatus) -> None:
        super().__init__((HOST, 0), _Handler)
        self.refusal = refusal


class _Handler(BaseHTTPRequestHandler):
    server: _Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Refuse; a registry that is open to all says at least that it is one."""
        refusal = self.server.refusal
        is_greeting = self.path == "/v2/" and refusal is not HTTPStatus.UNAUTHORIZED
        errors = [{"code": CODES[refusal], "message": WORDS[refusal]}]
        body = json.dumps({} if is_greeting else {"errors": errors}).encode()
        self.send_response(HTTPStatus.OK if is_greeting else refusal)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        if refusal is HTTPStatus.UNAUTHORIZED:
            self.send_header("WWW-Authenticate", 'Basic realm="conformance"')
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815 - http.server looks for this name

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the parent's name
        """Say nothing."""


@contextmanager
def refusing(refusal: HTTPStatus) -> Iterator[str]:
    """Run a registry that refuses every image; give the name of one of them."""
    with _Registry(refusal) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": POLL})
        thread.start()
        try:
            yield f"{HOST}:{server.server_address[1]}/{IMAGE}"
        finally:
            server.shutdown()
            thread.join()


@contextmanager
def silent() -> Iterator[int]:
    """Hold a port at which nobody answers, nor will anybody else's server."""
    with socket.socket() as held:
        held.bind((HOST, 0))
        yield int(held.getsockname()[1])


__all__ = ["HOST", "IMAGE", "refusing", "silent"]
