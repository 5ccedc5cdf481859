"""`jobsched doctor`: what a person and a program read, and its exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from jobsched import identity
from jobsched.cli.main import cli
from tests.distributions import Distributions

ACME = """
    from jobsched.contracts.check import Check, Finding

    class Quota(Check):
        name = "acme.quota"
        async def look(self):
            return Finding("VERDICT", "3 of 4 machines are used")

    class Other(Check):
        name = "acme.other"
        async def look(self):
            return Finding("pass", "well")

    @hookimpl
    def jobsched_checks():
        return [Quota(), Other()]
"""
CORE = [
    "configuration",
    "plugins",
    "secret",
    "certificates",
    "callback",
    "redis",
    "redis.deployment",
    "redis.version",
    "redis.durability",
    "redis.memory",
    "redis.replicas",
    "redis.cluster",
    "redis.authentication",
    "redis.user",
    "redis.tls",
    "redis.clock",
    "redis.scripts",
    "redis.latency",
    "redis.connections",
    "jobs.index",
    "jobs.overdue",
    "jobs.quarantine",
    "alarms",
    "halted",
    "leaks.local",
]
#: what asks no server
OF_OTHERS = ["api.token", "api.aiohttp", "arq", "docker_runner.certificates"]
#: nobody listens there
NOWHERE = "redis://user:canary@127.0.0.1:1/0"


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Distributions:
    """Plugins of this test, in a folder without jobsched.toml."""
    monkeypatch.chdir(tmp_path)
    return Distributions(tmp_path, monkeypatch)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The data directory: not that of whoever runs the tests."""
    monkeypatch.setenv("JOBSCHED_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("JOBSCHED_PLUGINS", "local,docker_runner")
    return tmp_path / "data"


def doctor(*words: str, **environ: str) -> Result:
    """Run the command."""
    found = CliRunner().invoke(cli, ["doctor", *words], env=environ)
    assert found.exception is None or isinstance(found.exception, SystemExit), found.exception
    return found


def of(found: Result) -> dict[str, dict[str, Any]]:
    """Read documents, by the check's name."""
    documents = [json.loads(line) for line in found.stdout.splitlines()]
    assert all(list(one) == ["check", "plugin", "verdict", "sentence"] for one in documents)
    return {one["check"]: one for one in documents}


@pytest.mark.parametrize(
    ("verdict", "code"), [("pass", 0), ("warn", 1), ("unknown", 1), ("fail", 2)]
)
def test_the_exit_code_is_the_worst_that_was_found(
    installed: Distributions, verdict: str, code: int
) -> None:
    """0 all pass, 1 a warning or something unknown, 2 a failure."""
    installed.install("acme", ACME.replace("VERDICT", verdict))
    found = doctor("--json", "--only", "acme", JOBSCHED_PLUGINS="local,docker_runner,acme")
    assert (found.exit_code, list(of(found))) == (code, ["acme.quota", "acme.other"])
    assert of(found)["acme.quota"] == {
        "check": "acme.quota",
        "plugin": "acme",
        "verdict": verdict,
        "sentence": "3 of 4 machines are used",
    }


def test_a_person_reads_a_line_for_each_check(installed: Distributions) -> None:
    """Verdict, name and sentence on stdout; how many there are of each on stderr."""
    installed.install("acme", ACME.replace("VERDICT", "warn"))
    found = doctor("--only", "acme", JOBSCHED_PLUGINS="local,docker_runner,acme")
    first, second = found.stdout.splitlines()
    assert re.fullmatch(r"warn +acme\.quota +3 of 4 machines are used", first)
    assert re.fullmatch(r"pass +acme\.other +well", second)
    assert found.stderr == "1 pass, 1 warn\n"


def test_without_redis_everything_else_is_looked_at(folder: Path) -> None:
    """The store is told as not reachable, and what stands on it as unknown, without a password."""
    identity.init(folder)
    found = doctor(
        "--json",
        JOBSCHED_REDIS_URL=NOWHERE,
    )
    told = of(found)
    assert (found.exit_code, list(told)) == (2, [*CORE, *OF_OTHERS])
    verdicts = {name: one["verdict"] for name, one in told.items()}
    assert verdicts == {
        **dict.fromkeys(CORE[:5], "pass"),
        "redis": "fail",
        **dict.fromkeys(CORE[6:], "unknown"),
        **dict.fromkeys(OF_OTHERS, "pass"),
    }
    assert "JOBSCHED_REDIS_URL" in told["redis"]["sentence"]
    assert "canary" not in found.output


def test_a_machine_without_a_server_is_told_which_would_be_started(
    folder: Path, redis_program: object
) -> None:
    """`jobsched up` starts one: that it could is well; the doctor itself makes no file."""
    told = of(
        doctor(
            "--json",
            "--only",
            "redis",
            "--only",
            "secret",
        )
    )
    assert told["redis"]["verdict"] == told["secret"]["verdict"] == "pass"
    assert "`jobsched up` starts" in told["redis"]["sentence"]
    assert told["redis.memory"]["verdict"] == "unknown"
    assert not folder.exists()


def test_a_mistake_in_the_configuration_is_told_whatever_was_asked() -> None:
    """Nothing else can be looked at; the sentence names the setting and says what to do."""
    found = doctor("--json", "--only", "redis", JOBSCHED_API_PORT="many")
    told = of(found)
    assert (found.exit_code, told["configuration"]["verdict"]) == (2, "fail")
    assert "JOBSCHED_API_PORT" in told["configuration"]["sentence"]
    assert told["plugins"]["verdict"] == "unknown"


def test_a_setting_that_was_not_understood_is_a_warning() -> None:
    """A misspelt variable may be somebody else's: it is no failure."""
    found = doctor(
        "--json",
        "--only",
        "configuration",
        JOBSCHED_WROKER_HANDS="3",
    )
    (warned,) = of(found).values()
    assert (found.exit_code, warned["verdict"]) == (1, "warn")
    assert "JOBSCHED_WROKER_HANDS" in warned["sentence"]


@pytest.mark.parametrize(
    ("point", "code", "verdict"),
    [("runner.start:after", 1, "warn"), ("runner.startt:after", 2, "fail")],
)
def test_a_failpoint_is_told(point: str, code: int, verdict: str) -> None:
    """It ends every process, and belongs into tests alone; a wrong one lets none start."""
    found = doctor("--json", "--only", "configuration", JOBSCHED_FAILPOINT=point)
    (told,) = of(found).values()
    assert (found.exit_code, told["verdict"]) == (code, verdict)
    assert "JOBSCHED_FAILPOINT" in told["sentence"]
    checked = CliRunner().invoke(cli, ["config", "check"], env={"JOBSCHED_FAILPOINT": point})
    assert checked.exit_code == (2 if verdict == "fail" else 0), checked.output


def test_a_broken_plugin_does_not_hide_the_checks_of_the_others(installed: Distributions) -> None:
    """It is told by name, and `acme` is asked all the same."""
    installed.install("acme", ACME.replace("VERDICT", "pass"))
    installed.install("bcme", "import no_such_module_anywhere\n")
    found = doctor("--json", "--only", "acme", JOBSCHED_PLUGINS="local,docker_runner,acme,bcme")
    told = of(found)
    assert (found.exit_code, list(told)) == (2, ["plugins", "acme.quota", "acme.other"])
    assert "plugin bcme" in told["plugins"]["sentence"]


def test_the_checks_of_a_broken_plugin_are_missed_with_its_reason(
    installed: Distributions,
) -> None:
    """Who asks for them is told why there are none, and not that there is no such name."""
    installed.install("bcme", "import no_such_module_anywhere\n")
    found = doctor("--json", "--only", "bcme", JOBSCHED_PLUGINS="local,docker_runner,bcme")
    assert (found.exit_code, list(of(found))) == (2, ["plugins"])
    assert "no_such_module_anywhere" in of(found)["plugins"]["sentence"]


def test_a_part_that_is_chosen_and_not_loaded_fails() -> None:
    """Jobs that name no runner would be refused."""
    found = doctor("--json", "--only", "plugins", JOBSCHED_RUNNER="acme")
    (told,) = of(found).values()
    assert (found.exit_code, told["verdict"]) == (2, "fail")
    assert "runner is 'acme' (environment JOBSCHED_RUNNER)" in told["sentence"]


def test_a_name_that_is_none_is_refused_with_those_there_are() -> None:
    """It is a mistake of whoever typed it, and looks at nothing."""
    found = doctor("--only", "rediss")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "no check is named 'rediss'" in found.stderr
    assert "redis.memory" in found.stderr


def test_ec2_asks_for_the_plugin_that_has_to_be_named() -> None:
    """An installed plugin is not loaded before the configuration names it."""
    found = doctor("--ec2")
    assert (found.exit_code, found.stdout) == (2, "")
    assert "name it in plugins (JOBSCHED_PLUGINS)" in found.stderr


def test_a_secret_that_others_can_read_fails(folder: Path) -> None:
    """The file is named, and how to close it."""
    identity.init(folder)
    assert of(doctor("--json", "--only", "secret"))["secret"]["verdict"] == "pass"
    (folder / identity.SECRET_FILE).chmod(0o644)
    told = of(doctor("--json", "--only", "secret"))["secret"]
    assert (told["verdict"], "chmod 600" in told["sentence"]) == ("fail", True)


def test_a_shared_store_needs_a_secret() -> None:
    """Without `jobsched init` every process would make one of its own."""
    told = of(doctor("--json", "--only", "secret", JOBSCHED_REDIS_URL=NOWHERE))["secret"]
    assert (told["verdict"], "jobsched init" in told["sentence"]) == ("fail", True)
