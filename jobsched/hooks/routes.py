"""Asking plugins for routes of the web server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pluggy import HookImpl

from jobsched.contracts.services import Services
from jobsched.errors import BadHookResult, DuplicateName, PluginError
from jobsched.hooks.call import ask
from jobsched.hooks.load import Plugins
from jobsched.hooks.specs import Sections

HOOK = "jobsched_routes"
#: plugin → its routes
Routes = Mapping[str, Sequence[Any]]


def collect_routes(plugins: Plugins, services: Services) -> tuple[Routes, Plugins]:
    """Ask each plugin for its routes.

    Returns:
        The routes by the plugin's name, and the plugins with a report of what each brings and which
        are broken.
    """
    found: dict[str, Sequence[Any]] = {}
    names: dict[str, list[str]] = {}
    broken: list[PluginError] = []
    implementations = plugins.manager.hook.jobsched_routes.get_hookimpls()
    # Sorted, so that nothing depends on the order of the configuration.
    for implementation in sorted(implementations, key=lambda one: one.plugin_name):
        plugin = implementation.plugin_name
        try:
            routes = _routes(implementation, plugins.config_of(plugin), services)
            names[plugin] = _names(plugin, routes)
        except PluginError as error:
            broken.append(error)
        else:
            found[plugin] = routes
    report = plugins.report.bringing("routes", names).failing(broken)
    return found, replace(plugins, report=report)


def _routes(implementation: HookImpl, config: Sections, services: Services) -> Sequence[Any]:
    routes = ask(implementation, HOOK, config=config, services=services)
    if not isinstance(routes, list | tuple):
        message = f"gave {type(routes).__name__}; it must give a list of routes"
        raise BadHookResult(implementation.plugin_name, message, hook=HOOK)
    return routes


def _names(plugin: str, routes: Sequence[Any]) -> list[str]:
    """Name the routes as ``GET /plugins/acme/price``; raise for what is none."""
    names: list[str] = []
    for route in routes:
        method, path = getattr(route, "method", None), getattr(route, "path", None)
        if not (isinstance(method, str) and isinstance(path, str) and hasattr(route, "handler")):
            what = f"{type(route).__name__}; a route is made as by aiohttp.web.get('/price', show)"
            raise BadHookResult(plugin, f"gave a list with {what}", hook=HOOK)
        if not path.startswith("/"):
            raise BadHookResult(plugin, f"the path {path!r} must begin with /", hook=HOOK)
        name = f"{method} /plugins/{plugin}{path}"
        if name in names:
            raise DuplicateName(plugin, f"gave two routes {name}", hook=HOOK)
        names.append(name)
    return names


__all__ = ["Routes", "collect_routes"]
