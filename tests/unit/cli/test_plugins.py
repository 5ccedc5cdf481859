"""`jobsched plugins`: what is brought, and what a person reads of a plugin that is broken."""

from __future__ import annotations

import io
import json
import re
import textwrap
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from jobsched import JOBSCHED_API, __version__
from jobsched.cli import table
from jobsched.cli.main import cli
from jobsched.schemas.plugins import PluginDocument
from tests.distributions import Distributions

PLANNER = """
    from jobsched.contracts.planner import Planner

    JOBSCHED_API = 1

    class Late(Planner):
        name = "late"
        def plan(self, job, history, now): ...

    @hookimpl
    def jobsched_planners():
        return [Late()]
"""
WHOLE = """
    import click
    from aiohttp import web
    from marshmallow import Schema, fields
    from jobsched.builtin import Update

    JOBSCHED_API = 1

    class Settings(Schema):
        region = fields.String(load_default="eu")

    class Disk(Update):
        name = "disk_usage"

    async def show(request): ...

    @hookimpl
    def jobsched_config_schemas():
        return {"acme": Settings}

    @hookimpl
    def jobsched_callback_actions(config):
        return [Disk()]

    @hookimpl
    def jobsched_routes():
        return [web.get("/price", show)]

    @hookimpl
    def jobsched_commands(cli):
        cli.add_command(click.Command("prices"))
"""
UNREADABLE = "made_up_acme_N cannot be imported: "
#: What is wrong → the plugin, the hook, and the sentence that a person reads.
BROKEN = {
    "import error": (
        "import no_such_module_anywhere\n",
        None,
        f"{UNREADABLE}ModuleNotFoundError: No module named 'no_such_module_anywhere'",
    ),
    "syntax error": (
        "def broken(:\n",
        None,
        f"{UNREADABLE}SyntaxError: invalid syntax (made_up_acme_N.py, line 2)",
    ),
    "misspelt hook": (
        "@hookimpl\ndef jobsched_provider(config):\n    return []\n",
        "jobsched_provider",
        "there is no such hook; did you mean 'jobsched_providers'?",
    ),
    "wrong argument": (
        "@hookimpl\ndef jobsched_planners(confg):\n    return []\n",
        "jobsched_planners",
        "the hook has no argument 'confg'",
    ),
    "no hook": (
        "x = 1\n",
        None,
        "it has no hook: mark its functions with jobsched.hookimpl",
    ),
    "newer API": (
        PLANNER.replace("JOBSCHED_API = 1", f"JOBSCHED_API = {JOBSCHED_API + 1}"),
        None,
        (
            f"it needs plugin API {JOBSCHED_API + 1} and this jobsched has {JOBSCHED_API}: "
            "upgrade jobsched"
        ),
    ),
    "no API": (
        PLANNER.replace("JOBSCHED_API = 1", "JOBSCHED_API = 'one'"),
        None,
        "its JOBSCHED_API is 'one'; it must be a whole number",
    ),
    "bad result": (
        "@hookimpl\ndef jobsched_planners():\n    return None\n",
        "jobsched_planners",
        "gave NoneType; it must give a list of planners",
    ),
    "a class": (
        PLANNER.replace("Late()", "Late"),
        "jobsched_planners",
        "gave the class Late, which is no jobsched.contracts.planner.Planner",
    ),
    "a failure": (
        "@hookimpl\ndef jobsched_runners():\n    raise OSError('no route')\n",
        "jobsched_runners",
        "OSError: no route",
    ),
    "a section that is no schema": (
        "@hookimpl\ndef jobsched_config_schemas():\n    return {'acme': dict}\n",
        "jobsched_config_schemas",
        "[acme] is no marshmallow schema class",
    ),
    "the core's section": (
        (
            "from marshmallow import Schema\n"
            "@hookimpl\ndef jobsched_config_schemas():\n    return {'worker': Schema}\n"
        ),
        "jobsched_config_schemas",
        "the section [worker] is the core's",
    ),
    "bad routes": (
        "@hookimpl\ndef jobsched_routes():\n    return {}\n",
        "jobsched_routes",
        "gave dict; it must give a list of routes",
    ),
    "a command that is taken": (
        (
            "import click\n"
            "@hookimpl\ndef jobsched_commands(cli):\n    cli.add_command(click.Command('list'))\n"
        ),
        "jobsched_commands",
        "ValueError: there is a command 'list' already",
    ),
    "the core's name": (
        PLANNER.replace('"late"', '"on_time"'),
        "jobsched_planners",
        "both jobsched and acme bring the planner 'on_time': acme must give its own another name",
    ),
}


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Plugins of this test, in a folder without jobsched.toml."""
    monkeypatch.chdir(tmp_path)
    return Distributions(tmp_path, monkeypatch)


def listed(*words: str, **environ: str) -> Result:
    """Run the command."""
    found = CliRunner().invoke(
        cli, ["plugins", *words], env={"JOBSCHED_PLUGINS": "acme", **environ}
    )
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def of(found: Result) -> dict[str, dict[str, Any]]:
    """Read documents, by name; each as its schema says."""
    documents = [json.loads(line) for line in found.stdout.splitlines()]
    assert [PluginDocument().validate(one) for one in documents] == [{}] * len(documents)
    names = [one["name"] for one in documents]
    assert len(set(names)) == len(names)
    return dict(zip(names, documents, strict=True))


def test_a_plugin_is_told_whole(installed: Distributions, tmp_path: Path) -> None:
    """--json tells all that an operator may ask of one: whose it is, what it has and brings."""
    module = installed.install("acme", WHOLE, distribution="jobsched-acme", version="2.3")
    found = listed("--json")
    assert found.exit_code == 0
    assert of(found)["acme"] == {
        "name": "acme",
        "status": "loaded",
        "distribution": "jobsched-acme",
        "version": "2.3",
        "module": module,
        "file": str(tmp_path / f"{module}.py"),
        "api": 1,
        "api_here": JOBSCHED_API,
        "hooks": [
            "jobsched_callback_actions",
            "jobsched_commands",
            "jobsched_config_schemas",
            "jobsched_routes",
        ],
        "sections": ["acme"],
        "brings": {
            "actions": ["disk_usage"],
            "routes": ["GET /plugins/acme/price"],
            "commands": ["prices"],
        },
        "hook": None,
        "reason": None,
    }


def test_the_core_and_what_is_not_named_are_told_too(installed: Distributions) -> None:
    """The core is a plugin as any other; one that is only installed is not imported for it."""
    installed.install("acme", PLANNER)
    installed.install("bcme", "raise SystemExit('imported')\n", version="7")
    documents = of(listed("--json"))
    assert next(iter(documents)) == "jobsched"
    core, bcme = documents["jobsched"], documents["bcme"]
    assert (core["distribution"], core["version"]) == ("jobsched", __version__)
    assert core["brings"]["actions"] == ["terminate", "update"]
    told = [bcme[key] for key in ("status", "distribution", "version", "file", "hooks")]
    assert told == ["not named", "jobsched-bcme", "7", None, []]


def test_people_read_blocks(installed: Distributions, tmp_path: Path) -> None:
    """Without a terminal a plugin is some aligned lines, with its name in the first of them."""
    module = installed.install("acme", WHOLE)
    lines = listed().stdout.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("acme "))
    told = [re.sub(r"  +", " | ", line.rstrip()) for line in lines[begin : begin + 7]]
    assert told == [
        "acme | loaded | jobsched-acme 1.0, JOBSCHED_API 1",
        " | callback action | disk_usage",
        " | route | GET /plugins/acme/price",
        " | command | prices",
        (
            " | hooks | jobsched_callback_actions, jobsched_commands, jobsched_config_schemas, "
            "jobsched_routes"
        ),
        " | config | [acme]",
        f" | file | {tmp_path / module}.py",
    ]
    columns = {
        line.index(word) for line, word in zip(lines[begin:], ("jobsched-", "disk"), strict=False)
    }
    assert len(columns) == 1


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_plugin_is_told_with_its_reason(installed: Distributions, kind: str) -> None:
    """Its name, hook and reason stand there, in JSON and for people, and the exit code is 2."""
    code, hook, sentence = BROKEN[kind]
    module = installed.install("acme", code, version="2.3")
    installed.install("bcme", PLANNER.replace("late", "later"))
    found = listed("--json", JOBSCHED_PLUGINS="acme,bcme")
    documents = of(found)
    acme = documents["acme"]
    assert (found.exit_code, acme["status"], acme["hook"]) == (2, "broken", hook)
    assert acme["reason"].replace(module, "made_up_acme_N") == sentence
    assert (acme["distribution"], acme["version"]) == ("jobsched-acme", "2.3")
    assert documents["bcme"]["brings"] == {"planners": ["later"]}

    people = listed(JOBSCHED_PLUGINS="acme,bcme")
    said = f"{hook}: {sentence}" if hook else sentence
    assert people.exit_code == 2
    assert said in people.stdout.replace(module, "made_up_acme_N")


def test_a_newer_api_is_told_in_numbers(installed: Distributions) -> None:
    """A program need not read the sentence to see what a plugin was written for."""
    installed.install("acme", BROKEN["newer API"][0])
    acme = of(listed("--json"))["acme"]
    assert (acme["api"], acme["api_here"]) == (JOBSCHED_API + 1, JOBSCHED_API)


def test_a_plugin_that_is_not_installed_is_told_with_a_guess(installed: Distributions) -> None:
    """A misspelt name in the configuration is answered with the one that was probably meant."""
    installed.install("acme", PLANNER)
    found = listed("--json", JOBSCHED_PLUGINS="amce")
    amce = of(found)["amce"]
    told = [amce[key] for key in ("status", "distribution", "reason")]
    assert told == ["broken", None, "it is not installed; did you mean 'acme'?"]
    assert (found.exit_code, of(found)["acme"]["status"]) == (2, "not named")


def test_a_plugin_of_the_folder_is_told_with_its_file(
    installed: Distributions, tmp_path: Path
) -> None:
    """Where there is no distribution the file tells whose it is, named or not."""
    folder = tmp_path / "folder"
    folder.mkdir(mode=0o700)
    for name in ("acme", "bcme"):
        text = "from jobsched import hookimpl\n" + textwrap.dedent(PLANNER)
        (folder / f"{name}.py").write_text(text)
    environ = {"JOBSCHED_PLUGINS_DIR": str(folder)}
    documents = of(listed("--json", **environ))
    for name, status in (("acme", "loaded"), ("bcme", "not named")):
        told = [documents[name][key] for key in ("status", "distribution", "module", "file")]
        assert told == [status, None, None, str(folder / f"{name}.py")]
    lines = listed(**environ).stdout.splitlines()
    assert any(re.fullmatch(rf"bcme +not named +{folder}/bcme\.py", line) for line in lines)


def test_two_distributions_of_one_name_are_told(installed: Distributions) -> None:
    """Both are named, so that one can be uninstalled."""
    installed.install("acme", PLANNER, distribution="acme-one")
    installed.install("acme", PLANNER, distribution="acme-two")
    found = listed("--json")
    acme = of(found)["acme"]
    assert (found.exit_code, acme["distribution"]) == (2, "acme-one, acme-two")
    assert acme["reason"] == (
        "acme-one, acme-two bring a plugin of this name: uninstall all but one"
    )


def test_two_plugins_with_one_part_are_told(installed: Distributions) -> None:
    """Both are named, and what to do about it."""
    installed.install("acme", PLANNER)
    installed.install("bcme", PLANNER)
    documents = of(listed("--json", JOBSCHED_PLUGINS="acme,bcme"))
    assert documents["acme"]["status"] == "loaded"
    assert documents["bcme"]["reason"] == (
        "both acme and bcme bring the planner 'late': name only one of the two in plugins"
    )


def test_a_replaced_action_is_no_duplicate(installed: Distributions, tmp_path: Path) -> None:
    """Where the configuration chooses whose `update` counts, nobody is broken."""
    installed.install("acme", WHOLE.replace('"disk_usage"', '"update"'))
    (tmp_path / "jobsched.toml").write_text('[callbacks]\nupdate = "acme"\n')
    found = listed("--json")
    assert found.exit_code == 0
    assert of(found)["acme"]["brings"]["actions"] == ["update"]


def test_a_plugin_that_fails_twice_is_told_once(installed: Distributions) -> None:
    """Both of its hooks are told in one document."""
    code = (
        "@hookimpl\ndef jobsched_planners():\n    return 1\n"
        "@hookimpl\ndef jobsched_runners():\n    return 2\n"
    )
    installed.install("acme", code)
    reason = of(listed("--json"))["acme"]["reason"]
    assert reason == (
        "gave int; it must give a list of runners; "
        "jobsched_planners: gave int; it must give a list of planners"
    )


def test_the_section_of_a_broken_plugin_does_not_hide_its_reason(
    installed: Distributions, tmp_path: Path
) -> None:
    """Nobody brings its section, and what it said of itself matters more; no sentence of that."""
    installed.install("acme", "import no_such_module_anywhere\n")
    (tmp_path / "jobsched.toml").write_text('[acme]\nregion = "eu"\n')
    found = listed("--json")
    assert found.exit_code == 2
    assert "no_such_module_anywhere" in of(found)["acme"]["reason"]


def test_a_long_reason_is_wrapped_under_itself_on_a_terminal() -> None:
    """It stays in its column, whole words on each line, and the name stays whole."""
    reason = "a reason that is far too long for one line of a narrow terminal, and says what to do"
    block = table.Block(name="acme", status="broken", head="acme 1", lines=(("why", reason),))
    said = io.StringIO()
    Console(file=said, width=50).print(table.drawn_blocks([block]))
    assert [line.rstrip() for line in said.getvalue().splitlines()] == [
        "acme  broken  acme 1",
        "      why     a reason that is far too long for",
        "              one line of a narrow terminal, and",
        "              says what to do",
    ]
