"""As much of the configuration and of its plugins as can be had; what cannot is kept as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jobsched import identity
from jobsched.bootstrap.configured import services_of
from jobsched.bootstrap.plugins import DEFAULTS, load_named, with_defaults
from jobsched.builtin import Builtin
from jobsched.config import Config, load, load_core
from jobsched.contracts.provider import Provider
from jobsched.errors import ConfigError
from jobsched.hooks.checks import Brought, collect_checks
from jobsched.hooks.collect import collect
from jobsched.hooks.load import Plugins
from jobsched.hooks.report import LoadReport
from jobsched.hooks.routes import collect_routes
from jobsched.identity import Identity
from jobsched.services import RunningServices
from jobsched.store.logs import MemoryLogs


@dataclass(frozen=True, kw_only=True)
class Reading:
    """What was read."""

    #: None: it cannot be read whole
    config: Config | None = None
    #: what is wrong with the configuration; empty: nothing
    mistake: str = ""
    report: LoadReport = field(default_factory=LoadReport)
    #: what is chosen and not there; empty: nothing
    missing: str = ""
    #: the checks of plugins
    brought: Sequence[Brought] = ()
    services: RunningServices | None = None
    #: those that make a machine for a job, and bring no check of how it reaches us
    callers: frozenset[str] = frozenset()
    #: the providers that are loaded
    providers: Mapping[str, Provider] = field(default_factory=dict)
    #: kinds of access to the machines of the providers
    access: frozenset[str] = frozenset()


def read(flags: Mapping[str, Any] | None, environ: Mapping[str, str], file: Path | None) -> Reading:
    """Read the configuration, load the plugins, ask them for their checks. Raises nothing expected.

    Arguments as of :func:`jobsched.bootstrap.configure`.
    """
    plugins = None
    try:
        plugins = load_named(load_core(flags, environ, file), Builtin(MemoryLogs({})))
        config = load(flags, environ, file, plugins.schemas)
    except ConfigError as error:
        report = plugins.report if plugins is not None else LoadReport()
        return Reading(mistake=error.message, report=report)
    return _asked(config, plugins)


def identity_of(config: Config) -> Identity:
    """Give the deployment's id and secret; makes neither.

    Raises:
        ConfigError: one is missing.
    """
    return identity.identify(
        deployment=config.value("deployment"),
        secret=config.value("secret"),
        data_dir=config.value("data_dir"),
        make=False,
    )


def _asked(config: Config, plugins: Plugins) -> Reading:
    try:
        deployment = identity_of(config).deployment
    except ConfigError:
        deployment = ""
    services = services_of(config, deployment)
    missing, access, providers = "", frozenset[str](), dict[str, Provider]()
    try:
        registry, plugins = collect(
            plugins,
            config.sections,
            services,
            callbacks=config.section("callbacks"),
            defaults={key: config.value(key) for key in DEFAULTS},
        )
        providers = dict(registry.providers)
        access = access.union(*(one.access for one in registry.providers.values()))
        with_defaults(config, registry)
    except ConfigError as error:
        missing = error.message
    _, plugins = collect_routes(plugins, services)
    brought, plugins = collect_checks(plugins, services)
    return Reading(
        config=config,
        report=plugins.report,
        missing=missing,
        brought=brought,
        services=services,
        callers=_callers(plugins.report, providers, brought),
        providers=providers,
        access=access,
    )


def _callers(
    report: LoadReport, providers: Mapping[str, Provider], brought: Sequence[Brought]
) -> frozenset[str]:
    """Give the providers that make machines, but for those whose plugin looks at it itself."""
    looks = {one.plugin for one in brought if one.name.endswith(".callback")}
    loaded = [one for one in report.loaded if one.name in looks]
    theirs = {name for one in loaded for name in one.brings.get("providers", ())}
    return frozenset(
        name for name, one in providers.items() if one.destroys_machine and name not in theirs
    )


__all__ = ["Reading", "identity_of", "read"]
