"""How requests get to an engine: by unix socket, TCP, or TLS; each once, and each can be ended."""

from __future__ import annotations

import socket
from typing import Any

import requests.adapters
from docker.tls import TLSConfig
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.response import HTTPResponse

from jobsched.plugins.docker_runner.leash import Leash

#: A silent machine is noticed after 10 + 3 * 5 seconds, also in a read that may last for days.
_KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


def socket_options() -> list[tuple[int, int, int]]:
    """Give the options of a TCP connection: the usual ones, and keep-alive where there is such."""
    options = [*HTTPConnection.default_socket_options, (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)]
    return options + [
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in _KEEPALIVE.items()
        if hasattr(socket, name)
    ]


class PlainConnection(HTTPConnection):
    """A connection whose wait for an answer can be ended, however long the engine is silent."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 itself
        """Wait for the answer, on the leash."""
        Leash.wait(self.sock)
        return super().getresponse()


class TLSConnection(HTTPSConnection):
    """The same over TLS."""

    def getresponse(self) -> HTTPResponse:  # type: ignore[override] # as urllib3 itself
        """Wait for the answer, on the leash."""
        Leash.wait(self.sock)
        return super().getresponse()


class PlainPool(HTTPConnectionPool):
    """Connections over TCP."""

    ConnectionCls = PlainConnection


class TLSPool(HTTPSConnectionPool):
    """Connections over TLS."""

    ConnectionCls = TLSConnection


def unix_pool(path: str) -> type[HTTPConnectionPool]:
    """Make the kind of pool whose connections all go to one unix socket."""

    class UnixConnection(PlainConnection):
        def connect(self) -> None:
            opened = socket.socket(socket.AF_UNIX)
            # The SDK's own leaves the socket open where nobody listens.
            try:
                opened.settimeout(self.timeout)
                opened.connect(path)
            except OSError:
                opened.close()
                raise
            self.sock = opened

    class UnixPool(HTTPConnectionPool):
        ConnectionCls = UnixConnection

    return UnixPool


class Adapter(requests.adapters.HTTPAdapter):
    """Sends each request exactly once, over connections of our kinds."""

    def __init__(self, plain: type[HTTPConnectionPool], tls: dict[str, Any]) -> None:
        self._pools = {"http": plain, "https": TLSPool}
        self._tls = tls
        super().__init__(max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pool of pools."""
        options |= self._tls | {"socket_options": socket_options()}
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def build_connection_pool_key_attributes(
        self, request: Any, verify: Any, cert: Any = None
    ) -> tuple[Any, Any]:
        """Keep our TLS where requests would put its own into each call."""
        host, _ = super().build_connection_pool_key_attributes(request, verify, cert)
        return host, dict(self._tls)

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """Do nothing: requests would look for authorities here."""


class Transport(TLSConfig):
    """Has the docker SDK use the adapter, from its first request on: its one door is TLS."""

    def __init__(self, adapter: Adapter) -> None:
        self._adapter = adapter

    def configure_client(self, client: Any) -> None:
        """Mount the adapter; called by the SDK before it sends anything."""
        for scheme in ("http://", "https://"):
            client.mount(scheme, self._adapter)


__all__ = ["Adapter", "PlainPool", "Transport", "unix_pool"]
