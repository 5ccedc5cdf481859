"""The page on scenarios shows the example as it is, and what the command says of it."""

import re
import tomllib

from click.testing import CliRunner

from jobsched.cli.main import cli
from jobsched.testing.simulator.scenario.read import loaded
from jobsched.testing.simulator.scenario.schema import GroupTable, MachinesTable
from tests.unit.docs.markdown import ROOT, blocks

PAGE = ROOT / "docs" / "how-to" / "simulate-a-scenario.md"
EXAMPLE = ROOT / "examples" / "scenarios" / "night.toml"


def test_the_example_is_shown_as_it_is() -> None:
    """Whoever types it off has the file."""
    shown = [block.text for block in blocks(PAGE) if block.language == "toml"]
    assert EXAMPLE.read_text(encoding="utf-8") in shown


def _shape(answer: str) -> str:
    """Leave out numbers: a change of the engine may move a job by a second."""
    times = re.sub(r"\d+ (d|h|min|s|ms)( \d+ (h|min|s|ms))?\b", "TIME", answer)
    return re.sub(r"\d[\d.,]*", "NUMBER", times)


def test_the_answer_is_what_the_command_says() -> None:
    """The rows and the sentences of the page are those of this version, but for their numbers."""
    (shown,) = [block.text for block in blocks(PAGE) if block.language == "console"]
    found = CliRunner().invoke(cli, ["simulate", "--scenario", str(EXAMPLE)])
    command, _, answer = shown.partition("\n")
    assert command.startswith("$ jobsched simulate --scenario examples/scenarios/night.toml")
    assert _shape(found.stdout) == _shape(answer)


def test_every_key_is_told_with_its_default() -> None:
    """Each key of a file has its row in a table, and no row tells of another."""
    page = PAGE.read_text(encoding="utf-8")
    told = page[page.index("## What a file may say") : page.index("## What it does not say")]
    named = {
        key
        for row in re.findall(r"^\| (`[^|]*`) \|", told, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", row)
    }
    assert named == {*GroupTable().fields, *MachinesTable().fields}


def test_three_lines_are_enough() -> None:
    """The first block of the page is a scenario."""
    shown = [block.text for block in blocks(PAGE) if block.language == "toml"]
    assert loaded(tomllib.loads(shown[0])).jobs == 300
