"""``POST /callback``: what a machine says, with the token of its launch."""

from __future__ import annotations

from typing import Final

import structlog
from aiohttp import web

from jobsched.engine import callback
from jobsched.schemas import callback as callback_schema
from jobsched.web.auth import bearer
from jobsched.web.body import read_json
from jobsched.web.keys import PARTS

#: bytes of a callback: a certificate and some words
MOST: Final = 64 * 1024


async def receive(request: web.Request) -> web.Response:
    """Record it. 410 tells the machine that it may go; 503 that it asks again."""
    parts = request.app[PARTS]
    token = bearer(request)
    known, payload = callback_schema.load(await read_json(request, most=MOST))
    structlog.contextvars.bind_contextvars(job=known["job_id"])
    await callback.receive(
        parts,
        action=known["action"],
        job_id=known["job_id"],
        instance_id=known["instance_id"],
        payload=payload,
        token=token,
    )
    return web.json_response({"status": "ok", "message": "callback received"})


__all__ = ["MOST", "receive"]
