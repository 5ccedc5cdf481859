"""The configuration: where values come from, and what is said of mistakes."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from marshmallow import RAISE, Schema, fields

from jobsched.config import Config, example, load, load_core
from jobsched.domain.job import Limits
from jobsched.errors import ConfigError
from jobsched.schemas.config import DEFAULT_PLUGINS

TOKEN = "correct-horse-battery"


class AcmeSchema(Schema):
    """A plugin's section."""

    class Meta:
        """As plugins write it."""

        unknown = RAISE

    region = fields.String(load_default="eu", metadata={"description": "where"})
    zones = fields.List(fields.String(), load_default=list)
    api_key = fields.String(load_default=None, allow_none=True, metadata={"secret": True})
    spare = fields.Integer(load_default=3)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test reads the jobsched.toml of whoever runs it."""
    monkeypatch.chdir(tmp_path)


def read(
    environ: Mapping[str, str] | None = None, text: str = "", flags: Mapping[str, Any] | None = None
) -> Config:
    """Read these sources, with the plugin acme."""
    if text:
        Path("jobsched.toml").write_text(text)
    return load(flags, environ or {}, None, {"acme": AcmeSchema})


def mistakes(environ: Mapping[str, str] | None = None, text: str = "") -> list[str]:
    """Give the lines of the error."""
    with pytest.raises(ConfigError) as caught:
        read(environ, text)
    return caught.value.message.splitlines()


def test_everything_has_a_default() -> None:
    """An empty environment is a complete configuration: the design's table of times."""
    config = read()
    assert Limits() == config.limits()
    assert config.value("api_host") == "127.0.0.1"
    assert timedelta(hours=1) == config.value("limits.timeout")
    assert config.value("data_dir").name == "jobsched"
    assert config.origin("api_port") == "default"


def test_flag_beats_environment_beats_file_beats_default() -> None:
    """Each value tells which of the four it came from."""
    text = "[jobsched]\napi_port = 1\napi_host = 'a'\nrunner = 'b'\n[acme]\nregion = 'us'\n"
    environ = {"JOBSCHED_API_PORT": "2", "JOBSCHED_API_HOST": "c"}
    config = read(environ, text, {"api_port": 3, "runner": None})
    found = {
        key: (config.value(key), config.origin(key))
        for key in ("api_port", "api_host", "runner", "planner", "acme.region")
    }
    assert found == {
        "api_port": (3, "flag --api-port"),
        "api_host": ("c", "environment JOBSCHED_API_HOST"),
        "runner": ("b", "file jobsched.toml:jobsched.runner"),
        "planner": ("on_time", "default"),
        "acme.region": ("us", "file jobsched.toml:acme.region"),
    }


def test_the_environment_reaches_every_section() -> None:
    """Limits, worker, names of the operator's own and plugins' sections have variables too."""
    config = read(
        {
            "JOBSCHED_LIMITS_BOOTING": "2m30s",
            "JOBSCHED_WORKER_HANDS": "7",
            "JOBSCHED_CALLBACKS_UPDATE": "acme",
            "JOBSCHED_SECRETS_DB_PASSWORD": "hunter2",
            "JOBSCHED_REGISTRIES_MY_HUB_USERNAME": "me",
            "JOBSCHED_REGISTRIES_MY_HUB_PASSWORD": "hunter3",
            "JOBSCHED_ACME_ZONES": "a, b,c",
            "JOBSCHED_PLUGINS": "local,acme",
        }
    )
    assert timedelta(seconds=150) == config.limits().booting
    assert config.value("worker.hands") == 7
    assert config.section("callbacks") == {"update": "acme"}
    assert config.section("secrets") == {"db_password": "hunter2"}
    assert config.section("registries") == {"my_hub": {"username": "me", "password": "hunter3"}}
    assert config.value("acme.zones") == ["a", "b", "c"]
    assert config.value("plugins") == ["local", "acme"]


def test_file_and_environment_make_one_registry() -> None:
    """The name may stand in the file and the password in the environment."""
    config = read(
        {"JOBSCHED_REGISTRIES_HUB_PASSWORD": "hunter3"}, "[registries.hub]\nusername = 'me'\n"
    )
    assert config.section("registries") == {"hub": {"username": "me", "password": "hunter3"}}


