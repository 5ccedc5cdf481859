"""The HTTP server of the fake: a thread for each connection, on this machine only."""

from __future__ import annotations

import os
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from jobsched.testing.ec2.cloud import Cloud
from jobsched.testing.ec2.layer import Layer

HOST = "127.0.0.1"


class QuietHandler(WSGIRequestHandler):
    """Writes no line for each request; whoever wants to know asks for the calls."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""

    def connection_dropped(
        self, error: BaseException, environ: dict[str, Any] | None = None
    ) -> None:
        """Say nothing: connections end because a switch says so."""


def make(cloud: Cloud, port: int = 0) -> BaseWSGIServer:
    """Make the server; the system chooses the port 0. It listens at once."""
    # A thousand images that nobody asks for: without them a reset is thirty times faster.
    os.environ["MOTO_EC2_LOAD_DEFAULT_AMIS"] = "false"
    return make_server(HOST, port, Layer(cloud), threaded=True, request_handler=QuietHandler)


def address(server: BaseWSGIServer) -> str:
    """Give its URL."""
    return f"http://{HOST}:{server.server_port}"


__all__ = ["address", "make"]
