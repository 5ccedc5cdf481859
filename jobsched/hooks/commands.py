"""Asking plugins for commands of the command line."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jobsched.errors import BadHookResult, PluginError
from jobsched.hooks.call import ask
from jobsched.hooks.load import Plugins

if TYPE_CHECKING:
    import click

HOOK = "jobsched_commands"


def add_commands(plugins: Plugins, cli: click.Group) -> Plugins:
    """Let each plugin add its commands to a group.

    One that fails does not hide the others' commands: give the plugins with a report of what each
    brings and which are broken.
    """
    names: dict[str, list[str]] = {}
    broken: list[PluginError] = []
    implementations = plugins.manager.hook.jobsched_commands.get_hookimpls()
    # Sorted, so that of two that want one name the same one has it, however they were listed.
    for implementation in sorted(implementations, key=lambda one: one.plugin_name):
        plugin, before = implementation.plugin_name, set(cli.commands)
        try:
            given = ask(implementation, HOOK, cli=cli)
            if given is not None:
                message = f"gave {type(given).__name__}; it adds its commands to cli, gives nothing"
                raise BadHookResult(plugin, message, hook=HOOK)
        except PluginError as error:
            broken.append(error)
        else:
            names[plugin] = sorted(set(cli.commands) - before)
    report = plugins.report.bringing("commands", names).failing(broken)
    return replace(plugins, report=report)


__all__ = ["HOOK", "add_commands"]
