"""`jobsched schedule`: the body that it posts, and how it follows a job."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from jobsched.cli import wait
from jobsched.client import DEFAULT_URL, Client
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi, document

JOB = "J" * 32
ACCEPTED = {"status": "scheduled", "message": "job successfully scheduled", "id": JOB}
PROBLEM = {
    "title": "Unprocessable Content",
    "status": 422,
    "detail": "Some fields are wrong.",
    "errors": {"env.0": ["write each entry as NAME=value"], "timeout": ["at most 7 days"]},
}


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wait, "PAUSES", (0.001, 0.002))


def posted(api: FakeApi) -> dict[str, Any]:
    """Give the one body that was posted."""
    (asked,) = [one for one in api.asked if one.method == "POST"]
    assert asked.headers["Content-Type"] == "application/json"
    return dict(asked.body)


def test_id_is_the_only_output(api: FakeApi, run: Run) -> None:
    """The id alone goes to stdout, so that `id=$(jobsched schedule ...)` works."""
    api.on("POST /schedule", ACCEPTED)
    found = run("schedule", "busybox:latest")
    assert (found.exit_code, found.stdout, found.stderr) == (0, f"{JOB}\n", "")


def test_schedule_is_now_unless_told(api: FakeApi, run: Run) -> None:
    """Without --at and --in the job's time is now."""
    api.on("POST /schedule", ACCEPTED)
    run("schedule", "busybox:latest")
    at = datetime.fromisoformat(posted(api)["schedule"])
    assert abs(at - datetime.now(UTC)) < timedelta(seconds=5)


def test_every_option_reaches_the_body(api: FakeApi, run: Run) -> None:
    """Each option stands in the body under the API's own name."""
    api.on("POST /schedule", ACCEPTED)
    found = run(
        *("schedule", "busybox:latest", "--at", "2026-11-24T00:00:00Z", "-e", "A=1", "-e", "B=x=y"),
        *("--name", "tea", "--label", "team=kitchen", "--timeout", "10m", "--grace", "2s"),
        *("--late-limit", "1h", "--retry", "4", "--retry-on", "error", "--retry-on", "exit:7"),
        *("--provider", "local", "--runner", "docker_runner", "--planner", "on_time"),
        *("--pull", "always"),
        *("--secret-env", "KEY=api", "--registry-auth", "hub", "--option", "ec2_spot.price=0.5"),
        *("--option", "ec2_spot.zone=b", "--resource", "vcpus=2", "--resource", "arch=arm64"),
        *("--idempotency-key", "once", "--", "sh", "-c", "echo $A"),
    )
    assert found.exit_code == 0
    assert posted(api) == {
        "schedule": "2026-11-24T00:00:00Z",
        "docker_image": "busybox:latest",
        "cmd": ["sh", "-c", "echo $A"],
        "env": ["A=1", "B=x=y"],
        "name": "tea",
        "labels": {"team": "kitchen"},
        "timeout": "10m",
        "grace": "2s",
        "late_limit": "1h",
        "retry": {"max_attempts": 4, "on": ["error", "exit:7"]},
        "provider": "local",
        "runner": "docker_runner",
        "planner": "on_time",
        "pull": "always",
        "secret_env": {"KEY": "api"},
        "registry_auth": "hub",
        "options": {"ec2_spot": {"price": 0.5, "zone": "b"}},
        "resources": {"vcpus": 2, "arch": "arm64"},
    }
    assert api.asked[0].headers["Idempotency-Key"] == "once"


def test_in_counts_from_now(api: FakeApi, run: Run) -> None:
    """--in 1h30m is an hour and a half from now."""
    api.on("POST /schedule", ACCEPTED)
    run("schedule", "--in", "1h30m", "busybox:latest")
    at = datetime.fromisoformat(posted(api)["schedule"])
    assert abs(at - datetime.now(UTC) - timedelta(minutes=90)) < timedelta(seconds=5)


def test_options_change_what_a_file_says(api: FakeApi, run: Run, tmp_path: Path) -> None:
    """A file gives the body; an option wins over the same field in it."""
    api.on("POST /schedule", ACCEPTED)
    body = {"docker_image": "a", "schedule": "2026-11-24T00:00:00Z", "retry": {"backoff": 5}}
    (tmp_path / "job.json").write_text(json.dumps(body))
    run("schedule", "b", "--file", str(tmp_path / "job.json"), "--retry", "2")
    assert posted(api) == {
        "docker_image": "b",
        "schedule": "2026-11-24T00:00:00Z",
        "retry": {"backoff": 5, "max_attempts": 2},
    }


