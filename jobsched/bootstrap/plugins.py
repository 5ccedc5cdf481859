"""The configuration and its plugins: each needs the other to be complete."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobsched import log
from jobsched.bootstrap.configured import services_of
from jobsched.builtin import Builtin, LogStorage
from jobsched.config import Config, Wanted, load, load_core
from jobsched.config.value import DEFAULT
from jobsched.errors import ConfigError
from jobsched.hooks.checks import collect_checks
from jobsched.hooks.collect import collect
from jobsched.hooks.commands import add_commands
from jobsched.hooks.load import Plugins
from jobsched.hooks.load import load as load_plugins
from jobsched.hooks.registry import Registry
from jobsched.hooks.report import LoadReport
from jobsched.hooks.routes import collect_routes
from jobsched.schemas.config import NAMED, SECTIONS
from jobsched.services import RunningServices
from jobsched.store.logs import MemoryLogs

if TYPE_CHECKING:
    import click

_TAKEN = (*SECTIONS, *NAMED)
#: key of the configuration → field of the registry
DEFAULTS = {
    "provider": "providers",
    "runner": "runners",
    "planner": "planners",
    "log_store": "log_stores",
}

_log = log.get(__name__)


def configure(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
) -> Config:
    """Read the whole configuration; the plugins that it names bring the schemas of their sections.

    Raises:
        ConfigError: with one sentence for each mistake.
        PluginError: a plugin is broken.
    """
    plugins = load_named(load_core(flags, environ, file))
    plugins.report.check()
    config = load(flags, environ, file, plugins.schemas)
    for warning in config.warnings:
        _log.warning("config.not_understood", why=warning)
    return config


def inspect_plugins(
    flags: Mapping[str, Any] | None = None,
    environ: Mapping[str, str] = os.environ,
    file: Path | None = None,
    *,
    cli: click.Group | None = None,
) -> LoadReport:
    """Tell of every plugin that is named, broken ones too, and what each brings; opens no store.

    Args:
        flags: as of :func:`configure`, as are ``environ`` and ``file``.
        environ: the environment.
        file: the TOML file, if it was named.
        cli: the group that plugins add their commands to; None: they are not asked for any.

    Raises:
        ConfigError: the configuration has a mistake that is no broken plugin's.
    """
    plugins = load_named(load_core(flags, environ, file), Builtin(MemoryLogs({})))
    try:
        config = load(flags, environ, file, plugins.schemas)
        services = services_of(config, deployment="")
        chosen = config.section("callbacks")
        _, plugins = collect(plugins, config.sections, services, callbacks=chosen)
    except ConfigError:
        if plugins.report.broken:
            # The section of a broken plugin is nobody's: what it said of itself matters more.
            return plugins.report
        raise
    _, plugins = collect_routes(plugins, services)
    _, plugins = collect_checks(plugins, services)
    if cli is not None:
        plugins = add_commands(plugins, cli)
    return plugins.report


def gather(config: Config, services: RunningServices, logs: LogStorage) -> tuple[Registry, Plugins]:
    """Load what the configuration names, and ask it what it brings.

    Raises:
        PluginError: a plugin is broken.
        ConfigError: a default is not brought by any.
    """
    wanted = Wanted(
        names=config.value("plugins"),
        plugins_dir=config.value("plugins_dir"),
        trace=config.value("trace_plugins"),
    )
    plugins = load_named(wanted, Builtin(logs))
    plugins.report.check()
    registry, plugins = collect(
        plugins,
        config.sections,
        services,
        callbacks=config.section("callbacks"),
        defaults={key: config.value(key) for key in DEFAULTS},
    )
    plugins.report.check()
    services.history.know(registry.providers.values())
    return with_defaults(config, registry), plugins


def load_named(wanted: Wanted, builtin: Builtin | None = None) -> Plugins:
    """Load the plugins that the configuration names; broken ones are in the report."""
    return load_plugins(
        wanted.names,
        builtin=builtin,
        taken=_TAKEN,
        plugins_dir=wanted.plugins_dir,
        trace=wanted.trace,
    )


def with_defaults(config: Config, registry: Registry) -> Registry:
    """See that each default is loaded; where nothing was chosen, the only one there is will do.

    Raises:
        ConfigError: one is not.
    """
    defaults = dict(registry.defaults)
    for key, kind in DEFAULTS.items():
        loaded: Mapping[str, object] = getattr(registry, kind)
        if defaults[key] in loaded:
            continue
        if config.origin(key) == DEFAULT and len(loaded) == 1:
            defaults[key] = next(iter(loaded))
            continue
        names = ", ".join(sorted(loaded)) or "none"
        raise ConfigError(
            f"{key} is {defaults[key]!r} ({config.origin(key)}), and no loaded plugin brings it; "
            f"loaded: {names}; is its plugin named in plugins?"
        )
    return replace(registry, defaults=defaults)


__all__ = ["DEFAULTS", "configure", "gather", "inspect_plugins", "load_named", "with_defaults"]
