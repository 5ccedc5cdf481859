"""Keep other sites' pages out: a browser here reaches what only this machine can reach."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler

from jobsched.web.auth import is_loopback
from jobsched.web.errors import Rejected
from jobsched.web.keys import TOKEN

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


@web.middleware
async def same_origin(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse foreign names of this host where no token guards it, and cross-origin changes."""
    host = request.headers.get("Host", "")
    if TOKEN not in request.app and not is_loopback(_name(host)):
        raise Rejected(
            HTTPStatus.FORBIDDEN,
            "Without a token only localhost, 127.0.0.1 and [::1] are names of this host.",
        )
    if request.method not in SAFE and _is_foreign(request, host):
        raise Rejected(HTTPStatus.FORBIDDEN, "Pages of other origins may not do this.")
    return await handler(request)


def _is_foreign(request: web.Request, host: str) -> bool:
    """Whether a browser says that another origin's page asks; other clients say nothing of it."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = request.headers.get("Origin")
    return origin is not None and (not host or _netloc(origin) != host.lower())


def _name(host: str) -> str:
    """Give the host of ``host:port``; brackets stay around IPv6."""
    name, colon, port = host.lower().rpartition(":")
    return name if colon and port.isdecimal() else host.lower()


def _netloc(origin: str) -> str:
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return ""


__all__ = ["same_origin"]
