"""Put the API together: one table of routes, and what stands around each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from http import HTTPStatus
from types import MappingProxyType
from typing import Final

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from jobsched.engine.parts import Parts
from jobsched.errors import BadHookResult
from jobsched.hooks.report import LoadReport
from jobsched.web import callbacks, health, jobs, logs, plugins, providers
from jobsched.web.access import add_headers, logged
from jobsched.web.auth import authenticated, check_bind, digest
from jobsched.web.errors import ADVICE, problem, problems
from jobsched.web.keys import BODY_TIME, PARTS, REPORT, TOKEN
from jobsched.web.origin import same_origin

#: the routes of each plugin, by its name; served under /plugins/<name>/, behind the API's token
PluginRoutes = Mapping[str, Sequence[web.RouteDef]]
NO_ROUTES: Final[PluginRoutes] = MappingProxyType({})
NO_REPORT: Final = LoadReport()
#: bytes of a body
MOST: Final = 256 * 1024
_ID: Final = "{id:[A-Za-z0-9]{32}}"

ROUTES: Final[tuple[tuple[str, str, Handler], ...]] = (
    (hdrs.METH_POST, "/schedule", jobs.schedule),
    (hdrs.METH_GET, "/list", jobs.list_jobs),
    (hdrs.METH_GET, f"/status/{_ID}", jobs.status),
    (hdrs.METH_POST, "/callback", callbacks.receive),
    (hdrs.METH_GET, "/healthcheck", health.healthcheck),
    (hdrs.METH_GET, "/readiness", health.readiness),
    (hdrs.METH_POST, f"/cancel/{_ID}", jobs.cancel_job),
    (hdrs.METH_POST, f"/abandon/{_ID}", jobs.abandon_job),
    (hdrs.METH_GET, f"/logs/{_ID}", logs.logs),
    (hdrs.METH_GET, "/plugins", plugins.list_plugins),
    (hdrs.METH_GET, "/providers", providers.list_providers),
    (hdrs.METH_POST, "/providers/{name}/resume", providers.resume_provider),
    (hdrs.METH_POST, "/providers/{name}/reap", providers.reap_provider),
)


def create_app(
    parts: Parts,
    *,
    token: str | None,
    host: str,
    port: int,
    plugin_routes: PluginRoutes = NO_ROUTES,
    report: LoadReport = NO_REPORT,
    body_time: timedelta = timedelta(seconds=10),
) -> web.Application:
    """Make the API.

    Args:
        parts: what the verbs work with.
        token: guards everything but /healthcheck and /callback; None: only loopback is served.
        host: where it will be bound.
        port: likewise.
        plugin_routes: what plugins brought (``jobsched_routes``), by the plugin's name.
        report: what became of each plugin.
        body_time: how long a client may take to send its body.

    Raises:
        ConfigError: there is no token, and the host is not loopback.
        BadHookResult: a plugin's route cannot be served.
    """
    del port  # any port is good in the Host header: a forwarded one is not ours
    check_bind(host, token)
    app = web.Application(
        # the outermost first: what is refused is logged too, and is a problem too
        middlewares=[logged, problems, same_origin, authenticated],
        client_max_size=MOST,
    )
    app[PARTS] = parts
    app[REPORT] = report
    app[BODY_TIME] = body_time
    if token:
        app[TOKEN] = digest(token)
    for method, path, handler in ROUTES:
        app.router.add_route(method, path, handler, expect_handler=_expected)
        if method == hdrs.METH_GET:
            app.router.add_route(hdrs.METH_HEAD, path, handler, expect_handler=_expected)
    for plugin, brought in plugin_routes.items():
        for route in brought:
            _add_route(app, plugin, route)
    app.on_response_prepare.append(add_headers)
    return app


def _add_route(app: web.Application, plugin: str, route: web.RouteDef) -> None:
    path = f"/plugins/{plugin}{route.path}"
    try:
        web.RouteDef(route.method, path, route.handler, route.kwargs).register(app.router)
    except (ValueError, RuntimeError) as error:
        message = f"{route.method} {route.path} is no route: {error}"
        raise BadHookResult(plugin, message, hook="jobsched_routes") from error


async def _expected(request: web.Request) -> web.Response | None:
    """Answer an Expect header: aiohttp's own answer to an unknown one is no problem document."""
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        status = HTTPStatus.EXPECTATION_FAILED
        return problem(request, status, ADVICE[status])
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    # the real answer has not begun: as aiohttp does it
    request.writer.output_size = 0
    return None


__all__ = ["MOST", "NO_REPORT", "NO_ROUTES", "ROUTES", "PluginRoutes", "create_app"]
