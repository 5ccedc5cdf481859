"""Serve the API until told to stop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import web

from jobsched.engine.parts import Parts
from jobsched.errors import ConfigError
from jobsched.hooks.report import LoadReport
from jobsched.web.app import NO_REPORT, NO_ROUTES, PluginRoutes, create_app

#: seconds that a connection may be idle; aiohttp's own default is an hour
KEEPALIVE: Final = 75.0
#: seconds that the rest of a refused body is read, so that its sender hears why
LINGER: Final = 2.0
#: seconds that requests in hand may take once the end was asked for
SHUTDOWN: Final = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """An API that is being served."""

    host: str
    #: the real one, where 0 was asked for
    port: int
    runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where it answers."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    async def close(self) -> None:
        """Take no new requests, finish those in hand, stop."""
        await self.runner.cleanup()


async def serve(
    parts: Parts,
    *,
    host: str,
    port: int,
    token: str | None,
    plugin_routes: PluginRoutes = NO_ROUTES,
    report: LoadReport = NO_REPORT,
) -> Server:
    """Bind and serve; return once requests are answered.

    Args:
        parts: what the verbs work with.
        host: an address of this machine.
        port: 0 for any that is free.
        token: the API's token, or None (loopback only).
        plugin_routes: what plugins brought, by the plugin's name.
        report: what became of each plugin.

    Raises:
        ConfigError: the address cannot be bound, or may not be without a token.
    """
    app = create_app(
        parts, token=token, host=host, port=port, plugin_routes=plugin_routes, report=report
    )
    # our own access log leaves out what a token or an address could stand in
    runner = web.AppRunner(
        app,
        access_log=None,
        keepalive_timeout=KEEPALIVE,
        lingering_time=LINGER,
        shutdown_timeout=SHUTDOWN,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        await runner.cleanup()
        raise ConfigError(
            f"{host}:{port} cannot be served ({error.strerror or error}): choose another port"
        ) from error
    return Server(host=host, port=runner.addresses[0][1], runner=runner)


__all__ = ["Server", "serve"]
