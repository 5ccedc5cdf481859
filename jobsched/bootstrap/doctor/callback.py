"""Whether machines that are made for a job reach the API, where no plugin looks at that itself."""

from __future__ import annotations

import asyncio
import http.client
import urllib.error
import urllib.request
from collections.abc import Collection
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from jobsched.bootstrap.doctor.server import is_local
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding

#: seconds, for each of connecting and reading
TIMEOUT: Final = 10
PATH: Final = "/callback"
LIVE: Final = b"live"
NAMED: Final = "callback_url (JOBSCHED_CALLBACK_URL)"


class Callback(Check):
    """``GET /healthcheck`` beside the address that machines post to answers.

    Args:
        config: names the address.
        providers: those that make machines, and bring no check ``*.callback`` of their own.
    """

    name = "callback"

    def __init__(self, config: Config, providers: Collection[str]) -> None:
        self._url = str(config.value("callback_url"))
        self._providers = ", ".join(sorted(providers))

    async def look(self) -> Finding:
        """See the contract."""
        if not self._providers:
            return Finding("pass", "not needed: no machine calls back, or its plugin looks")
        if not self._url:
            why = f"machines of {self._providers} cannot say how they are, and are polled"
            return Finding("warn", f"{why}: set {NAMED} to where they reach the API")
        if not urlsplit(self._url).path.endswith(PATH):
            return Finding("fail", f"{self._url} does not end in {PATH}: correct {NAMED}")
        found = await asyncio.to_thread(answered, self._url)
        if found.verdict == "pass" and not (self._url.startswith("https") or is_local(self._url)):
            why = "machines would send their tokens in clear"
            return Finding("warn", f"{why}: put TLS before the API, and https into {NAMED}")
        return found


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A machine that posts follows none."""

    def redirect_request(self, *_: object, **__: object) -> None:
        """Follow none."""


def answered(url: str) -> Finding:
    """Ask for the live string beside an address, and say what came of it. Blocks."""
    parts = urlsplit(url)
    path = f"{parts.path.removesuffix(PATH)}/healthcheck"
    asked = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())
    try:
        with opener.open(asked, timeout=TIMEOUT) as answer:
            said = answer.read(64)
    except urllib.error.HTTPError as error:
        error.close()
        return Finding("fail", f"{asked} answers {error.code}: let it through, or correct {NAMED}")
    except (OSError, ValueError, http.client.HTTPException) as error:
        why = " ".join(str(getattr(error, "reason", error)).split())[:200]
        way = f"start the API, open the way to it, or correct {NAMED}"
        return Finding("warn", f"{asked} does not answer from here ({why}): {way}")
    if said.strip() != LIVE:
        return Finding("fail", f"what answers at {asked} is no API of jobsched: correct {NAMED}")
    return Finding("pass", f"{asked} answers")


__all__ = ["Callback", "answered"]
