"""Who may use the API: the one static token, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from typing import Final

from aiohttp import web
from aiohttp.typedefs import Handler

from jobsched.errors import ConfigError, Unauthorised
from jobsched.web.keys import TOKEN

#: routes that the token does not guard: machines bring tokens of their own to /callback
OPEN: Final = frozenset({"/healthcheck", "/callback"})


@web.middleware
async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let a request through if it brings the token, or needs none.

    What is not found is refused too: without the token nobody learns which routes there are.
    """
    expected = request.app.get(TOKEN)
    resource = request.match_info.route.resource
    if expected is None or (resource is not None and resource.canonical in OPEN):
        return await handler(request)
    if not hmac.compare_digest(digest(bearer(request)), expected):
        raise Unauthorised("the token is wrong: send Authorization: Bearer <token>")
    return await handler(request)


def bearer(request: web.Request) -> str:
    """Give the bearer token of a request.

    Raises:
        Unauthorised: there is none.
    """
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorised("a token is needed: send Authorization: Bearer <token>")
    return token.strip()


def digest(token: str) -> bytes:
    """Hash a token: then a comparison takes the same time for tokens of every length."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_bind(host: str, token: str | None) -> None:
    """Refuse to serve others than this machine without a token.

    Raises:
        ConfigError: names the setting that is missing.
    """
    if not token and not is_loopback(host):
        raise ConfigError(
            f"binding to {host or 'every address'} needs a token: set JOBSCHED_API_TOKEN "
            "(or JOBSCHED_API_TOKEN_FILE), or bind to 127.0.0.1"
        )


__all__ = ["OPEN", "authenticated", "bearer", "check_bind", "digest", "is_loopback"]
