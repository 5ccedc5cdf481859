"""Asking plugins for routes of the web server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from jobsched.contracts.services import Services
from jobsched.errors import BadHookResult, JobschedError, PluginLoadFailed
from jobsched.hooks.call import call
from jobsched.hooks.load import Plugins

HOOK = "jobsched_routes"


def collect_routes(plugins: Plugins, services: Services) -> Mapping[str, Sequence[Any]]:
    """Give the routes of each plugin that brings any, by the plugin's name.

    Raises:
        PluginLoadFailed: a plugin raised.
        BadHookResult: a plugin gave something other than a list.
    """
    found: dict[str, Sequence[Any]] = {}
    for implementation in plugins.manager.hook.jobsched_routes.get_hookimpls():
        plugin = implementation.plugin_name
        try:
            routes = call(implementation, config=plugins.config_of(plugin), services=services)
        except JobschedError as error:
            raise PluginLoadFailed(plugin, error.message, hook=HOOK) from error
        except Exception as error:
            message = f"{type(error).__name__}: {error}"
            raise PluginLoadFailed(plugin, message, hook=HOOK) from error
        if not isinstance(routes, list | tuple):
            message = f"gave {type(routes).__name__}; it must give a list of routes"
            raise BadHookResult(plugin, message, hook=HOOK)
        found[plugin] = routes
    return found


__all__ = ["collect_routes"]
