"""Commands that plugins bring."""

from __future__ import annotations

import click

from jobsched import config, log
from jobsched.errors import ConfigError
from jobsched.hooks import load
from jobsched.hooks.commands import HOOK, add_commands


def add(cli: click.Group) -> None:
    """Let the plugins that the configuration names add their commands.

    One that fails is logged, and the others' commands work. A configuration that cannot be read is
    as one that names no plugin: which command was wanted is then said by the caller.
    """
    log.configure()
    try:
        wanted = config.load_core()
        plugins = load.load(wanted.names, plugins_dir=wanted.plugins_dir, trace=wanted.trace)
    except ConfigError as error:
        log.get(__name__).warning("config.unreadable", why=error.message)
        return
    for one in add_commands(plugins, cli).report.broken:
        if one.hook == HOOK:
            log.get(__name__).warning("hook.failed", plugin=one.name, exc_info=one.error)


__all__ = ["add"]
