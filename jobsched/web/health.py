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
    """``GET /readiness``: 200 when the store takes writes and a worker lives, else 503.

    A provider that is halted is named, as are alarms, and is no reason for a 503: the jobs of
    others run, and an API that is taken out of service could not be told to resume it.
    """
    store = request.app[PARTS].store
    await store.check()
    workers = await store.workers()
    if not workers:
        detail = "No worker lives, so jobs wait: start one with `jobsched worker`."
        return problem(request, HTTPStatus.SERVICE_UNAVAILABLE, detail)
    halted = sorted(await store.halted())
    alarms = {name: alarm.sentence for name, alarm in (await store.alarms()).items()}
    answer = {"status": "ready", "redis": "up", "workers": len(workers)}
    return web.json_response({**answer, "halted": halted, "alarms": alarms})


__all__ = ["healthcheck", "readiness"]