def test_an_empty_variable_counts_as_not_set() -> None:
    """Container tools pass variables on that nobody has set."""
    config = read({"JOBSCHED_API_PORT": ""}, "[acme]\napi_key = ''\n")
    assert (config.value("api_port"), config.value("acme.api_key")) == (8080, None)


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """Each secret has a …_FILE variable; the end of the line does not belong to it."""
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    config = read(
        {
            "JOBSCHED_API_TOKEN_FILE": str(file),
            "JOBSCHED_SECRET_FILE": str(file),
            "JOBSCHED_ACME_API_KEY_FILE": str(file),
            "JOBSCHED_SECRETS_DB_FILE": str(file),
            "JOBSCHED_REGISTRIES_HUB_USERNAME": "me",
            "JOBSCHED_REGISTRIES_HUB_PASSWORD_FILE": str(file),
        }
    )
    assert [
        config.value("api_token"),
        config.value("secret"),
        config.value("acme.api_key"),
        config.section("secrets")["db"],
        config.section("registries")["hub"]["password"],
    ] == [TOKEN] * 5
    assert config.origin("secret") == "environment JOBSCHED_SECRET_FILE"


def test_no_secret_is_shown(tmp_path: Path) -> None:
    """Neither repr nor the masked sections hold one; what is not set is shown as not set."""
    config = read(
        {
            "JOBSCHED_SECRETS_DB": "hunter2-a",
            "JOBSCHED_REGISTRIES_HUB_USERNAME": "me",
            "JOBSCHED_REGISTRIES_HUB_PASSWORD": "hunter2-b",
            "JOBSCHED_API_TOKEN": "hunter2-c-long-enough",
            "JOBSCHED_REDIS_URL": "redis://me:hunter2-d@host:6379/0",
            "JOBSCHED_ACME_API_KEY": "hunter2-e",
        }
    )
    shown = repr(config)
    assert "hunter2" not in shown
    assert "hunter2" not in str(config)
    masked = config.masked()
    assert masked["secrets"] == {"db": "***"}
    assert masked["registries"] == {"hub": {"username": "me", "password": "***"}}
    assert masked["jobsched"]["redis_url"] == "redis://me:***@host:6379/0"
    assert (masked["jobsched"]["api_token"], masked["jobsched"]["secret"]) == ("***", "")
    assert timedelta(hours=1) == masked["limits"]["token"]


def test_all_mistakes_are_told_at_once_with_their_places() -> None:
    """One error names every mistake, where it was made, and what was probably meant."""
    text = "[jobsched]\napi_prot = 1\n[wroker]\n[limits]\ngrace = 91\n[acme]\nzones = ['a', 3]\n"
    environ = {
        "JOBSCHED_API_PORT": "many",
        "JOBSCHED_ACME_REGOIN": "x",
        "JOBSCHED_WORKER_LEASE": "soon",
    }
    lines = mistakes(environ, text)
    assert lines[0] == "the configuration has 7 mistakes:"
    expected = [
        r"file jobsched.toml:wroker: there is no such section; did you mean worker\?",
        r"environment JOBSCHED_ACME_REGOIN: .* did you mean JOBSCHED_ACME_REGION\?",
        r"file jobsched.toml:jobsched.api_prot: .* did you mean api_port\?",
        r"environment JOBSCHED_API_PORT: Not a valid integer",
        r"file jobsched.toml:limits.grace: at most 1 min 30 s",
        r"environment JOBSCHED_WORKER_LEASE: 'soon' is no duration",
        r"file jobsched.toml:acme.zones: Not a valid string",
    ]
    for line, pattern in zip(lines[1:], expected, strict=True):
        assert re.search(pattern, line), (pattern, line)


