"""Whether the API lives, and whether jobs would run."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from jobsched.web.errors import problem
from jobsched.web.keys import PARTS


async def healthcheck(_: web.Request) -> web.Response:
    """``GET /healthcheck``: the live string; asks nobody."""
    return web.Response(text="live")


async def readiness(request: web.Request) -> web.Response:
    """``GET /readiness``: 200 when the store takes writes and a worker lives, else 503."""
    store = request.app[PARTS].store
    await store.check()
    workers = await store.workers()
    if not workers:
        detail = "No worker lives, so jobs wait: start one with `jobsched worker`."
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail)
    return web.json_response({"status": "ready", "redis": "up", "workers": len(workers)})


__all__ = ["healthcheck", "readiness"]
