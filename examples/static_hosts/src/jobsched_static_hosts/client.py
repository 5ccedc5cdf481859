"""The docker SDK's client: each call one request, all its failures sentences about the host."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

import docker
import requests
import urllib3
from docker.errors import DockerException

from jobsched_static_hosts.engine import Unanswered
from jobsched_static_hosts.host import Credentials, Host
from jobsched_static_hosts.pinned import Transport

#: All that a connection can raise while it is opened or read.
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Declined(Unanswered):
    """The engine answered, and the answer is an error."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(f"the Docker Engine says: {text}", "host_refused")
        self.status = status


class Client(docker.APIClient):
    """A connection to one engine, for one thread. It raises ``Unanswered`` alone."""

    def request(self, method: Any, url: Any, **options: Any) -> requests.Response:  # type: ignore[override] # one signature for all that the SDK calls
        """Send one request, once."""
        # The SDK waits for ever where it says None.
        options["timeout"] = options.get("timeout") or self.timeout
        try:
            response = super().request(method, url, **options)
        except BROKEN as error:
            raise _broken(error) from error
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise Declined(response.status_code, _text(response))
        return response


@contextmanager
def client(host: Host, credentials: Credentials, seconds: float) -> Iterator[Client]:
    """Open a connection and close it. The first request is sent here: a silent host is found out.

    Args:
        host: which one.
        credentials: what it is shown.
        seconds: how long it may be silent.

    Raises:
        Unanswered: it does not answer, or is another one.
    """
    address = f"[{host.address}]" if ":" in host.address else host.address
    try:
        opened = Client(
            f"https://{address}:{host.port}",
            version="auto",
            timeout=seconds,  # type: ignore[arg-type] # fractions work
            tls=Transport(host, credentials),
        )
    except DockerException as error:
        # The SDK wraps what its first request raised.
        if isinstance(error.__cause__, Unanswered):
            raise error.__cause__ from error
        raise Unanswered(str(error)) from error
    try:
        yield opened
    finally:
        opened.close()


def _broken(error: Exception) -> Unanswered:
    if "fingerprints did not match" in str(error).lower():
        return Unanswered("it shows another certificate than the one given", "wrong_certificate")
    return Unanswered(f"it does not answer: {error}")


def _text(response: requests.Response) -> str:
    try:
        return str(response.json()["message"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {response.status_code}"


__all__ = ["BROKEN", "Client", "Declined", "client"]
