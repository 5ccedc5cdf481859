"""The reference pages name what there is, and nothing else."""

import json
import re
from pathlib import Path

import click
import pytest

from jobsched.cli.main import COMMANDS, cli
from jobsched.cli.request import PLAIN
from jobsched.schemas.config import NAMED, SECTIONS
from jobsched.schemas.job import JobRequest
from jobsched.web.app import ROUTES

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs"


def test_every_setting_is_in_the_reference() -> None:
    """Each key of each section of the core has a row in its section, and no other key has."""
    text = (DOCS / "reference" / "configuration.md").read_text()
    for section, schema in SECTIONS.items():
        part = text.split(f"## `[{section}]`\n")[1].split("\n## ")[0]
        keys = [one.data_key or name for name, one in schema().load_fields.items()]
        assert re.findall(r"^\| `(\w+)` \|", part, re.MULTILINE) == keys
    assert all(f"`[{name}" in text for name in NAMED)


def test_every_command_is_in_the_reference() -> None:
    """Each command has a row."""
    text = (DOCS / "reference" / "cli.md").read_text()
    assert [name for name in COMMANDS if not re.search(rf"`{name}\b", text)] == []


def test_every_option_in_the_reference_exists() -> None:
    """An option that the page of commands names is one of a command."""
    text = (DOCS / "reference" / "cli.md").read_text()
    options = {"--help"}
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        below = command.commands.values() if isinstance(command, click.Group) else ()
        for each in (command, *below):
            options |= {option for one in each.params for option in one.opts}
    assert set(re.findall(r"--[a-z][a-z0-9-]+", text)) - options == set()


def test_every_route_and_field_is_in_the_reference() -> None:
    """Each route, and each field of POST /schedule, has a row."""
    text = (DOCS / "reference" / "rest.md").read_text()
    routes = [f"{method} {re.sub(r'{id:.*}', '{id}', path)}" for method, path, _ in ROUTES]
    assert [route for route in routes if f"`{route}" not in text] == []
    assert [name for name in JobRequest().fields if f"`{name}`" not in text] == []


def test_the_command_line_sends_fields_that_there_are() -> None:
    """What `jobsched schedule` puts into the body by name is a field of the API."""
    assert set(PLAIN) <= set(JobRequest().fields)


@pytest.mark.parametrize(
    "path", sorted((ROOT / "examples" / "jobs").glob("*.json")), ids=lambda path: path.name
)
def test_examples_are_accepted(path: Path) -> None:
    """Each example is a body that the API takes, and its folder's page names it."""
    body = {**json.loads(path.read_text()), "schedule": "2026-11-23T12:00:00Z"}
    assert JobRequest().validate(body) == {}
    assert f"[{path.name}]({path.name})" in (path.parent / "README.md").read_text()
