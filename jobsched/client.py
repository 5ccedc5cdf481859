"""A client of the API, on the standard library alone: the command line starts fast with it."""

from __future__ import annotations

import http.client
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from jobsched.errors import InvalidInput, JobschedError, Unavailable

#: Where `jobsched up` and `jobsched api` listen unless they are told otherwise.
DEFAULT_URL = "http://127.0.0.1:8080"

_CHUNK = 64 * 1024
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})

Document = dict[str, Any]


class NoServer(Unavailable):
    """Nobody answers at the URL."""


class Answered(JobschedError):
    """The API answered with an error (RFC 9457).

    Args:
        status: the HTTP status.
        detail: the API's sentence.
        errors: field → the API's sentences about it.
    """

    def __init__(
        self, status: int, detail: str, errors: Mapping[str, list[str]] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors: Mapping[str, list[str]] = errors or {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """The routes of one API, each a method; one connection a call.

    Every method raises ``NoServer`` where nobody answers, and ``Answered`` for an error.
    """

    url: str = DEFAULT_URL
    token: str = field(default="", repr=False)
    #: how long the server may be silent
    patience: timedelta = timedelta(seconds=30)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Client:
        """Make one of ``JOBSCHED_URL`` and ``JOBSCHED_TOKEN`` (or ``JOBSCHED_TOKEN_FILE``).

        Raises:
            InvalidInput: the file cannot be read, or holds no token.
        """
        file = environ.get("JOBSCHED_TOKEN_FILE")
        token = read_token(Path(file)) if file else environ.get("JOBSCHED_TOKEN", "").strip()
        return cls(url=environ.get("JOBSCHED_URL") or DEFAULT_URL, token=token)

    def get(self, path: str) -> Document:
        """Give the JSON object at a path, such as ``/plugins/acme/prices`` of a plugin's own."""
        return self._document("GET", path)

    def schedule(self, job: Mapping[str, Any], *, key: str = "") -> Document:
        """Post a job; with the same `key` and job a repeat gives the same job."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._document("POST", "/schedule", json.dumps(job).encode(), headers)

    def jobs(self, *, status: str = "", limit: int | None = None, cursor: str = "") -> Document:
        """Give a page of the list, latest schedule first."""
        asked = {"status": status, "limit": str(limit or ""), "cursor": cursor}
        query = urlencode({name: value for name, value in asked.items() if value})
        return self._document("GET", f"/list?{query}" if query else "/list")

    def status(self, job: str) -> Document:
        """Give all that is known about a job."""
        return self._document("GET", f"/status/{quote(job, safe='')}")

    def cancel(self, job: str) -> Document:
        """Ask a job to end; it may still be on its way there when this returns."""
        return self._document("POST", f"/cancel/{quote(job, safe='')}")

    def abandon(self, job: str) -> Document:
        """Count the job's machines as gone; for those that will never be seen again."""
        return self._document("POST", f"/abandon/{quote(job, safe='')}")

    def providers(self) -> Document:
        """Give the providers: their machines, their caps, and whether they are halted."""
        return self._document("GET", "/providers")

    def resume(self, provider: str) -> Document:
        """Let a halted provider be asked for machines again."""
        return self._document("POST", f"/providers/{quote(provider, safe='')}/resume")

    def force_reap(self, provider: str) -> Document:
        """Let the next pass end all machines that are no job's, however many they are."""
        return self._document("POST", f"/providers/{quote(provider, safe='')}/reap")

    def logs(self, job: str, *, attempt: int | None = None) -> Iterator[bytes]:
        """Give what the container wrote, in pieces."""
        query = f"?attempt={attempt}" if attempt is not None else ""
        with self._answer("GET", f"/logs/{quote(job, safe='')}{query}") as answer:
            while piece := answer.read(_CHUNK):
                yield piece

    def _document(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Document:
        with self._answer(method, path, body, headers) as answer:
            try:
                document = json.loads(answer.read())
            except ValueError:
                document = None
        if not isinstance(document, dict):
            raise NoServer(f"what answers at {self.url} is not jobsched")
        return document

    @contextmanager
    def _answer(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Iterator[http.client.HTTPResponse]:
        connection, base = self._connect()
        sent = {"Accept": "application/json, text/plain", **headers}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if self.token:
            sent["Authorization"] = f"Bearer {self.token}"
        try:
            connection.request(method, base + path, body, sent)
            answer = connection.getresponse()
            if answer.status >= HTTPStatus.MULTIPLE_CHOICES:
                raise _problem(self.url, answer.status, answer.read())
            yield answer
        except (OSError, http.client.HTTPException) as error:
            raise NoServer(_silence(self.url, error)) from error
        finally:
            connection.close()

    def _connect(self) -> tuple[http.client.HTTPConnection, str]:
        """Prepare a connection, and give it with the path that the URL itself has.

        Unlike urllib this looks at no proxy settings: the usual server is on this very machine.
        """
        wrong = f"{self.url!r} is no URL of a server: write it as {DEFAULT_URL}"
        try:
            parts = urlsplit(self.url)
            host, port = parts.hostname, parts.port
        except ValueError as error:
            raise InvalidInput(wrong) from error
        kinds = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
        if host is None or parts.scheme not in kinds:
            raise InvalidInput(wrong)
        connection = kinds[parts.scheme](host, port, timeout=self.patience.total_seconds())
        return connection, parts.path.rstrip("/")


def read_token(file: Path) -> str:
    """Give the API's token that a file holds.

    Raises:
        InvalidInput: it cannot be read, or holds no token.
    """
    try:
        token = file.read_text().strip()
    except OSError as error:
        raise InvalidInput(f"{file} cannot be read: {error.strerror}") from error
    if not token.isprintable() or not token.isascii():
        raise InvalidInput(f"{file} does not hold a token on one line")
    return token


def _problem(url: str, status: int, body: bytes) -> JobschedError:
    try:
        said = json.loads(body)
    except ValueError:
        said = None
    if not isinstance(said, dict) or not isinstance(said.get("detail"), str):
        phrase = http.client.responses.get(status, "")
        return Answered(status, f"the server at {url} answered {status} {phrase}".rstrip())
    errors = said.get("errors")
    return Answered(status, said["detail"], errors if isinstance(errors, dict) else None)


def _silence(url: str, error: Exception) -> str:
    match error:
        case ConnectionRefusedError():
            return f"no server answers at {url}: start one with `jobsched up`, or set JOBSCHED_URL"
        case TimeoutError():
            return f"the server at {url} is silent"
        case _:
            return f"no server can be reached at {url}: {str(error) or type(error).__name__}"


__all__ = ["DEFAULT_URL", "Answered", "Client", "Document", "NoServer", "read_token"]
