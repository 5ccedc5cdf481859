"""What every request leaves in the log, and every answer carries in its headers."""

from __future__ import annotations

import secrets
import time
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler

from jobsched import log
from jobsched.web.keys import REQUEST_ID

_log = log.get("jobsched.web")

HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    # aiohttp would tell its version and Python's
    "Server": "jobsched",
}


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Log the request without headers, query and body; bind its id for what is logged inside."""
    request[REQUEST_ID] = secrets.token_hex(8)
    began = time.perf_counter()
    resource = request.match_info.route.resource
    bound = {"request": request[REQUEST_ID]}
    if "id" in request.match_info:
        bound["job"] = request.match_info["id"]
    with structlog.contextvars.bound_contextvars(**bound):
        answer = await handler(request)
        # a handler may have bound the job; aiohttp gives each request a context of its own
        _log.info(
            "request.handled",
            method=request.method,
            # the pattern, not the path: what nobody asked us to know is not kept
            route=resource.canonical if resource else "",
            status=answer.status,
            milliseconds=round((time.perf_counter() - began) * 1000, 1),
        )
        return answer


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers to an answer just before it is sent."""
    response.headers.update(HEADERS)
    if REQUEST_ID in request:
        response.headers["X-Request-Id"] = request[REQUEST_ID]


__all__ = ["HEADERS", "add_headers", "logged"]
