"""A server that answers as it was told, and keeps what it was asked."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit


@dataclass
class Request:
    """What was asked."""

    method: str
    target: str
    headers: dict[str, str]
    body: Any


@dataclass
class FakeApi:
    """Answers by method and path; the last answer of a list is given again and again."""

    url: str = ""
    asked: list[Request] = field(default_factory=list)
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)

    def on(self, call: str, *answers: Any, status: int = 200) -> None:
        """Say what `GET /path` is answered with."""
        self.answers[call] = [(status, answer) for answer in answers]

    def answer(self, request: Request) -> tuple[int, Any]:
        """Give the next answer to a request."""
        self.asked.append(request)
        found = self.answers.get(f"{request.method} {urlsplit(request.target).path}")
        if found is None:
            return 404, {"title": "Not Found", "status": 404, "detail": "No job has this id."}
        return found.pop(0) if len(found) > 1 else found[0]


@contextmanager
def running() -> Iterator[FakeApi]:
    """Serve on a free port."""
    api = FakeApi()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            asked = Request(self.command, self.path, dict(self.headers), body)
            status, answer = api.answer(asked)
            said = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_POST = do_GET  # noqa: N815 (http.server asks for this name)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def document(status: str, **more: Any) -> dict[str, Any]:
    """Give a job's document, as `GET /status/{id}` answers it."""
    found: dict[str, Any] = {
        "id": "J" * 32,
        "status": status,
        "schedule": "2026-11-23T12:00:00Z",
        "reason": None,
        "message": None,
        "name": "tea",
        "labels": {"team": "kitchen"},
        "cancel_requested": False,
        "provider": "local",
        "runner": "docker_runner",
        "aws": {"instance_id": "local-1", "state": "running", "ip_address": None},
        "docker": {
            "container_id": "4ac3b8",
            "container_status": "exited",
            "environment": ["SUGAR=2"],
            "command": "make tea",
            "docker_image": "busybox:latest",
            "container_exit_code": None,
        },
        "arq": {"queue": "jobsched", "worker": "w1", "job_parent_id": None},
        "attempts": [],
        "timeline": [],
        "trouble": None,
    }
    return {**found, **more}


__all__ = ["FakeApi", "Request", "document", "running"]