def test_body_may_come_from_stdin(api: FakeApi, run: Run) -> None:
    """--file - reads the body from stdin, and no image need be named."""
    api.on("POST /schedule", ACCEPTED)
    assert run("schedule", "--file", "-", stdin='{"docker_image": "a"}').exit_code == 0
    assert posted(api)["docker_image"] == "a"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["schedule"], "name an image"),
        (["schedule", "a", "--in", "soon"], "soon"),
        (["schedule", "a", "--in", "5m", "--at", "2026-11-24"], "exclude"),
        (["schedule", "a", "--label", "team"], "KEY=VALUE"),
        (["schedule", "a", "--option", "price=1"], "PLUGIN.KEY=VALUE"),
        (["schedule", "--file", "-"], "no JSON"),
        (["schedule", "a", "--token", "t"], "--token"),
        (["list", "--url", "ftp://here"], "ftp://here"),
        (["list", "--token-file", "/nowhere/token"], "/nowhere/token"),
    ],
)
def test_bad_usage_ends_with_2(api: FakeApi, run: Run, words: list[str], said: str) -> None:
    """What cannot be meant is refused here, in one sentence, before anything is sent."""
    found = run(*words)
    assert found.exit_code == 2
    assert said in found.stderr
    assert api.asked == []


def test_refused_fields_are_named(api: FakeApi, run: Run) -> None:
    """A 422 ends with 2; stderr holds the detail and a line for each wrong field."""
    api.on("POST /schedule", PROBLEM, status=422)
    found = run("schedule", "busybox", "-e", "A")
    assert (found.exit_code, found.stdout) == (2, "")
    assert found.stderr.splitlines() == [
        "Error: Some fields are wrong.",
        "  env.0: write each entry as NAME=value",
        "  timeout: at most 7 days",
    ]


@pytest.mark.parametrize(("status", "code"), [(401, 2), (409, 2), (500, 5), (503, 5)])
def test_errors_have_their_code(api: FakeApi, run: Run, status: int, code: int) -> None:
    """The API's refusal is usage (2); a server that cannot serve counts as none (5)."""
    api.on("POST /schedule", {"detail": "a sentence"}, status=status)
    found = run("schedule", "busybox")
    assert (found.exit_code, found.stderr) == (code, "Error: a sentence\n")


def test_no_server_ends_with_5(run: Run) -> None:
    """Where nobody listens, one line says where and how to start one."""
    found = run("schedule", "busybox", JOBSCHED_URL="http://127.0.0.1:1")
    assert found.exit_code == 5
    assert "http://127.0.0.1:1" in found.stderr
    assert "jobsched up" in found.stderr
    assert len(found.stderr.splitlines()) == 1


def test_something_else_that_answers_ends_with_5(api: FakeApi, run: Run) -> None:
    """A server that is not jobsched is told as such."""
    api.on("POST /schedule", b"<html>hello</html>")
    found = run("schedule", "busybox")
    assert found.exit_code == 5
    assert "not jobsched" in found.stderr


def test_token_is_sent_and_never_shown(api: FakeApi, run: Run, tmp_path: Path) -> None:
    """The token comes from JOBSCHED_TOKEN, or from a file, which wins; it is in no output."""
    api.on("POST /schedule", ACCEPTED)
    (tmp_path / "token").write_text("from-file\n")
    first = run("schedule", "busybox", JOBSCHED_TOKEN="from-environment")
    second = run("schedule", "busybox", "--token-file", str(tmp_path / "token"))
    sent = [one.headers["Authorization"] for one in api.asked]
    assert sent == ["Bearer from-environment", "Bearer from-file"]
    assert "from-" not in first.output + second.output + repr(Client(token="from-memory"))


def test_a_program_finds_the_server_as_the_command_line_does(api: FakeApi, tmp_path: Path) -> None:
    """A plugin's command asks its own route with the URL and the token of the environment."""
    api.on("GET /plugins/acme/prices", {"small": 1})
    (tmp_path / "token").write_text("from-file\n")
    for where in ({"JOBSCHED_TOKEN": "plain "}, {"JOBSCHED_TOKEN_FILE": str(tmp_path / "token")}):
        client = Client.from_environment({"JOBSCHED_URL": api.url, **where})
        assert client.get("/plugins/acme/prices") == {"small": 1}
    assert [one.headers["Authorization"] for one in api.asked] == [
        "Bearer plain",
        "Bearer from-file",
    ]
    assert Client.from_environment({}) == Client(url=DEFAULT_URL)


