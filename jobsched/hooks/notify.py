"""Telling every plugin what happened: a slow or failing one is logged and hurts nobody."""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Protocol

from pluggy import HookImpl, PluginManager

from jobsched.contracts.change import Change
from jobsched.contracts.services import Pool, Services
from jobsched.errors import PluginLoadFailed, StoreUnavailable
from jobsched.hooks.call import call
from jobsched.hooks.load import Plugins
from jobsched.hooks.patience import NoAnswer, contained, patiently

#: How long one plugin may take over one change, and over its end.
PATIENCE = timedelta(seconds=5)
#: How long one plugin may take over a batch of changes: the others wait for the next one meanwhile.
BATCH_PATIENCE = timedelta(seconds=10)
STARTUP_PATIENCE = timedelta(seconds=30)
BATCH = 100
WAIT = timedelta(seconds=5)
#: The first and the longest pause while the store does not answer.
PAUSE = 0.5
PAUSE_MOST = 15.0


class Source(Protocol):
    """Where changes come from: the store."""

    async def changes(self, consumer: str, *, most: int, wait: timedelta) -> Sequence[Change]:
        """Give changes that were not told yet."""
        ...

    async def acknowledge(self, changes: Sequence[Change]) -> None:
        """Mark changes as told."""
        ...


class Parts(Protocol):
    """What is needed here of :class:`jobsched.engine.parts.Parts`."""

    @property
    def store(self) -> Source:
        """Where changes come from."""
        ...

    @property
    def services(self) -> Services:
        """What plugins get."""
        ...


class Teller:
    """Tells the plugins of one process what happened."""

    def __init__(
        self, plugins: Plugins, services: Services, *, patience: timedelta = PATIENCE
    ) -> None:
        self._plugins = plugins
        self._manager = plugins.manager
        self._services = services
        self._patience = patience
        self._threads: dict[str, Pool] = {}

    async def startup(self) -> None:
        """Tell each plugin that the process begins, one after the other.

        Raises:
            PluginLoadFailed: one failed or took too long; the process must not start.
        """
        for implementation in _implementations(self._manager, "jobsched_startup"):
            plugin = implementation.plugin_name
            try:
                await patiently(
                    f"{plugin}.jobsched_startup",
                    functools.partial(self._call, implementation),
                    STARTUP_PATIENCE,
                )
            except NoAnswer as error:
                message = f"it takes longer than {STARTUP_PATIENCE.total_seconds():g} s"
                raise PluginLoadFailed(plugin, message, hook="jobsched_startup") from error
            except Exception as error:
                message = f"{type(error).__name__}: {error}"
                raise PluginLoadFailed(plugin, message, hook="jobsched_startup") from error

    async def shutdown(self) -> None:
        """Tell every plugin that the process ends."""
        told = _implementations(self._manager, "jobsched_shutdown")
        await asyncio.gather(*(self._tell(implementation) for implementation in told))

    async def job_changed(self, changes: Sequence[Change]) -> None:
        """Tell every plugin of each change, in order; the plugins do not wait for each other.

        A plugin that needs more than `PATIENCE` for one of them, or `BATCH_PATIENCE` for all, is
        not told the rest.
        """
        told = _implementations(self._manager, "jobsched_job_changed")
        await asyncio.gather(*(self._tell_all(implementation, changes) for implementation in told))

    async def _tell_all(self, implementation: HookImpl, changes: Sequence[Change]) -> None:
        clock = self._services.clock
        until = clock.monotonic() + BATCH_PATIENCE.total_seconds()
        for told, change in enumerate(changes, start=1):
            in_time = await self._tell(implementation, change=change)
            missed = len(changes) - told
            if missed and not (in_time and clock.monotonic() < until):
                self._services.log.warning(
                    "hook.given_up", plugin=implementation.plugin_name, missed=missed
                )
                return

    async def _tell(self, implementation: HookImpl, **arguments: Any) -> bool:
        """Tell one plugin; False: it took too long."""
        at = {"plugin": implementation.plugin_name, "hook": implementation.function.__name__}
        what = f"{at['plugin']}.{at['hook']}"
        try:
            await patiently(what, lambda: self._call(implementation, **arguments), self._patience)
        except NoAnswer:
            self._services.log.warning(
                "hook.timed_out", **at, seconds=self._patience.total_seconds()
            )
            return False
        except Exception as error:
            # a plugin's bug is logged and hurts nobody
            self._services.log.warning("hook.failed", **at, exc_info=error)
        return True

    async def _call(self, implementation: HookImpl, **arguments: Any) -> None:
        plugin = implementation.plugin_name
        arguments["services"] = self._services
        arguments["config"] = self._plugins.config_of(plugin)
        if inspect.iscoroutinefunction(implementation.function):
            await call(implementation, **arguments)
            return
        # It may block: each plugin has one thread, so a hanging one keeps nobody else's.
        if plugin not in self._threads:
            self._threads[plugin] = self._services.spawn.pool(f"hooks-{plugin}", 1)
        result = await self._threads[plugin].run(
            contained, functools.partial(call, implementation, **arguments)
        )
        if inspect.isawaitable(result):
            await result


async def notify_forever(parts: Parts, plugins: Plugins, consumer: str) -> None:
    """Tell the plugins of changes as they come, until it is cancelled.

    Changes are acknowledged after they were told, so that a crash in between tells them again.
    """
    source, clock, log = parts.store, parts.services.clock, parts.services.log
    teller = Teller(plugins, parts.services)
    troubles = 0
    while True:
        try:
            changes = await source.changes(consumer, most=BATCH, wait=WAIT)
            if changes:
                await teller.job_changed(changes)
                await source.acknowledge(changes)
            if troubles:
                log.info("changes.resumed", consumer=consumer)
            troubles = 0
        except Exception as error:
            # plugins are told again whatever has gone wrong
            if not isinstance(error, StoreUnavailable):
                log.exception("changes.failed", consumer=consumer)
            elif not troubles:
                log.warning("changes.unreachable", consumer=consumer, why=error.message)
            troubles += 1
            await clock.sleep(min(PAUSE * 2 ** min(troubles - 1, 10), PAUSE_MOST))


def _implementations(manager: PluginManager, hook: str) -> list[HookImpl]:
    found: list[HookImpl] = getattr(manager.hook, hook).get_hookimpls()
    # pluggy's order is that of the configuration, backwards; nothing may depend on either.
    return sorted(found, key=lambda one: one.plugin_name)


__all__ = ["Source", "Teller", "notify_forever"]
