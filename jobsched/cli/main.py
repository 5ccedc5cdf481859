"""The command ``jobsched``: finds its commands, and turns what went wrong into an exit code."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager

import click

from jobsched import __version__
from jobsched.cli.failure import INTERRUPTED, Failure
from jobsched.errors import JobschedError

#: In the order of `jobsched --help`; each is `command` in the module of its name.
COMMANDS = (
    "up",
    "demo",
    "schedule",
    "list",
    "status",
    "logs",
    "cancel",
    "abandon",
    "api",
    "worker",
    "providers",
    "resume",
    "reap",
    "plugins",
    "plugin",
    "config",
    "init",
    "restore",
    "doctor",
    "cloud",
    "simulate",
)


class Commands(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Give the names of the built-in commands, and of those that were added."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Give a built-in command, else one that a plugin brings."""
        if cmd_name in COMMANDS:
            command: click.Command = importlib.import_module(f"jobsched.cli.{cmd_name}").command
            return command
        if cmd_name not in self.commands:
            _ask_plugins(self)
        return super().get_command(ctx, cmd_name)

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a plugin's command; refuse a name that is taken."""
        name = name or cmd.name
        if name in COMMANDS or name in self.commands:
            raise ValueError(f"there is a command {name!r} already")
        super().add_command(cmd, name)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; end with one sentence where something expected goes wrong."""
        with _expected():
            return super().invoke(ctx)


@contextmanager
def _expected() -> Iterator[None]:
    try:
        yield
    except JobschedError as error:
        raise Failure.of(error) from error
    except KeyboardInterrupt:
        raise click.exceptions.Exit(INTERRUPTED) from None


def _ask_plugins(group: click.Group) -> None:
    # Plugins take their time to import: only a name that is not built in is worth it.
    from jobsched.cli import plugin_commands  # noqa: PLC0415 (see above)

    plugin_commands.add(group)


@click.group(
    cls=Commands,
    context_settings={
        "auto_envvar_prefix": "JOBSCHED",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
)
@click.version_option(__version__, "-V", "--version", message="%(prog)s %(version)s")
def cli() -> None:
    """Run this container, at this time, once, on a fresh machine, and leave nothing behind.

    Try it: `jobsched demo`. Use it: `jobsched up`, and in a second terminal
    `jobsched schedule --wait busybox:latest -- echo hello`.

    Exit codes: 0 ok, 1 the job failed, 2 usage, 3 cancelled, 4 timed out, 5 no server.
    """


def main() -> None:
    """Run the command line."""
    cli(prog_name="jobsched")


__all__ = ["COMMANDS", "Commands", "cli", "main"]
