"""The body of POST /schedule: what is taken, and what is refused with which sentence."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from jobsched.schemas.error import by_field
from jobsched.schemas.job import JobRequest, ResourcesRequest, RetryRequest, load

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LEAST = {"schedule": "2026-11-23T13:00:00Z", "docker_image": "alpine:latest"}
DIGEST = "sha256:" + "0" * 64


def loaded(**changes: Any) -> dict[str, Any]:
    """Load a body that differs from the least one."""
    return load(LEAST | changes, now=NOW)


def refused(**changes: Any) -> dict[str, list[str]]:
    """Give the sentences by field."""
    with pytest.raises(ValidationError) as error:
        loaded(**changes)
    return by_field(error.value.messages)


def test_the_least_body_is_a_time_and_an_image() -> None:
    """Everything else may be left out; what is left out is not made up here."""
    assert {
        "schedule": NOW + timedelta(hours=1),
        "docker_image": "alpine:latest",
        "cmd": (),
        "command": "",
        "env": (),
    } == loaded()


def test_the_seeds_example_is_taken_as_it_stands() -> None:
    """The body of the seed document is good."""
    asked = loaded(
        schedule="2016-11-22T19:39:22Z", env=["key=value", "key1=value=1"], cmd="sleep 60"
    )

    assert datetime(2016, 11, 22, 19, 39, 22, tzinfo=UTC) == asked["schedule"]
    assert asked["env"] == ("key=value", "key1=value=1")
    assert (asked["cmd"], asked["command"]) == (("sleep", "60"), "sleep 60")


@pytest.mark.parametrize(
    ("written", "hour"),
    [
        ("2026-11-23T13:00:00Z", 13),
        ("2026-11-23T13:00:00", 13),
        ("2026-11-23 13:00", 13),
        ("20261123T130000Z", 13),
        ("2026-W48-1T13:00:00Z", 13),
        ("2026-11-23T13:00:00+02:00", 11),
        ("2026-11-23T13:00:00.000-01:00", 14),
    ],
)
def test_times_are_read_in_every_form_of_iso_8601(written: str, hour: int) -> None:
    """A time is turned into UTC; one without a zone is UTC already."""
    at = loaded(schedule=written)["schedule"]

    assert (datetime(2026, 11, 23, hour, tzinfo=UTC), UTC) == (at, at.tzinfo)


@pytest.mark.parametrize(
    "written",
    [
        "",
        "soon",
        "NaN",
        "2026-13-01T00:00:00Z",
        "2026-02-30",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        1795438800,
        1.5,
        True,
        None,
        [],
        {},
        "2026-11-23T13:00:00Z\n",
    ],
)
def test_what_is_no_time_is_refused(written: object) -> None:
    """Numbers, other types and impossible dates are refused."""
    assert list(refused(schedule=written)) == ["schedule"]


def test_a_time_is_at_most_a_year_ahead() -> None:
    """The past is left to late_limit; the far future is refused."""
    loaded(schedule="2000-01-01")
    loaded(schedule="2027-11-23T12:00:00Z")

    assert list(refused(schedule="2027-11-23T12:00:01Z")) == ["schedule"]


@pytest.mark.parametrize(
    "name",
    [
        "alpine",
        "alpine:latest",
        "library/alpine:3.20",
        "localhost:5000/team/app:v1",
        "registry.example.org/a/b/c",
        "Registry.Example.org:443/app",
        "[::1]:5000/app",
        "ghcr.io/owner/my_app__x-y.z:1.0-rc.1_2",
        f"alpine@{DIGEST}",
        f"localhost:5000/app:v1@{DIGEST}",
        DIGEST,
    ],
)
def test_image_references_are_taken(name: str) -> None:
    """Whatever a registry may hold can be run."""
    assert name == loaded(docker_image=name)["docker_image"]


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Alpine",
        "alpine latest",
        "alpine\n",
        "alpine:latest\n",
        " alpine",
        "alpine:",
        ":latest",
        "alpine@sha256:12",
        "a//b",
        "/alpine",
        "alpine/",
        "-alpine",
        "--privileged",
        "https://registry.example.org/alpine",
        "alpine\x00",
        "alpine:" + "x" * 129,
        "a" * 501,
        "\uff41lpine",
        1,
        None,
        ["alpine"],
    ],
)
def test_what_is_no_image_reference_is_refused(name: object) -> None:
    """White space, control characters and anything else that is no reference is refused."""
    assert list(refused(docker_image=name)) == ["docker_image"]


@pytest.mark.parametrize(
    "name", ["a-" * 250, "a." * 250, "a_" * 250, "A" * 500, "a/" * 250, "a:" * 250]
)
def test_bad_images_are_refused_quickly(name: str) -> None:
    """No name makes the grammar try for long: the test's time limit is the judge."""
    for _ in range(200):
        refused(docker_image=name)


