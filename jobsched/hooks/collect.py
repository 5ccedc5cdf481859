"""Asking every plugin once what it brings, and checking what it gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from marshmallow import Schema
from pluggy import HookImpl

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Caps, Provider
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services
from jobsched.errors import (
    BadHookResult,
    ConfigError,
    DuplicateName,
    PluginError,
)
from jobsched.hooks.call import ask
from jobsched.hooks.load import CORE, Plugins
from jobsched.hooks.registry import Registry
from jobsched.hooks.sections import NAME
from jobsched.hooks.specs import Sections
from jobsched.hooks.trace import trace_part


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    #: field of the registry
    key: str
    #: for people
    word: str
    hook: str
    contract: type
    #: class attributes that the core reads, and what each must be
    attributes: Mapping[str, type] = field(default_factory=dict)


_KINDS = (
    _Kind(
        key="providers",
        word="provider",
        hook="jobsched_providers",
        contract=Provider,
        attributes={
            "status_section": str,
            "access": frozenset,
            "destroys_machine": bool,
            "lead": timedelta,
            "settles_within": timedelta,
            "caps": Caps,
        },
    ),
    _Kind(
        key="runners",
        word="runner",
        hook="jobsched_runners",
        contract=Runner,
        attributes={"status_section": str, "access": frozenset},
    ),
    _Kind(key="planners", word="planner", hook="jobsched_planners", contract=Planner),
    _Kind(key="log_stores", word="log store", hook="jobsched_log_stores", contract=LogStore),
    _Kind(
        key="actions",
        word="callback action",
        hook="jobsched_callback_actions",
        contract=CallbackAction,
        attributes={"payload_schema": type(Schema)},
    ),
)
#: kind → name → plugin → part
_Brought = dict[str, dict[str, dict[str, Any]]]


def collect(
    plugins: Plugins,
    config: Sections,
    services: Services,
    *,
    callbacks: Mapping[str, str] | None = None,
    defaults: Mapping[str, str] | None = None,
) -> tuple[Registry, Plugins]:
    """Ask each plugin for its parts.

    Args:
        plugins: the loaded plugins.
        config: every section; a plugin sees only those that it brought the schemas of.
        services: what the plugins get.
        callbacks: action → the plugin whose implementation is taken (``[callbacks]``).
        defaults: for the registry.

    Returns:
        What works, by name, and the plugins with their configuration and a report of what each
        brings and which are broken.

    Raises:
        ConfigError: ``[callbacks]`` names a plugin that does not bring the action.
    """
    plugins = replace(plugins, config=config)
    broken: list[PluginError] = []
    brought: _Brought = {}
    for kind in _KINDS:
        brought[kind.key] = {}
        hook = getattr(plugins.manager.hook, kind.hook)
        # Sorted, so that nothing depends on the order of the configuration.
        for implementation in sorted(hook.get_hookimpls(), key=lambda one: one.plugin_name):
            plugin = implementation.plugin_name
            try:
                parts = _ask(implementation, kind, plugins.config_of(plugin), services)
            except PluginError as error:
                broken.append(error)
                continue
            for name, found in parts.items():
                part = found
                if plugins.is_traced:
                    part = trace_part(found, kind.contract, plugin=plugin, kind=kind.word)
                brought[kind.key].setdefault(name, {})[plugin] = part
    registry = Registry(
        defaults=dict(defaults or {}),
        **{kind.key: _choose(kind, brought, callbacks or {}, broken) for kind in _KINDS},
    )
    return registry, _with_report(plugins, brought, broken)


def _ask(
    implementation: HookImpl, kind: _Kind, config: Sections, services: Services
) -> dict[str, Any]:
    plugin = implementation.plugin_name
    result = ask(implementation, kind.hook, config=config, services=services)
    if not isinstance(result, list | tuple):
        message = f"gave {type(result).__name__}; it must give a list of {kind.word}s"
        raise BadHookResult(plugin, message, hook=kind.hook)
    parts: dict[str, Any] = {}
    for part in result:
        name = _check(plugin, kind, part)
        if name in parts:
            raise DuplicateName(plugin, f"gave two {kind.word}s named {name!r}", hook=kind.hook)
        parts[name] = part
    return parts


def _check(plugin: str, kind: _Kind, part: object) -> str:
    """Give the part's name, or raise for a part that is not what the contract says."""
    what = f"the class {part.__name__}" if isinstance(part, type) else type(part).__name__
    if not isinstance(part, kind.contract):
        message = f"gave {what}, which is no {kind.contract.__module__}.{kind.contract.__name__}"
        raise BadHookResult(plugin, message, hook=kind.hook)
    name = getattr(part, "name", None)
    if not (isinstance(name, str) and NAME.match(name)):
        message = f"{what}.name is {name!r}; it must be a word of small letters, digits and _"
        raise BadHookResult(plugin, message, hook=kind.hook)
    for attribute, kind_of in kind.attributes.items():
        if not isinstance(getattr(part, attribute, None), kind_of):
            message = f"{what}.{attribute} is missing or no {kind_of.__name__}"
            raise BadHookResult(plugin, message, hook=kind.hook)
    return name


def _choose(
    kind: _Kind, brought: _Brought, callbacks: Mapping[str, str], broken: list[PluginError]
) -> dict[str, Any]:
    """Give one part for each name; two of one are refused, unless the configuration chooses."""
    chosen: dict[str, Any] = {}
    wanted = callbacks if kind.key == "actions" else {}
    bad = {error.plugin for error in broken}
    for name, plugin in wanted.items():
        if plugin in bad:
            # its own failure says more than that it brings nothing
            continue
        if plugin not in brought[kind.key].get(name, {}):
            raise ConfigError(f"[callbacks] {name}: no loaded plugin {plugin!r} brings this action")
        chosen[name] = brought[kind.key][name][plugin]
    for name, makers in brought[kind.key].items():
        if name in chosen:
            continue
        # the core is never the one to blame
        first, *others = sorted(makers, key=lambda plugin: plugin != CORE)
        if others:
            broken.append(_duplicate(kind, name, first, others[0]))
        chosen[name] = makers[first]
    return chosen


def _duplicate(kind: _Kind, name: str, first: str, second: str) -> DuplicateName:
    way_out = "name only one of the two in plugins"
    if first == CORE:
        way_out = f"{second} must give its own another name"
    if kind.key == "actions":
        way_out = f'choose one: [callbacks] {name} = "{second}"'
    message = f"both {first} and {second} bring the {kind.word} {name!r}: {way_out}"
    return DuplicateName(second, message, hook=kind.hook)


def _with_report(plugins: Plugins, brought: _Brought, broken: list[PluginError]) -> Plugins:
    report = plugins.report
    for kind, parts in brought.items():
        names: dict[str, list[str]] = {}
        for name in sorted(parts):
            for plugin in parts[name]:
                names.setdefault(plugin, []).append(name)
        report = report.bringing(kind, names)
    return replace(plugins, report=report.failing(broken))


__all__ = ["collect"]
