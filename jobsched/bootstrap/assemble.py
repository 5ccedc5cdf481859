"""A running process, from its configuration."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

from jobsched.bootstrap import failpoint
from jobsched.bootstrap.configured import identify, secrets_of, services_of
from jobsched.bootstrap.host import check_hosts
from jobsched.bootstrap.opening import (
    LoggingStore,
    keep_server,
    keep_time,
    open_store,
    store_url,
)
from jobsched.bootstrap.plugins import gather
from jobsched.config import Config
from jobsched.config.value import DEFAULT
from jobsched.domain.job import Limits
from jobsched.engine.parts import Parts
from jobsched.hooks.load import Plugins
from jobsched.hooks.notify import Teller
from jobsched.queue import ArqChores


@asynccontextmanager
async def parts(
    config: Config, *, worker: str = "", store: LoggingStore | None = None
) -> AsyncIterator[tuple[Parts, Plugins]]:
    """Put a running process together, and take it apart in reverse order.

    Args:
        config: the whole configuration.
        worker: the name of the worker, empty in the API.
        store: an open store, which stays open; else the configured one is opened.

    Raises:
        ConfigError: something is configured that cannot be used.
        PluginError: a plugin is broken.
        WrongStore: the store is empty or another deployment's.
        StoreUnavailable: it does not answer.
    """
    point = failpoint.read()
    async with AsyncExitStack() as stack:
        who = identify(config, own_store=store is not None)
        secrets = secrets_of(config, who)
        services = services_of(config, who.deployment)
        url = config.value("redis_url")
        # stopped last of all, those that were started again too
        servers = await stack.enter_async_context(AsyncExitStack())
        is_own = store is None
        if store is None:
            url = await store_url(config, servers)
            store = await open_store(config, who.deployment, secrets.fingerprint, stack)
        else:
            store = failpoint.around(store, "store", point)
        services.clock.sync(await store.check())
        stack.push_async_callback(services.spawn.close)
        registry, plugins = gather(config, services, store.logs())
        if worker:
            await check_hosts(store, registry)
        services.spawn.task(keep_time(store, services.clock), name="bootstrap.keep_time")
        if is_own:
            keeping = keep_server(config, services.clock, servers)
            services.spawn.task(keeping, name="bootstrap.keep_server")
        teller = Teller(plugins, services)
        await teller.startup()
        stack.push_async_callback(teller.shutdown)
        limits = config.section("limits")
        chores = await _chores(config, url, stack)
        yield (
            Parts(
                store=store,
                registry=failpoint.around_plugins(registry, point),
                services=services,
                secrets=secrets,
                limits=await _limits(config, store),
                job_defaults={key: limits[key] for key in ("timeout", "grace", "late_limit")},
                callback_url=config.value("callback_url"),
                store_url=url,
                chores=failpoint.around(chores, "chores", point) if chores else None,
                worker=worker,
            ),
            plugins,
        )


async def _limits(config: Config, store: LoggingStore) -> Limits:
    """Give what new jobs get; a store that syncs each write forgets nothing: it needs no evidence.

    What was configured counts all the same: its file may be on a disk that forgets.
    """
    limits = config.limits()
    is_told = config.origin("limits.evidence") != DEFAULT
    if is_told or not await store.syncs_each_write():
        return limits
    return replace(limits, evidence=timedelta(0))


async def _chores(config: Config, url: str, stack: AsyncExitStack) -> ArqChores | None:
    """Enqueue every step where arq alone does the dispatch (``JOBSCHED_DISPATCH=arq``)."""
    if config.value("dispatch") != "arq":
        return None
    chores = await ArqChores.open(url)
    stack.push_async_callback(chores.close)
    return chores


__all__ = ["parts"]
