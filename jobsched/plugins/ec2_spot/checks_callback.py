"""Whether machines reach the API: its address is set, safe, and answered by jobsched."""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

from jobsched.contracts.check import Check, Finding
from jobsched.contracts.services import Services
from jobsched.errors import OperationFailed
from jobsched.plugins.ec2_spot.client import Aws
from jobsched.plugins.ec2_spot.settings import Settings

#: seconds, for each of connecting and reading
TIMEOUT: Final = 10
#: bytes of an answer; the live string has four
MOST: Final = 64
#: characters of an address that a sentence shows
LONGEST_SHOWN: Final = 200
LIVE: Final = "live"
CALLBACK: Final = "/callback"
NAMED: Final = "callback_url (JOBSCHED_CALLBACK_URL, or JOBSCHED_EC2_SPOT_CALLBACK_URL)"


class Callback(Check):
    """``GET /healthcheck`` beside the address that machines post to answers.

    It is asked from here, and not from where machines stand: what is refused here may be open
    there, so that no answer is a warning.
    """

    name = "ec2.callback"

    def __init__(self, aws: Aws, services: Services, settings: Settings) -> None:
        self._aws = aws
        self._threads = services.spawn.pool("ec2_spot.callback", 1)
        core: Mapping[str, Any] = services.settings.get("jobsched", {})
        # either is enough: each launch has a token, whichever address its machine posts to
        self._url = settings.callback_url or str(core.get("callback_url") or "")
        self._shown = self._url[:LONGEST_SHOWN]

    async def look(self) -> Finding:
        """See the contract."""
        if not self._url:
            words = "machines cannot say that they are ready"
            return Finding("fail", f"{words}: set {NAMED} to where they reach the API")
        parts = urlsplit(self._url)
        if not parts.path.endswith(CALLBACK):
            return Finding("fail", f"{self._shown} does not end in {CALLBACK}: correct {NAMED}")
        host = parts.hostname or ""
        if is_loopback(host) and not await self._is_fake():
            words = f"machines of EC2 do not reach {host}, which is this machine alone"
            return Finding("fail", f"{words}: correct {NAMED}")
        found = await self._threads.run(answered, healthcheck_of(self._url))
        return found if found.verdict != "pass" else safe(self._url, found)

    async def _is_fake(self) -> bool:
        """Whether what we take for EC2 runs on this machine."""
        try:
            _, where = await self._aws.place()
        except OperationFailed:
            return False
        return is_loopback(urlsplit(where).hostname or "")


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A machine that posts follows none."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Follow none."""


def answered(url: str) -> Finding:
    """Ask for the live string, and say what came of it. Blocks; may be repeated."""
    host, shown = urlsplit(url).hostname or "", url[:LONGEST_SHOWN]
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        return Finding(
            "fail", f"the name {host[:LONGEST_SHOWN]} is not known ({error}): correct {NAMED}"
        )
    # machines ask without a proxy
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(url, timeout=TIMEOUT) as answer:
            said = answer.read(MOST)
    except urllib.error.HTTPError as error:
        with error:
            return _of_status(shown, error.code, error.headers.get("Location", ""))
    except (OSError, http.client.HTTPException) as error:
        return _of_failure(shown, error)
    if said.strip() == LIVE.encode():
        return Finding("pass", f"{shown} answers")
    return Finding("fail", f"what answers at {shown} is no API of jobsched: correct {NAMED}")


def _of_status(url: str, status: int, location: str) -> Finding:
    if location:
        words = f"{url} sends on to {location[:100]}, which machines do not follow"
        return Finding("fail", f"{words}: write that address into {NAMED}")
    words = f"{url} answers {status}"
    return Finding("fail", f"{words}: let {CALLBACK} and /healthcheck through, or correct {NAMED}")


def _of_failure(url: str, error: OSError | http.client.HTTPException) -> Finding:
    reason = getattr(error, "reason", error)
    words = " ".join(str(reason).split())[:200]
    if isinstance(reason, ssl.SSLCertVerificationError):
        mend = f"give it one that machines trust, for the name in {NAMED}"
        return Finding("fail", f"the certificate of {url} is not good ({words}): {mend}")
    start = "start the API (`jobsched up`, `jobsched api`) and open the way to it"
    return Finding(
        "warn", f"{url} does not answer from here ({words}): {start}, or correct {NAMED}"
    )


def safe(url: str, found: Finding) -> Finding:
    """Give the finding of an address that answers, unless tokens would be sent in clear. Pure."""
    parts = urlsplit(url)
    if parts.scheme == "https" or is_loopback(parts.hostname or ""):
        return found
    words = "machines would send their tokens in clear"
    return Finding("warn", f"{words}: put TLS before the API, and https into {NAMED}")


def healthcheck_of(url: str) -> str:
    """Give the address of ``GET /healthcheck`` beside that of ``POST /callback``. Pure."""
    parts = urlsplit(url)
    path = parts.path.removesuffix(CALLBACK) + "/healthcheck"
    return urlunsplit((parts.scheme, parts.netloc, path, "", ""))


def is_loopback(host: str) -> bool:
    """Whether a host is the machine that asks. Pure."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


__all__ = ["Callback", "answered", "healthcheck_of", "is_loopback", "safe"]
