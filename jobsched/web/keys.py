"""What handlers find in the application and in a request."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aiohttp import web

from jobsched.engine.parts import Parts
from jobsched.hooks.report import LoadReport

PARTS: Final = web.AppKey("parts", Parts)
#: of this process' plugins
REPORT: Final = web.AppKey("report", LoadReport)
#: SHA-256 of the API token; absent where there is none
TOKEN: Final = web.AppKey("token", bytes)
#: how long a client may take to send its body
BODY_TIME: Final = web.AppKey("body_time", timedelta)
#: the id of the request, in its answer and in the log
REQUEST_ID: Final = web.RequestKey("request_id", str)

__all__ = ["BODY_TIME", "PARTS", "REPORT", "REQUEST_ID", "TOKEN"]
