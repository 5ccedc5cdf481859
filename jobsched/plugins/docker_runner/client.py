"""The docker SDK's client, with one request a call and always a time limit."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote, urlsplit

import docker
import requests
import urllib3
from docker.errors import DockerException

from jobsched.domain.job import Access
from jobsched.errors import RunnerFailed
from jobsched.plugins.docker_runner import failure, pinned
from jobsched.plugins.docker_runner.config import Settings
from jobsched.plugins.docker_runner.leash import Let
from jobsched.plugins.docker_runner.transport import Adapter, PlainPool, Transport, unix_pool

ERROR = 400
#: More than an engine has to say about a failure.
LONGEST_TEXT = 2_000
DOCKER_PORT = 2375


class Client(docker.APIClient):
    """A connection to one engine, for one thread. All it raises is of :mod:`failure`."""

    def request(self, method: Any, url: Any, **options: Any) -> requests.Response:  # type: ignore[override] # one signature for all that the SDK calls
        """Send one request, once: no proxy, no redirect, no retry.

        Raises:
            EngineRefused: the engine answered with an error.
            RunnerFailed: it did not answer, or another machine did.
        """
        # Here and not in the constructor: that already sends a request.
        self.trust_env = False
        options["allow_redirects"] = False
        # The SDK waits for ever where it says None: for pulls and events.
        options["timeout"] = options.get("timeout") or self.timeout
        try:
            response = super().request(method, url, **options)
        except BROKEN as error:
            raise broken(error) from error
        if response.status_code >= ERROR:
            text = _text(response)
            response.close()
            raise failure.EngineRefused(response.status_code, text)
        return response

    def address(self, path: str) -> str:
        """Give the URL of a path of the engine's API."""
        return f"{self.base_url}/v{self.api_version}{path}"


#: All that a connection can raise while it is opened or read.
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


def broken(error: BaseException) -> RunnerFailed:
    """Say what a broken connection means."""
    if "fingerprints did not match" in str(error).lower():
        return failure.wrong_host("another machine answers at this address: not the certificate")
    return failure.unreachable(error)


def connect(access: Access, settings: Settings) -> Client:
    """Make a client and agree with the engine on a version of its API (one request).

    Raises:
        RunnerFailed: no engine answers, or it cannot be used.
    """
    url, adapter = _way(access, settings)
    try:
        return Client(
            url,
            version="auto",
            timeout=settings.request_timeout,  # type: ignore[arg-type] # fractions work
            tls=Transport(adapter),
        )
    except DockerException as error:
        # The SDK wraps whatever its first request raised.
        if isinstance(error.__cause__, (RunnerFailed, failure.EngineRefused, Let)):
            raise error.__cause__ from error
        raise failure.unreachable(error) from error


def _way(access: Access, settings: Settings) -> tuple[str, Adapter]:
    match access.kind:
        case "this_host":
            return _way_here(access.docker_url or settings.docker_host)
        case "docker_tls":
            host = f"[{access.address}]" if ":" in access.address else access.address
            tls = pinned.tls(access, settings)
            return f"https://{host}:{access.port}", Adapter(PlainPool, tls)
        case other:
            raise failure.configuration(f"docker_runner cannot use a machine of kind {other}")


def _way_here(engine: str) -> tuple[str, Adapter]:
    url = urlsplit(engine)
    match url.scheme:
        case "unix":
            # The name is never looked up: all connections go to the socket.
            return "http://localhost:1", Adapter(unix_pool(unquote(url.path)), {})
        case "tcp" | "http" if url.hostname:
            host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
            return f"http://{host}:{url.port or DOCKER_PORT}", Adapter(PlainPool, {})
        case _:
            raise failure.configuration(f"no unix:// or tcp:// address of an engine: {engine}")


def _text(response: requests.Response) -> str:
    try:
        told = response.json()["message"]
    except (ValueError, KeyError, TypeError, *BROKEN):
        return f"HTTP {response.status_code}"
    return str(told)[:LONGEST_TEXT]


__all__ = ["BROKEN", "Client", "broken", "connect"]
