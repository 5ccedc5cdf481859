"""The command `jobsched` itself: what it lists, and what it imports for that."""

import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from jobsched import __version__
from jobsched.cli.main import COMMANDS, cli

HEAVY = {"aiohttp", "arq", "boto3", "docker", "redis", "structlog", "marshmallow", "rich"}


@pytest.mark.parametrize(
    "words",
    [["--help"], ["--version"], ["schedule", "--help"], ["up", "-h"], ["plugin", "new", "-h"]],
)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    """`jobsched --help` and `--version` answer at once: none of the large packages is imported."""
    script = (
        "import json, sys\n"
        "from jobsched.cli.main import cli\n"
        f"cli({words!r}, prog_name='jobsched', standalone_mode=False)\n"
        "print('\\n' + json.dumps(sorted(sys.modules)))\n"
    )
    command = [sys.executable, "-c", script]
    found = subprocess.run(command, check=False, capture_output=True, text=True)
    assert found.returncode == 0, found.stderr
    assert HEAVY & set(json.loads(found.stdout.splitlines()[-1])) == set()


def test_every_command_is_listed_with_a_sentence() -> None:
    """`jobsched --help` names every command, each with what it does."""
    found = CliRunner().invoke(cli, ["--help"])
    assert found.exit_code == 0
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        assert command.name == name
        assert command.help
        assert f"\n  {name} " in found.output


def test_version_is_told() -> None:
    """`jobsched --version` says which one this is."""
    assert (
        CliRunner().invoke(cli, ["-V"], prog_name="jobsched").output == f"jobsched {__version__}\n"
    )


def test_unknown_command_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that nobody brings ends with 2 and its name."""
    found = CliRunner().invoke(cli, ["brew"])
    assert found.exit_code == 2
    assert "brew" in found.stderr


def test_a_plugin_cannot_replace_a_command() -> None:
    """A plugin's command with the name of a built-in one is refused."""
    with pytest.raises(ValueError, match="schedule"):
        cli.add_command(click.Command("schedule"))
