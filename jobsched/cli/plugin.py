"""``jobsched plugin``: making a plugin of one's own."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from jobsched.cli import option, output
from jobsched.scaffold.kind import KINDS


@click.group(name="plugin")
def command() -> None:
    """Begin a plugin of your own.

    `jobsched plugins` lists those that there are.
    """


@command.command()
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(KINDS),
    default="provider",
    show_default=True,
    help="Where machines come from, how containers are run, or who is told of changes.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    default=Path(),
    help="Where its folder is made; else the current one.",
)
@option.as_json
def new(*, name: str, kind: str, folder: Path, as_json: bool) -> None:
    """Make the folder jobsched-NAME: a package that installs and passes its own tests.

    It holds the entry point, the schema of its section of the configuration, the plugin with its
    types, tests that hold it to the contract, and a README. Nothing is overwritten.
    """
    from jobsched.scaffold.name import named  # noqa: PLC0415 (not for --help, nor what follows)
    from jobsched.scaffold.package import make  # noqa: PLC0415

    made = make(named(name), kind, folder)
    if as_json:
        output.document(
            {
                "name": made.name.plugin,
                "kind": made.kind,
                "distribution": made.name.distribution,
                "folder": str(made.folder.absolute()),
                "files": list(made.files),
            }
        )
        return
    output.data(str(made.folder))
    for line in _hints(made.name.plugin, made.folder, len(made.files)):
        output.progress(line)


def _hints(plugin: str, folder: Path, number: int) -> list[str]:
    return [
        f"made {number} files; next, in an environment of its own:",
        f"  cd {shlex.quote(str(folder))}",
        "  pip install -e '.[test]'",
        "  pytest && mypy --strict src",
        f"  JOBSCHED_PLUGINS=local,docker_runner,{plugin} jobsched plugins",
        "README.md says where your own code goes.",
    ]


__all__ = ["command"]