@pytest.mark.parametrize(
    ("status", "reason", "code"),
    [
        ("finished", "finished", 0),
        ("failed", "exited", 1),
        ("cancelled", "cancelled", 3),
        ("failed", "timeout", 4),
    ],
)
def test_wait_ends_as_the_job_ends(
    api: FakeApi, run: Run, status: str, reason: str, code: int
) -> None:
    """--wait tells changes on stderr, prints the output's bytes, and ends with the job's code."""
    api.on("POST /schedule", ACCEPTED)
    end = document(status, reason=reason)
    api.on(f"GET /status/{JOB}", document("scheduled"), document("running"), end)
    api.on(f"GET /logs/{JOB}", b"hello\n\xff\x00")
    found = run("schedule", "busybox", "--wait")
    assert found.exit_code == code
    assert found.stdout_bytes == b"hello\n\xff\x00"
    told = [line.split(" ", 1)[1] for line in found.stderr.splitlines()]
    why = f"{status}: {reason}" if reason != status else status
    assert told == [JOB, "scheduled: for 2026-11-23T12:00:00Z", "running", why]


def test_wait_tells_the_reason_of_trouble(api: FakeApi, run: Run) -> None:
    """What does not work yet is told while it is waited for, with its reason."""
    api.on("POST /schedule", ACCEPTED)
    trouble = {"command": "prepare", "reason": "pull_failed", "message": "no route", "times": 2}
    end = document("finished", reason="finished")
    api.on(f"GET /status/{JOB}", document("booting", trouble=trouble), end)
    api.on(f"GET /logs/{JOB}", b"")
    found = run("schedule", "busybox", "--wait")
    assert "booting: prepare does not work yet (no route), tried 2x" in found.stderr


def test_wait_as_json_is_the_answer_and_the_last_document(api: FakeApi, run: Run) -> None:
    """With --json stdout holds two objects, one a line: what was accepted, and the end."""
    api.on("POST /schedule", ACCEPTED)
    end = document("failed", reason="exited")
    api.on(f"GET /status/{JOB}", end)
    found = run("schedule", "busybox", "--wait", "--json")
    assert [json.loads(line) for line in found.stdout.splitlines()] == [ACCEPTED, end]
    assert found.exit_code == 1


def test_wait_timeout_ends_with_4(api: FakeApi, run: Run) -> None:
    """A job that is not over in time goes on; the code is 4, and stderr says how to follow it."""
    api.on("POST /schedule", ACCEPTED)
    api.on(f"GET /status/{JOB}", document("running"))
    found = run("schedule", "busybox", "--wait-timeout", "50ms")
    assert found.exit_code == 4
    assert f"jobsched status {JOB}" in found.stderr


def test_ctrl_c_leaves_the_job_alone(
    api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C while waiting ends with 130, cancels nothing, and says how to follow and to cancel."""
    api.on("POST /schedule", ACCEPTED)
    api.on(f"GET /status/{JOB}", document("running"))

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("jobsched.cli.wait.time.sleep", interrupted)
    found = run("schedule", "busybox", "--wait")
    assert found.exit_code == 130
    assert f"jobsched status {JOB}" in found.stderr
    assert f"jobsched cancel {JOB}" in found.stderr
    assert [one.target for one in api.asked if one.method == "POST"] == ["/schedule"]


def test_wait_outlives_a_server_that_is_away(api: FakeApi, run: Run) -> None:
    """A 503 while waiting is told once and waited out: the job goes on without the API."""
    api.on("POST /schedule", ACCEPTED)
    api.answers[f"GET /status/{JOB}"] = [
        (200, document("running")),
        (503, {"detail": "the store is loading"}),
        (503, {"detail": "the store is loading"}),
        (200, document("finished", reason="finished")),
    ]
    api.on(f"GET /logs/{JOB}", b"done\n")
    found = run("schedule", "busybox", "--wait")
    assert (found.exit_code, found.stdout) == (0, "done\n")
    assert found.stderr.count("the store is loading") == 1


def test_a_key_needs_a_time(api: FakeApi, run: Run) -> None:
    """A repeat would ask for another "now", and be refused as another job."""
    found = run("schedule", "busybox:latest", "--idempotency-key", "once")
    assert found.exit_code == 2
    assert "--idempotency-key needs --at" in found.stderr
    assert api.asked == []
