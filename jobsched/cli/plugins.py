"""``jobsched plugins``: what each plugin brings, and which are broken."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from jobsched.cli import option, output, setting
from jobsched.cli.failure import USAGE


@click.command(name="plugins")
@setting.file
@option.as_json
def command(*, file: Path | None, as_json: bool) -> None:
    """List the plugins of this machine's configuration; exit code 2 if one is broken.

    A plugin that is installed is not loaded before the configuration names it
    (JOBSCHED_PLUGINS, or plugins in jobsched.toml).
    """
    from jobsched import bootstrap, log  # noqa: PLC0415 (not for --help, nor what follows)
    from jobsched.cli import table  # noqa: PLC0415

    log.configure()
    report = bootstrap.inspect_plugins(file=file)
    found: list[dict[str, Any]] = [
        *(
            {
                "name": one.name,
                "status": "loaded",
                "distribution": one.distribution,
                "version": one.version,
                "file": one.file,
                "hooks": list(one.hooks),
                "sections": list(one.sections),
                "brings": {kind: list(names) for kind, names in one.brings.items()},
            }
            for one in report.loaded
        ),
        *(
            {"name": one.name, "status": "broken", "hook": one.hook, "reason": one.reason}
            for one in report.broken
        ),
        *({"name": name, "status": "not named"} for name in report.unused),
    ]
    if as_json:
        for one in found:
            output.document(one)
    else:
        table.show(("name", "status", "from", "brings"), [_row(one) for one in found])
    if report.broken:
        raise click.exceptions.Exit(USAGE)


def _row(one: Mapping[str, object]) -> tuple[str, ...]:
    installed = f"{one.get('distribution', '')} {one.get('version', '')}".strip()
    origin = installed or str(one.get("file", ""))
    return str(one["name"]), str(one["status"]), origin, _brings(one)


def _brings(one: Mapping[str, object]) -> str:
    if "reason" in one:
        return f"{one['hook']}: {one['reason']}" if one["hook"] else str(one["reason"])
    brings = one.get("brings")
    if not isinstance(brings, Mapping):
        return ""
    return ", ".join(f"{kind} {' '.join(names)}" for kind, names in brings.items() if names)


__all__ = ["command"]
