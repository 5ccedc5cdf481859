"""The hooks of jobsched: what a plugin may bring, and what it may be told.

An implementation is a function of the same name, marked with ``jobsched.hookimpl``. It takes any
subset of the arguments, by name. The hooks that bring something are called once at start, for each
plugin alone, and must not block or wait: open connections in ``jobsched_startup`` or at first use.
What they raise stops the process with the plugin's name, the hook and the reason. ``config`` holds
only the sections whose schemas the plugin brought itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pluggy import HookspecMarker

from jobsched.contracts.callback import CallbackAction
from jobsched.contracts.change import Change
from jobsched.contracts.check import Check
from jobsched.contracts.log_store import LogStore
from jobsched.contracts.planner import Planner
from jobsched.contracts.provider import Provider
from jobsched.contracts.runner import Runner
from jobsched.contracts.services import Services

if TYPE_CHECKING:
    import click
    from marshmallow import Schema

hookspec = HookspecMarker("jobsched")

#: What a plugin sees of the configuration: section → key → value.
Sections = Mapping[str, Mapping[str, Any]]


@hookspec
def jobsched_config_schemas() -> Mapping[str, type[Schema]]:
    """Bring schemas for sections of the configuration.

    When: first of all, before any value is read; also by ``jobsched config``.

    Repeated: yes: the same answer each time.

    Returns:
        Section name → marshmallow schema. Every field needs a ``load_default`` or is required;
        ``metadata={"description": ..., "secret": True}`` feeds ``jobsched config example`` and
        masks a value. Unknown keys are refused whatever the schema says.

    Raises:
        DuplicateName: (by the core) another plugin brings a section of this name.

    Within: at once: it reads nothing and opens nothing.

    Example:
        >>> @hookimpl
        ... def jobsched_config_schemas():
        ...     return {"acme": AcmeSchema}
    """
    raise NotImplementedError


@hookspec
def jobsched_planners(config: Sections, services: Services) -> Sequence[Planner]:
    """Bring planners: when capacity is asked for and when the container starts.

    When: once at start, after the configuration is read.

    Repeated: once in each process, ``jobsched plugins`` among them: each has instances of its own.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Instances of :class:`jobsched.contracts.planner.Planner`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened in ``jobsched_startup`` or at first use.

    Example:
        >>> @hookimpl
        ... def jobsched_planners(services):
        ...     return [NightPlanner(services.clock)]
    """
    raise NotImplementedError


@hookspec
def jobsched_providers(config: Sections, services: Services) -> Sequence[Provider]:
    """Bring providers: where machines come from and how they are given back.

    When: once at start, after the configuration is read, in the API and in every worker.

    Repeated: once in each process, ``jobsched plugins`` among them: each has instances of its own.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Instances of :class:`jobsched.contracts.provider.Provider`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened in ``jobsched_startup`` or at first use.

    Example:
        >>> @hookimpl
        ... def jobsched_providers(config, services):
        ...     return [AcmeCloud(config["acme"]["region"], services)]
    """
    raise NotImplementedError


@hookspec
def jobsched_runners(config: Sections, services: Services) -> Sequence[Runner]:
    """Bring runners: how a container is run on a machine, and stopped.

    When: once at start, after the configuration is read, in the API and in every worker.

    Repeated: once in each process, ``jobsched plugins`` among them: each has instances of its own.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Instances of :class:`jobsched.contracts.runner.Runner`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened in ``jobsched_startup`` or at first use.

    Example:
        >>> @hookimpl
        ... def jobsched_runners(services):
        ...     return [PodmanRunner(services.spawn.pool("podman", 8))]
    """
    raise NotImplementedError


@hookspec
def jobsched_callback_actions(config: Sections, services: Services) -> Sequence[CallbackAction]:
    """Bring words that a machine may post to ``POST /callback`` as ``action``.

    When: once at start, after the configuration is read. ``update`` and ``terminate`` are the
    core's; ``[callbacks] update = "acme"`` takes the plugin ``acme``'s instead.

    Repeated: once in each process, ``jobsched plugins`` among them: each has instances of its own.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Instances of :class:`jobsched.contracts.callback.CallbackAction`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened in ``jobsched_startup`` or at first use.

    Example:
        >>> @hookimpl
        ... def jobsched_callback_actions():
        ...     return [Progress()]
    """
    raise NotImplementedError


@hookspec
def jobsched_log_stores(config: Sections, services: Services) -> Sequence[LogStore]:
    """Bring log stores: where the output of containers is kept.

    When: once at start, after the configuration is read. ``log_store`` of the configuration names
    the one that is used.

    Repeated: once in each process, ``jobsched plugins`` among them: each has instances of its own.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Instances of :class:`jobsched.contracts.log_store.LogStore`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened in ``jobsched_startup`` or at first use.

    Example:
        >>> @hookimpl
        ... def jobsched_log_stores(config, services):
        ...     return [BucketLogs(config["bucket_logs"]["bucket"])]
    """
    raise NotImplementedError


@hookspec
def jobsched_routes(config: Sections, services: Services) -> Sequence[Any]:
    """Bring routes of the web server, served under ``/plugins/<plugin>/`` behind its login.

    When: once, when the API starts; never in a worker.

    Repeated: no; but ``jobsched plugins`` asks too, and serves nothing.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Returns:
        Routes as ``aiohttp.web.get("/price", show_price)`` makes them; paths begin with ``/``.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once; each request has its own time.

    Example:
        >>> @hookimpl
        ... def jobsched_routes(services):
        ...     return [web.get("/price", show_price)]
    """
    raise NotImplementedError


@hookspec
def jobsched_commands(cli: click.Group) -> None:
    """Add commands to the command line.

    When: each time ``jobsched`` is run and no built-in command has the wanted name; be quick and
    import late.

    Repeated: at each run of the command line; ``jobsched plugins`` asks too, and runs nothing.

    Args:
        cli: the group ``jobsched``; a name that is taken is refused.

    Returns:
        None; anything else is refused.

    Raises:
        Anything: it is logged with the plugin's name, and the other commands work.

    Within: at once: somebody waits for ``--help``.

    Example:
        >>> @hookimpl
        ... def jobsched_commands(cli):
        ...     cli.add_command(prices)
    """
    raise NotImplementedError


@hookspec
def jobsched_checks(config: Sections, services: Services) -> Sequence[Check]:
    """Bring checks: what ``jobsched doctor`` looks at before the first job meets it.

    When: ``jobsched doctor`` is run; never in the API or a worker.

    Repeated: once in each run; ``jobsched plugins`` asks too, and looks at nothing.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine. ``services.deployment`` is empty
            where the deployment has no id yet.

    Returns:
        Instances of :class:`jobsched.contracts.check.Check`.

    Raises:
        ConfigError: what is configured cannot be used; its sentence is shown.

    Within: at once: connections are opened when a check looks.

    Example:
        >>> @hookimpl
        ... def jobsched_checks(config):
        ...     return [Quota(config["acme"]["region"])]
    """
    raise NotImplementedError


@hookspec
def jobsched_startup(config: Sections, services: Services) -> Awaitable[None] | None:
    """Begin: open connections, look whether what is configured is there. May be ``async``.

    When: once in each process, after everything was brought and before the first job is touched;
    within 30 seconds.

    Repeated: no: once in each process, so several times in a deployment.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Raises:
        Anything: the process stops with the plugin's name and the reason.

    Within: 30 seconds; what takes longer is spawned (``services.spawn.task``).

    Example:
        >>> @hookimpl
        ... async def jobsched_startup(services):
        ...     services.spawn.task(watch_prices(), name="acme.prices")
    """
    raise NotImplementedError


@hookspec
def jobsched_shutdown(config: Sections, services: Services) -> Awaitable[None] | None:
    """End: close what was opened. May be ``async``.

    When: once, when a process that has begun ends in order; within 5 seconds. Not after a crash.

    Repeated: no.

    Args:
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Raises:
        Anything: it is logged, and the others are told all the same.

    Within: 5 seconds; then the process ends without it.

    Example:
        >>> @hookimpl
        ... async def jobsched_shutdown():
        ...     await session.close()
    """
    raise NotImplementedError


@hookspec
def jobsched_job_changed(
    change: Change, config: Sections, services: Services
) -> Awaitable[None] | None:
    """Hear of a saved change of a job. May be ``async``; otherwise it runs in a thread.

    When: after each saved change, at least once (so maybe again after a crash), by one process of
    the deployment; for one job in the order of ``change.rev``; within 5 seconds.

    Repeated: yes: ``change.id`` tells what was told before.

    Args:
        change: what changed.
        config: the plugin's own sections.
        services: clock, ids, tasks, threads, log; not the engine.

    Raises:
        Anything: it is logged as ``hook.failed`` and hurts nobody; it is not told again.

    Within: 5 seconds, and 10 for all changes that are told together; then it is given up, and is
    not told the rest of them.

    Example:
        >>> @hookimpl
        ... def jobsched_job_changed(change, config):
        ...     if change.state == "failed":
        ...         page(config["pager"]["url"], change.job, change.reason)
    """
    raise NotImplementedError


__all__ = [
    "Sections",
    "jobsched_callback_actions",
    "jobsched_checks",
    "jobsched_commands",
    "jobsched_config_schemas",
    "jobsched_job_changed",
    "jobsched_log_stores",
    "jobsched_planners",
    "jobsched_providers",
    "jobsched_routes",
    "jobsched_runners",
    "jobsched_shutdown",
    "jobsched_startup",
]