@pytest.mark.parametrize(
    ("cmd", "words", "command"),
    [
        ("sleep 60", ("sleep", "60"), "sleep 60"),
        ("", (), ""),
        ("sh -c 'echo \"a b\"'", ("sh", "-c", 'echo "a b"'), "sh -c 'echo \"a b\"'"),
        ("echo ''", ("echo", ""), "echo ''"),
        (
            "echo $HOME # no comment",
            ("echo", "$HOME", "#", "no", "comment"),
            "echo $HOME # no comment",
        ),
        (["sh", "-c", "echo a b"], ("sh", "-c", "echo a b"), "sh -c 'echo a b'"),
        ([], (), ""),
    ],
)
def test_a_command_is_a_string_or_a_list(cmd: object, words: tuple[str, ...], command: str) -> None:
    """A string is split as a shell splits words, nothing is expanded; a list is kept."""
    asked = loaded(cmd=cmd)

    assert (words, command) == (asked["cmd"], asked["command"])


@pytest.mark.parametrize(
    "cmd",
    [
        "echo 'a",
        'echo "a',
        "echo \\",
        1,
        None,
        {"a": "b"},
        ["echo", 1],
        ["echo", None],
        "echo \0",
        ["a\0"],
        "x " * 129,
        ["x"] * 129,
        "x" * 32_769,
        " " * 32_769,
        ["é" * 16_385],
    ],
)
def test_what_is_no_command_is_refused(cmd: object) -> None:
    """Open quotes, other types, NUL, and more than 128 words or 32 KiB are refused."""
    assert list(refused(cmd=cmd)) == ["cmd"]


def test_an_open_quote_is_named() -> None:
    """The sentence says that a quote is open, and how to go round it."""
    (sentence,) = refused(cmd="echo 'a")["cmd"]

    assert "quote" in sentence
    assert "list" in sentence


@pytest.mark.parametrize(
    ("env", "field"),
    [
        (["key"], "env.0"),
        (["a=b", "=value"], "env.1"),
        ([""], "env.0"),
        ([1], "env.0"),
        ([None], "env.0"),
        ("a=b", "env"),
        ({"a": "b"}, "env"),
        (["a=\0"], "env"),
        (["a=b"] * 129, "env"),
        (["a=" + "x" * 32_768], "env"),
    ],
)
def test_what_is_no_environment_is_refused(env: object, field: str) -> None:
    """Each entry is NAME=value; there are at most 128, of 32 KiB together, without NUL."""
    assert [field] == list(refused(env=env))


