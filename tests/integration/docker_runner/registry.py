"""A small image registry on loopback: two images, a tag that can be moved, and a password."""

import base64
import gzip
import hashlib
import json
import platform
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tools import busybox_image

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
CONFIG = "application/vnd.docker.container.image.v1+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
#: What images call the machines of Linux.
ARCHITECTURES = {"aarch64": "arm64", "arm64": "arm64"}


def digest(data: bytes) -> str:
    """The digest of some bytes."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


class Registry(ThreadingHTTPServer):
    """Serves the repository `tool`, whose images differ in one variable."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.blobs: dict[str, bytes] = {}
        self.tags: dict[str, str] = {}
        self.password = ""
        self.answer = 0
        self.repository = f"127.0.0.1:{self.server_address[1]}/tool"
        self._archive = busybox_image.archive()

    def push(self, tag: str, version: str) -> str:
        """Put an image under a tag; give its digest."""
        layer = gzip.compress(self._archive, 1, mtime=0)
        config = {
            "architecture": ARCHITECTURES.get(platform.machine(), "amd64"),
            "os": "linux",
            "config": {"Env": [f"VERSION={version}", "PATH=/bin"]},
            # Another image in every test: several use one engine at one time.
            "comment": uuid.uuid4().hex,
            "rootfs": {"type": "layers", "diff_ids": [digest(self._archive)]},
        }
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": self._keep(CONFIG, json.dumps(config).encode()),
            "layers": [self._keep(LAYER, layer)],
        }
        encoded = json.dumps(manifest).encode()
        self.tags[tag] = digest(encoded)
        self.blobs[digest(encoded)] = encoded
        return digest(encoded)

    def _keep(self, kind: str, data: bytes) -> dict[str, Any]:
        self.blobs[digest(data)] = data
        return {"mediaType": kind, "size": len(data), "digest": digest(data)}


class Handler(BaseHTTPRequestHandler):
    """The few requests that a pull makes."""

    server: Registry
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer a request."""
        registry = self.server
        if registry.answer:
            self._send(registry.answer, b"{}")
        elif registry.password and self._password() != registry.password:
            self._refuse(401, "UNAUTHORIZED", "authentication required")
        elif self.path == "/v2/":
            self._send(200, b"{}")
        else:
            kind, reference = self.path.split("/")[-2:]
            found = registry.blobs.get(registry.tags.get(reference, reference))
            if found is None:
                self._refuse(404, "MANIFEST_UNKNOWN", "manifest unknown")
            else:
                self._send(200, found, MANIFEST if kind == "manifests" else "application/json")

    do_HEAD = do_GET  # noqa: N815 (http.server looks for this name)

    def _password(self) -> str:
        told = self.headers.get("Authorization", "").removeprefix("Basic ")
        return base64.b64decode(told).decode().partition(":")[2]

    def _refuse(self, status: int, code: str, message: str) -> None:
        self._send(status, json.dumps({"errors": [{"code": code, "message": message}]}).encode())

    def _send(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Docker-Distribution-Api-Version", "registry/2.0")
        self.send_header("WWW-Authenticate", 'Basic realm="tests"')
        self.send_header("Docker-Content-Digest", digest(body))
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 (the parent's name)
        """Say nothing."""


@contextmanager
def registry() -> Iterator[Registry]:
    """Run the registry."""
    with Registry() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
