"""``jobsched config``: what counts, where it comes from, and what could be set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jobsched.cli import option, output, setting

if TYPE_CHECKING:
    from jobsched.config import Config


@click.group(name="config")
def command() -> None:
    """Show, check or begin a configuration.

    A flag counts more than an environment variable, and that more than jobsched.toml.
    """


@command.command()
@setting.file
@option.as_json
def show(*, file: Path | None, as_json: bool) -> None:
    """Show each value and where it comes from; secrets are masked."""
    for path, value, origin in _values(setting.read(file)):
        if as_json:
            output.document({"key": path, "value": value, "origin": origin})
        else:
            output.data(f"{path} = {_said(value)}  ({origin})")


@command.command()
@setting.file
@option.as_json
def check(*, file: Path | None, as_json: bool) -> None:
    """Check it; exit code 2 with every mistake at once."""
    from jobsched.bootstrap import failpoint  # noqa: PLC0415 (everything of the server)

    config = setting.read(file)
    failpoint.read()  # no key of the configuration, and a process with a wrong one does not start
    for warning in config.warnings:
        output.progress(f"warning: {warning}")
    if as_json:
        output.document({"ok": True, "warnings": list(config.warnings)})
    else:
        output.progress("the configuration has no mistakes")


@command.command()
@setting.file
@option.as_json
def example(*, file: Path | None, as_json: bool) -> None:
    """Print a jobsched.toml with every key, its default and a line of help."""
    from jobsched import config  # noqa: PLC0415 (not for --help, nor what follows)
    from jobsched.hooks import load  # noqa: PLC0415

    wanted = config.load_core(file=file)
    plugins = load.load(wanted.names, plugins_dir=wanted.plugins_dir)
    text = config.example(plugins.schemas)
    if as_json:
        output.document({"text": text})
    else:
        output.data(text.rstrip("\n"))


def _values(config: Config) -> Iterator[tuple[str, Any, str]]:
    for section, values in config.masked().items():
        for key, value in values.items():
            path = f"{section}.{key}"
            yield path, _plain(value), config.origin(path)


def _plain(value: Any) -> Any:
    """Give what JSON can hold."""
    match value:
        case Mapping():
            return {key: _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(inner) for inner in value]
        case timedelta():
            from jobsched.schemas.duration import written  # noqa: PLC0415 (not for --help)

            return written(value)
        case None | bool() | int() | float():
            return value
        case _:
            return str(value)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "(none)"
    return "(none)" if value in (None, "") else str(value)


__all__ = ["command"]
