"""`jobsched providers` and `jobsched resume`."""

import json
from typing import Any

from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi, document

JOB = "J" * 32
HALTED = {
    "reason": "configuration",
    "message": "no such image",
    "job": JOB,
    "at": "2026-11-23T12:00:00Z",
}


def provider(name: str, halted: Any = None, **caps: float) -> dict[str, Any]:
    """Give a provider, as `GET /providers` tells of it."""
    known = {"alive": None, "hourly": None, "per_second": None}
    return {"name": name, "alive": 2, "caps": {**known, **caps}, "halted": halted}


PROVIDERS = [
    provider("ec2_spot", HALTED, alive=20, hourly=100, per_second=0.5),
    provider("local"),
]


def test_providers_are_a_table_and_the_reason_is_told(api: FakeApi, run: Run) -> None:
    """Machines and caps are columns; stderr says why one is halted, and what to do."""
    api.on("GET /providers", {"providers": PROVIDERS})
    found = run("providers")
    assert found.stdout.splitlines() == [
        "provider  status  machines  an hour  a second",
        "ec2_spot  halted  2 of 20   100      0.5",
        "local     asked   2         any      any",
    ]
    assert found.stderr == (
        "ec2_spot is halted since 2026-11-23T12:00:00Z (configuration: no such image; job "
        f"{JOB}): put it right, then `jobsched resume ec2_spot`\n"
    )


def test_providers_as_json_are_an_object_a_line(api: FakeApi, run: Run) -> None:
    """--json gives the API's own objects, and nothing else."""
    api.on("GET /providers", {"providers": PROVIDERS})
    found = run("providers", "--json")
    assert [json.loads(line) for line in found.stdout.splitlines()] == PROVIDERS
    assert found.stderr == ""


def test_resume_says_how_many_go_on(api: FakeApi, run: Run) -> None:
    """The provider is named in the path, whatever is in its name; --json gives the answer."""
    answers = [{"name": "a/b", "woken": woken} for woken in (1, 20, 20)]
    api.on("POST /providers/a%2Fb/resume", *answers)
    one, several, as_json = (run("resume", "a/b", *more) for more in ([], [], ["--json"]))
    assert one.stderr == "a/b is asked for machines again; 1 job goes on at once\n"
    assert several.stderr == "a/b is asked for machines again; 20 jobs go on at once\n"
    assert json.loads(as_json.stdout) == answers[2]


def test_reap_says_what_the_last_pass_found(api: FakeApi, run: Run) -> None:
    """That there was none, that all is well, or what an operator must look at."""
    at = "2026-11-23T12:00:00Z"
    alarm = {"sentence": "9 machines belong to no job: jobsched reap a --force", "at": at}
    told = [
        {**provider("a"), "reaped_at": None, "reap_alarm": None},
        {**provider("a"), "reaped_at": at, "reap_alarm": None},
        {**provider("a"), "reaped_at": at, "reap_alarm": alarm},
    ]
    api.on("GET /providers", *({"providers": [one]} for one in (*told, told[2])))
    never, well, alarmed = (run("reap", "a").stderr for _ in range(3))
    assert never == "no worker has compared the machines of a with the jobs yet\n"
    last = f"the machines of a were last compared with the jobs at {at}"
    assert well == f"{last}; nothing keeps those that are no job's from their end\n"
    machines = "`jobsched doctor --only leaks.a` lists the machines"
    assert alarmed == f"{last}. {alarm['sentence']} ({machines})\n"
    assert json.loads(run("reap", "a", "--json").stdout) == told[2]


def test_reap_with_force_is_a_word_that_counts(api: FakeApi, run: Run) -> None:
    """It says until when; nothing but that route is asked."""
    answer = {"name": "a/b", "until": "2026-11-23T12:10:00Z"}
    api.on("POST /providers/a%2Fb/reap", answer, answer)
    found, as_json = run("reap", "a/b", "--force"), run("reap", "a/b", "--force", "--json")
    assert "may end every machine that is no job's" in found.stderr
    assert "until 2026-11-23T12:10:00Z" in found.stderr
    assert json.loads(as_json.stdout) == answer


def test_reap_of_an_unknown_provider_is_2(api: FakeApi, run: Run) -> None:
    """With the names of those that are loaded."""
    api.on("GET /providers", {"providers": [provider("local")]})
    found = run("reap", "acme")
    assert found.exit_code == 2
    assert "there is no provider 'acme'; loaded: local" in found.stderr


def test_resume_of_an_unknown_provider_is_2(api: FakeApi, run: Run) -> None:
    """The API's sentence, and 2."""
    detail = "there is no provider 'acme'; loaded: local"
    api.on("POST /providers/acme/resume", {"detail": detail}, status=404)
    found = run("resume", "acme")
    assert (found.exit_code, found.stderr) == (2, f"Error: {detail}\n")


def test_the_status_of_a_waiting_job_says_that_its_provider_is_halted(
    api: FakeApi, run: Run
) -> None:
    """Only while a machine is to be asked for: a job that runs is not held back."""
    for status, says in (("scheduled", True), ("provisioning", True), ("running", False)):
        api.on(f"GET /status/{JOB}", document(status, halted=HALTED))
        lines = run("status", JOB).stdout.splitlines()
        (standing,) = [line for line in lines if line.startswith("status ")]
        assert ("its provider local is halted (no such image)" in standing) == says
