"""Commands that plugins bring."""

from __future__ import annotations

import click

from jobsched import config, log
from jobsched.errors import ConfigError
from jobsched.hooks import load
from jobsched.hooks.call import call


def add(cli: click.Group) -> None:
    """Let the plugins that the configuration names add their commands.

    One that fails is logged, and the others' commands work. A configuration that cannot be read is
    as one that names no plugin: which command was wanted is then said by the caller.
    """
    log.configure()
    try:
        wanted = config.load_core()
        plugins = load.load(wanted.names, plugins_dir=wanted.plugins_dir)
    except ConfigError as error:
        log.get(__name__).warning("config.unreadable", why=error.message)
        return
    for implementation in plugins.manager.hook.jobsched_commands.get_hookimpls():
        try:
            call(implementation, cli=cli)
        except Exception:  # noqa: BLE001 (one plugin must not hide the others)
            log.get(__name__).exception("hook.failed", plugin=implementation.plugin_name)


__all__ = ["add"]
