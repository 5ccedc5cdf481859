"""API and worker in one process and one loop; without a Redis of the deployment's, with one too."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from jobsched import bootstrap
from jobsched.config import Config
from jobsched.engine.parts import Parts
from jobsched.errors import JobschedError
from jobsched.hooks.load import Plugins
from jobsched.hooks.routes import collect_routes
from jobsched.services import RandomIds
from jobsched.web.auth import check_bind
from jobsched.web.serve import serve
from jobsched.worker.run import worker_running

#: Ctrl-C, a stop by a supervisor, a terminal that closes: each ends in order.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


async def api(config: Config, *, ready: Callable[[str], None]) -> None:
    """Serve the API alone until a signal comes.

    Args:
        config: the whole configuration.
        ready: told the URL once requests are answered.

    Raises:
        JobschedError: it cannot start, with the sentence why.
    """
    _check(config)
    with _signals() as stop:
        async with bootstrap.parts(config) as (parts, plugins):
            await _serve(parts, plugins, config, stop, ready)


async def up(config: Config, *, ready: Callable[[str], None]) -> None:
    """Serve the API and work until a signal comes; arguments and errors as :func:`api`."""
    _check(config)
    with _signals() as stop:
        async with bootstrap.parts(config, worker=RandomIds().holder()) as (parts, plugins):
            await _together(parts, plugins, config, stop, ready)


async def _together(
    parts: Parts,
    plugins: Plugins,
    config: Config,
    stop: asyncio.Event,
    ready: Callable[[str], None],
) -> None:
    """Run both; side by side, so that their ends take as long as the longer one, not the sum."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_work(parts, plugins, config, stop))
            group.create_task(_serve(replace(parts, worker=""), plugins, config, stop, ready))
    except ExceptionGroup as found:
        # The first one is the reason; the other was only cancelled.
        raise found.exceptions[0] from None


async def _work(parts: Parts, plugins: Plugins, config: Config, stop: asyncio.Event) -> None:
    async with worker_running(parts, plugins, config) as died:
        stopping = asyncio.ensure_future(stop.wait())
        await asyncio.wait({stopping, died}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if died.done():
            # an API without its worker would take jobs that nobody runs: this ends both
            raise JobschedError("the worker has died, and its log says why: start it again")


async def _serve(
    parts: Parts,
    plugins: Plugins,
    config: Config,
    stop: asyncio.Event,
    ready: Callable[[str], None],
) -> None:
    routes, plugins = collect_routes(plugins, parts.services)
    plugins.report.check()
    server = await serve(
        parts,
        host=config.value("api_host"),
        port=config.value("api_port"),
        token=config.value("api_token") or None,
        plugin_routes=routes,
        report=plugins.report,
    )
    try:
        ready(server.url)
        await stop.wait()
    finally:
        await server.close()


def _check(config: Config) -> None:
    # Before anything is started: a refusal shall leave nothing to end.
    check_bind(config.value("api_host"), config.value("api_token") or None)


@contextmanager
def _signals() -> Iterator[asyncio.Event]:
    """Give an event that the first signal sets; a second one ends the process as usual."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def ask() -> None:
        stop.set()
        for one in SIGNALS:
            loop.remove_signal_handler(one)

    for one in SIGNALS:
        loop.add_signal_handler(one, ask)
    try:
        yield stop
    finally:
        for one in SIGNALS:
            loop.remove_signal_handler(one)


__all__ = ["SIGNALS", "api", "up"]
