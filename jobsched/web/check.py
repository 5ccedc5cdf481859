"""Whether the API may be reached by others: `jobsched doctor`."""

from __future__ import annotations

import importlib
from typing import Final

import aiohttp

from jobsched.bootstrap.doctor.strength import BITS, MAKE, is_strong
from jobsched.config import Config
from jobsched.contracts.check import Check, Finding
from jobsched.web.auth import is_loopback

#: before it: PYSEC-2026-4371 (requests smuggled past a proxy), and ways to use up memory
MENDED: Final = (3, 14, 4)


class ApiToken(Check):
    """Whoever reaches the API needs a token that cannot be tried out."""

    name = "api.token"

    def __init__(self, config: Config) -> None:
        self._config = config

    async def look(self) -> Finding:
        """See the contract."""
        host, token = self._config.value("api_host"), self._config.value("api_token")
        alone = is_loopback(host)
        if not token:
            if alone:
                return Finding("pass", f"not needed: only this machine reaches {host}")
            why = f"{host} is reached by others, and the API does not start there without a token"
            return Finding("fail", f"{why}: set JOBSCHED_API_TOKEN_FILE; {MAKE}")
        if not is_strong(token):
            why = f"api_token has less than {BITS} bits: somebody may try it out"
            return Finding("warn" if alone else "fail", f"{why}; {MAKE}")
        return Finding("pass", f"who uses the API brings a token of at least {BITS} bits")


class Aiohttp(Check):
    """The server of the API has its fast parser, and no advisory is known of its version."""

    name = "api.aiohttp"

    async def look(self) -> Finding:
        """See the contract."""
        version = numbers(aiohttp.__version__)
        told = f"aiohttp {aiohttp.__version__}"
        if version < MENDED:
            least = ".".join(map(str, MENDED))
            return Finding("warn", f"{told} has known advisories: install {least} or later")
        if not has_c_parser():
            why = f"{told} runs without its C parser, which is slower and less tried"
            return Finding("warn", f"{why}: install its wheel, and unset AIOHTTP_NO_EXTENSIONS")
        return Finding("pass", f"{told}, with its C parser")


def has_c_parser() -> bool:
    """Whether aiohttp reads requests with its C extension."""
    parser = importlib.import_module("aiohttp.http_parser")
    return bool(parser.HttpRequestParser is not parser.HttpRequestParserPy)


def numbers(version: str) -> tuple[int, ...]:
    """Give the numbers that a version begins with. Pure."""
    parts = [part for part in version.split(".")[:3] if part.isdigit()]
    return tuple(map(int, parts))


__all__ = ["Aiohttp", "ApiToken", "has_c_parser", "numbers"]
