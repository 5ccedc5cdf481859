"""Options that several commands share."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from jobsched.client import DEFAULT_URL, Client, read_token

R = TypeVar("R")


def server(function: Callable[..., R]) -> Callable[..., R]:
    """Add `--url` and `--token-file`; the command gets a `client`.

    A token itself is no option: other users of the machine see the words of a command.
    """

    @click.option(
        "--url",
        envvar="JOBSCHED_URL",
        default=DEFAULT_URL,
        show_default=True,
        show_envvar=True,
        help="Where the API answers.",
    )
    @click.option(
        "--token-file",
        envvar="JOBSCHED_TOKEN_FILE",
        type=click.Path(path_type=Path, dir_okay=False),
        help="File with the API's token; else JOBSCHED_TOKEN holds it.",
    )
    @functools.wraps(function)
    def with_client(*args: Any, url: str, token_file: Path | None, **options: Any) -> R:
        held = os.environ.get("JOBSCHED_TOKEN", "").strip()
        client = Client(url=url, token=read_token(token_file) if token_file else held)
        return function(*args, client=client, **options)

    return with_client


def as_json(function: Callable[..., R]) -> Callable[..., R]:
    """Add `--json`; the command gets `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")(function)


def job_id(function: Callable[..., R]) -> Callable[..., R]:
    """Add the argument ID; the command gets `job`."""
    return click.argument("job", metavar="ID")(function)


class Duration(click.ParamType[timedelta]):
    """A duration as people write it: `90`, `15m`, `2h30m`."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> timedelta:
        """Read it."""
        from jobsched.schemas import duration  # noqa: PLC0415 (marshmallow: not for --help)

        try:
            return duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


__all__ = ["Duration", "as_json", "job_id", "server"]
