"""Options that set what the configuration sets too, and reading it with them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from jobsched.config import Config

R = TypeVar("R")


def file(function: Callable[..., R]) -> Callable[..., R]:
    """Add `--config`; the command gets `file`."""
    return click.option(
        "--config",
        "file",
        envvar="JOBSCHED_CONFIG",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The configuration; else ./jobsched.toml, if it is there.",
    )(function)


def flag(name: str, key: str, description: str) -> Callable[[Callable[..., R]], Callable[..., R]]:
    """Add an option for a key of the configuration; the command gets it under the key's name."""
    # The key has an environment variable of its own, which the configuration reads.
    return click.option(name, key, help=description, allow_from_autoenv=False)


def read(file: Path | None, **flags: Any) -> Config:
    """Read the whole configuration with the flags that were given; the log goes to stderr."""
    from jobsched import bootstrap, log  # noqa: PLC0415 (everything of the server: not for --help)

    log.configure()
    return bootstrap.configure(flags, file=file)


__all__ = ["file", "flag", "read"]