def test_values_may_hold_anything_else() -> None:
    """A value may be empty and hold equals signs, spaces and line breaks."""
    env = ["a=", "b=1=2", "c=x y\nz", "d.e-f=é"]

    assert tuple(env) == loaded(env=env)["env"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 129}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "\x1b[31m"}, "name"),
        ({"name": 1}, "name"),
        ({"labels": ["a"]}, "labels"),
        ({"labels": {str(number): "x" for number in range(33)}}, "labels"),
        ({"labels": {"x" * 64: "y"}}, "labels." + "x" * 64 + ".key"),
        ({"labels": {"a": "y" * 257}}, "labels.a.value"),
        ({"labels": {"a": 1}}, "labels.a.value"),
        ({"provider": ""}, "provider"),
        ({"runner": ["docker_runner"]}, "runner"),
        ({"planner": None}, "planner"),
        ({"options": {"ec2_spot": 1}}, "options.ec2_spot.value"),
        ({"options": []}, "options"),
        ({"resources": {"vcpus": "2"}}, "resources.vcpus"),
        ({"resources": {"vcpus": True}}, "resources.vcpus"),
        ({"resources": {"vcpus": 0}}, "resources.vcpus"),
        ({"resources": {"vcpus": 10**400}}, "resources.vcpus"),
        ({"resources": {"memory_mib": -1}}, "resources.memory_mib"),
        ({"resources": {"gpus": True}}, "resources.gpus"),
        ({"resources": {"gpus": 1.5}}, "resources.gpus"),
        ({"resources": {"arch": "mips"}}, "resources.arch"),
        ({"resources": {"disk": 1}}, "resources.disk"),
        ({"resources": 1}, "resources"),
        ({"timeout": 0}, "timeout"),
        ({"timeout": "8d"}, "timeout"),
        ({"timeout": 604_801}, "timeout"),
        ({"timeout": -1}, "timeout"),
        ({"timeout": "long"}, "timeout"),
        ({"timeout": True}, "timeout"),
        ({"grace": 91}, "grace"),
        ({"late_limit": 0}, "late_limit"),
        ({"retry": {"max_attempts": 0}}, "retry.max_attempts"),
        ({"retry": {"max_attempts": 11}}, "retry.max_attempts"),
        ({"retry": {"max_attempts": "3"}}, "retry.max_attempts"),
        ({"retry": {"on": "error"}}, "retry.on"),
        ({"retry": {"on": ["never"]}}, "retry.on.0"),
        ({"retry": {"on": ["exit:256"]}}, "retry.on.0"),
        ({"retry": {"on": ["exit:-1"]}}, "retry.on.0"),
        ({"retry": {"on": ["exit:01"]}}, "retry.on.0"),
        ({"retry": {"on": ["exit:1\n"]}}, "retry.on.0"),
        ({"retry": {"on": ["exit:\uff11"]}}, "retry.on.0"),
        ({"retry": {"on": ["error"] * 129}}, "retry.on"),
        ({"retry": {"backoff": "11m"}}, "retry.backoff"),
        ({"retry": {"more": 1}}, "retry.more"),
        ({"secret_env": {"1A": "key"}}, "secret_env.1A.key"),
        ({"secret_env": {"A": ""}}, "secret_env.A.value"),
        ({"secret_env": ["A"]}, "secret_env"),
        ({"env": ["A=1"], "secret_env": {"A": "key"}}, "secret_env"),
        ({"registry_auth": {"username": "a"}}, "registry_auth"),
        ({"pull": "never"}, "pull"),
        ({"state": "finished"}, "state"),
        ({"id": "x"}, "id"),
        ({"privileged": True}, "privileged"),
    ],
)
def test_each_bad_value_is_refused_under_its_field(changes: dict[str, Any], field: str) -> None:
    """Bounds, types and unknown fields are refused with a sentence under the field's path."""
    errors = refused(**changes)

    assert [field] == list(errors)
    (sentence,) = errors[field]
    assert sentence


@pytest.mark.parametrize(
    "changes",
    [
        {"timeout": "7d"},
        {"timeout": 0.5},
        {"grace": 0},
        {"grace": 90},
        {"resources": {"vcpus": 0.5, "memory_mib": 512, "gpus": 1.0, "arch": "x86_64"}},
        {"resources": {}},
        {"retry": {"on": []}},
        {
            "retry": {
                "on": ["before_start", "error", "exit:0", "exit:255", "timeout", "interruption"]
            }
        },
        {"retry": {"max_attempts": 3.0, "backoff": 0}},
        {"labels": {"a": ""}},
        {"options": {"ec2_spot": {"subnets": ["a"]}}},
        {"secret_env": {"API_KEY": "team/api-key"}},
        {"pull": "always"},
    ],
)
def test_values_at_the_bounds_are_taken(changes: dict[str, Any]) -> None:
    """What is just allowed is allowed."""
    assert set(changes) <= set(loaded(**changes))


def test_a_body_that_is_no_object_is_refused() -> None:
    """A list, a string or null is no job."""
    bodies: tuple[object, ...] = ([], "x", None, 1)
    for body in bodies:
        with pytest.raises(ValidationError) as error:
            load(body, now=NOW)
        assert by_field(error.value.messages) == {"body": ["this must be a JSON object"]}


@pytest.mark.parametrize("schema", [JobRequest, RetryRequest, ResourcesRequest])
def test_every_field_is_described(schema: Any) -> None:
    """Each field says what it is, so that the schema can be published."""
    for name, field in schema().fields.items():
        assert field.metadata.get("description", "").endswith("."), name


@given(st.text() | st.lists(st.text()))
def test_any_command_is_taken_or_refused(cmd: object) -> None:
    """No text makes the splitting of words fail in another way."""
    asked = outcome(cmd=cmd)

    assert isinstance(asked.get("cmd"), tuple | list), asked


@given(st.text())
def test_any_text_is_a_time_or_refused(written: str) -> None:
    """No text makes the reading of a time fail in another way."""
    asked = outcome(schedule=written)

    assert isinstance(asked.get("schedule"), datetime | list), asked


def outcome(**changes: Any) -> dict[str, Any]:
    """Give what was loaded, or else the sentences."""
    try:
        return loaded(**changes)
    except ValidationError as error:
        return dict(by_field(error.messages))