@pytest.mark.parametrize(
    ("environ", "text", "words"),
    [
        ({"JOBSCHED_API_TOKEN": "short"}, "", "JOBSCHED_API_TOKEN: a token has at least 16"),
        ({"JOBSCHED_SECRET": "short"}, "", "JOBSCHED_SECRET: a secret has at least 16"),
        ({"JOBSCHED_REDIS_URL": "localhost"}, "", "JOBSCHED_REDIS_URL: write redis://"),
        ({"JOBSCHED_WORKER_LEASE": "0"}, "", "JOBSCHED_WORKER_LEASE: at least 1 s"),
        ({"JOBSCHED_LIMITS_TIMEOUT": "8d"}, "", "JOBSCHED_LIMITS_TIMEOUT: at most 7 d"),
        ({"JOBSCHED_LIMITS_BACKOFF": "0"}, "", "JOBSCHED_LIMITS_BACKOFF: at least 1 ms"),
        ({"JOBSCHED_DISPATCH": "cron"}, "", "JOBSCHED_DISPATCH: Must be one of"),
        ({"JOBSCHED_API_TOKEN_FILE": "/no/such"}, "", "/no/such cannot be read: No such file"),
        ({"JOBSCHED_REGISTRIES_HUB": "x"}, "", "_USERNAME or _PASSWORD"),
        ({"JOBSCHED_REGISTRIES_HUB_USERNAME": "x"}, "", "REGISTRIES_HUB_PASSWORD"),
        ({}, "api_port = 1\n", r"write it under \[jobsched\]"),
        ({}, "[callbacks]\nupdate = 3\n", "callbacks.update: Not a valid string"),
        ({}, "[registries.hub]\nuser = 'x'\n", "registries.hub.user: Unknown field"),
        ({}, "[jobsched\n", "jobsched.toml is no TOML"),
        ({"JOBSCHED_CONFIG": "/no/such.toml"}, "", "/no/such.toml cannot be read"),
    ],
)
def test_a_mistake_is_told_with_its_place(environ: dict[str, str], text: str, words: str) -> None:
    """The sentence names the variable, or the file and the key, and what would be right."""
    assert re.search(words, "\n".join(mistakes(environ, text)))


def test_a_secret_is_not_in_the_sentence_about_it() -> None:
    """What is wrong with a secret is said without it."""
    assert "hunter2" not in "\n".join(mistakes({"JOBSCHED_API_TOKEN": "hunter2"}))


def test_a_value_and_its_file_together_are_refused(tmp_path: Path) -> None:
    """Nobody has to guess which of the two counts."""
    file = tmp_path / "token"
    file.write_text(TOKEN)
    environ = {"JOBSCHED_API_TOKEN": TOKEN, "JOBSCHED_API_TOKEN_FILE": str(file)}
    assert "JOBSCHED_API_TOKEN is set too" in mistakes(environ)[0]


def test_variables_of_others_are_left_alone() -> None:
    """The client's, the log's and the tests' are theirs; what nobody knows is a warning."""
    others = ("URL", "TOKEN", "LOG_LEVEL", "LOG_FORMAT", "FAILPOINT", "TEST_X")
    config = read({f"JOBSCHED_{name}": "x" for name in others} | {"JOBSCHED_API_PROT": "1"})
    (warning,) = config.warnings
    assert "JOBSCHED_API_PROT" in warning
    assert "did you mean JOBSCHED_API_PORT?" in warning


def test_the_longest_section_is_meant() -> None:
    """JOBSCHED_ACME_EU_REGION belongs to acme_eu, though acme is a section too."""

    class EuSchema(Schema):
        region = fields.String(load_default="")

    schemas = {"acme": AcmeSchema, "acme_eu": EuSchema}
    config = load({}, {"JOBSCHED_ACME_EU_REGION": "x"}, None, schemas)
    assert (config.value("acme.region"), config.value("acme_eu.region")) == ("eu", "x")


def test_unknown_keys_are_refused_whatever_a_plugins_schema_says() -> None:
    """A schema without unknown=RAISE would lose a misspelt key."""

    class Lax(Schema):
        class Meta:
            unknown = "exclude"

        region = fields.String(load_default="")

    Path("jobsched.toml").write_text("[lax]\nregoin = 'x'\n")
    with pytest.raises(ConfigError, match="did you mean region"):
        load({}, {}, None, {"lax": Lax})


def test_the_named_file_is_read(tmp_path: Path) -> None:
    """A named file beats JOBSCHED_CONFIG, which beats the file of the folder."""
    for number, name in enumerate(("jobsched.toml", "b.toml", "c.toml"), start=1):
        Path(name).write_text(f"[jobsched]\napi_port = {number}\n")
    environ = {"JOBSCHED_CONFIG": "b.toml"}
    ports = (load({}, {}), load({}, environ), load({}, environ, Path("c.toml")))
    assert [config.value("api_port") for config in ports] == [1, 2, 3]


