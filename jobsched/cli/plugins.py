"""``jobsched plugins``: what each plugin brings, and which are broken."""

from __future__ import annotations

from pathlib import Path

import click

from jobsched.cli import option, output, setting
from jobsched.cli.failure import USAGE

NOT_NAMED = (
    "a plugin that is not named is not loaded: JOBSCHED_PLUGINS, or plugins in jobsched.toml, "
    "names those that are"
)


@click.command(name="plugins")
@setting.file
@option.as_json
def command(*, file: Path | None, as_json: bool) -> None:
    """List the plugins of this machine's configuration; exit code 2 if one is broken.

    A plugin that is installed is not loaded before the configuration names it
    (JOBSCHED_PLUGINS, or plugins in jobsched.toml).
    """
    from jobsched import bootstrap, log  # noqa: PLC0415 (not for --help, nor what follows)
    from jobsched.cli import plugin_view, table  # noqa: PLC0415
    from jobsched.cli.main import Commands  # noqa: PLC0415 (it imports this)
    from jobsched.hooks.document import documents  # noqa: PLC0415

    log.configure()
    # commands are added to a group of their own: nothing runs them here
    report = bootstrap.inspect_plugins(file=file, cli=Commands())
    found = documents(report)
    if as_json:
        for one in found:
            output.document(one)
    else:
        table.blocks([plugin_view.block(one) for one in found])
        if report.unused:
            output.progress(NOT_NAMED)
    if report.broken:
        raise click.exceptions.Exit(USAGE)


__all__ = ["command"]