def test_the_names_of_plugins_are_known_before_their_sections() -> None:
    """load_core passes over what only plugins know, and over other mistakes."""
    Path("jobsched.toml").write_text("[acme]\nx = 1\n[jobsched]\nplugins=['acme']\napi_port='x'\n")
    assert load_core({}, {}).names == ("acme",)
    assert load_core({}, {}, Path("/dev/null")).names == DEFAULT_PLUGINS
    assert load_core({}, {"JOBSCHED_PLUGINS": "b,c,b"}).names == ("b", "c")
    with pytest.raises(ConfigError, match="environment JOBSCHED_PLUGINS"):
        load_core({}, {"JOBSCHED_PLUGINS": "no such"})


def test_the_folder_of_plugins_is_known_before_their_sections(tmp_path: Path) -> None:
    """It is absolute, from the file or the environment, and no folder unless one is set."""
    assert load_core({}, {}).plugins_dir is None
    Path("jobsched.toml").write_text("[jobsched]\nplugins_dir = 'here'\n")
    chosen = {"JOBSCHED_CONFIG": "jobsched.toml"}
    assert load_core({}, chosen).plugins_dir == Path("here").absolute()
    assert load({}, {}, Path("jobsched.toml")).value("plugins_dir") == Path("here").absolute()
    environ = {"JOBSCHED_PLUGINS_DIR": str(tmp_path), **chosen}
    assert load_core({}, environ).plugins_dir == tmp_path


def test_a_file_that_was_only_found_names_no_folder_of_plugins(tmp_path: Path) -> None:
    """Whoever wrote a folder that somebody works in shall not run code there."""
    Path("jobsched.toml").write_text("[jobsched]\nplugins_dir = 'here'\nplugins = ['acme']\n")
    for ask in (load_core, load):
        with pytest.raises(ConfigError, match=r"JOBSCHED_CONFIG=jobsched\.toml"):
            ask({}, {"JOBSCHED_PLUGINS_DIR": str(tmp_path)})


@pytest.mark.parametrize(("value", "is_on"), [("1", True), ("true", True), ("0", False)])
def test_whether_calls_are_traced_is_known_before_plugins_are(value: str, is_on: bool) -> None:  # noqa: FBT001 (a row of the table)
    """load_core passes over what only plugins know; so their first hook is traced too."""
    environ = {"JOBSCHED_TRACE_PLUGINS": value, "JOBSCHED_ACME_X": "1"}
    assert load_core({}, environ).trace is is_on
    assert read({"JOBSCHED_TRACE_PLUGINS": value}).value("trace_plugins") is is_on
    assert not load_core({}, {}).trace


def test_a_switch_that_is_neither_on_nor_off_is_a_mistake() -> None:
    """The sentence says where it stands and what to write."""
    for ask in (load_core, load):
        with pytest.raises(ConfigError, match="JOBSCHED_TRACE_PLUGINS: write true or false"):
            ask({}, {"JOBSCHED_TRACE_PLUGINS": "maybe"})


def test_a_configuration_cannot_be_changed_by_mistake() -> None:
    """Sections are read only; changed() gives another configuration with another origin."""
    config = read()
    with pytest.raises(TypeError):
        config.section("jobsched")["api_port"] = 1  # type: ignore[index]
    other = config.changed({"runner": "process_runner"}, "no Docker Engine answers")
    assert (config.value("runner"), other.value("runner")) == ("docker_runner", "process_runner")
    assert other.origin("runner") == "no Docker Engine answers"
    with pytest.raises(ConfigError, match="no setting 'runer'"):
        config.changed({"runer": "x"}, "")


def test_the_example_holds_every_key_and_its_default() -> None:
    """With its comment marks taken away it is a file that changes nothing."""
    text = example({"acme": AcmeSchema})
    plain = re.sub(r"^# (?=\w+ = |\[)", "", text, flags=re.MULTILINE)
    plain = plain.split("[callbacks]")[0]
    assert set(read().masked()["limits"]) == set(tomllib.loads(plain)["limits"])
    config, default = read(text=plain), read()
    Path("jobsched.toml").unlink()
    assert default.sections == config.sections
    assert all(line.startswith(("#", "[")) or not line for line in text.splitlines())
    assert "JOBSCHED_API_TOKEN[_FILE]" in text
