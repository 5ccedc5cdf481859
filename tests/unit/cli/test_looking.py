"""`jobsched list`, `status`, `logs` and `cancel`."""

import json

import pytest

from jobsched.cli import table, wait
from tests.unit.cli.conftest import Run
from tests.unit.cli.fake_api import FakeApi, document

JOB = "J" * 32
ROWS = [
    {"status": "running", "id": "A" * 32, "schedule": "2026-11-23T12:00:00Z", "name": "tea"},
    {"status": "finished", "id": "B" * 32, "schedule": "2026-11-23T11:00:00Z"},
]
ATTEMPT = {
    "no": 1,
    "outcome": {"at": "2026-11-23T12:00:05Z", "reason": "exited", "code": 3},
    "refusals": 2,
    "launches": [
        {
            "containers": [
                {"started_at": "2026-11-23T12:00:00.250Z", "not_started_at": None},
            ]
        }
    ],
}


def test_list_has_plain_columns_where_nobody_looks(api: FakeApi, run: Run) -> None:
    """Without a terminal the list is aligned text, with no lines and no colours."""
    api.on("GET /list", {"jobs": ROWS, "next": None})
    found = run("list")
    assert found.stdout.splitlines() == [
        f"id{' ' * 30}  status    schedule              name",
        f"{'A' * 32}  running   2026-11-23T12:00:00Z  tea",
        f"{'B' * 32}  finished  2026-11-23T11:00:00Z",
    ]


def test_list_as_json_is_an_object_a_line(api: FakeApi, run: Run) -> None:
    """--json gives the API's own objects, one a line."""
    api.on("GET /list", {"jobs": ROWS, "next": None})
    found = run("list", "--json")
    assert [json.loads(line) for line in found.stdout.splitlines()] == ROWS


def test_list_follows_cursors(api: FakeApi, run: Run) -> None:
    """--all reads page after page; the status that is asked for goes along."""
    api.on("GET /list", {"jobs": ROWS[:1], "next": "c1"}, {"jobs": ROWS[1:], "next": None})
    found = run("list", "--all", "--json", "--status", "running")
    assert len(found.stdout.splitlines()) == 2
    assert [one.target for one in api.asked] == [
        "/list?status=running&limit=50",
        "/list?status=running&limit=50&cursor=c1",
    ]


def test_list_says_that_there_are_more(api: FakeApi, run: Run) -> None:
    """A list that is cut says so on stderr."""
    api.on("GET /list", {"jobs": ROWS, "next": "c1"})
    found = run("list", "--limit", "1")
    assert len(found.stdout.splitlines()) == 2
    assert "--all" in found.stderr


def test_markup_in_a_name_is_shown_as_it_is() -> None:
    """A name like `[red]` is text: no user writes into our terminal's colours."""
    drawn = table.drawn(("id", "name"), [("1", "[red]x[/red]")])
    assert [str(cell) for cell in drawn.columns[1].cells] == ["[red]x[/red]"]


def test_status_tells_the_job_its_attempts_and_its_times(api: FakeApi, run: Run) -> None:
    """The view names what was asked, how it ended, each attempt, and each event's time."""
    timeline = [
        {"at": "2026-11-23T11:59:58Z", "event": "accepted", "attempt": None},
        {"at": "2026-11-23T12:00:00.250Z", "event": "started", "attempt": 1, "launch": 1},
    ]
    more = {"attempts": [ATTEMPT], "timeline": timeline, "reason": "exited"}
    api.on(f"GET /status/{JOB}", document("failed", **more))
    lines = run("status", JOB).stdout.splitlines()
    assert "status      failed: exited, exit code 3" in lines
    assert "exit code   3" in lines
    assert "image       busybox:latest" in lines
    assert "environment SUGAR=2" in lines
    assert "container   docker_runner, 4ac3b8, exited" in lines
    (attempt,) = [line for line in lines if line.startswith("  1  ")]
    assert "exited, exit code 3, started at +250 ms, ran 5 s, 1 machine, 2 offers" in attempt
    assert [line.split()[:3] for line in lines[-2:]] == [
        ["-2", "s", "accepted"],
        ["+250", "ms", "started"],
    ]


def test_status_as_json_is_the_document(api: FakeApi, run: Run) -> None:
    """--json gives the document whole, on one line."""
    api.on(f"GET /status/{JOB}", document("running"))
    assert json.loads(run("status", JOB, "--json").stdout) == document("running")


def test_unknown_job_ends_with_2(run: Run) -> None:
    """An id that nobody knows is a sentence and 2."""
    found = run("status", "nobody")
    assert (found.exit_code, found.stderr) == (2, "Error: No job has this id.\n")


def test_logs_are_bytes(api: FakeApi, run: Run) -> None:
    """What a container wrote comes out as it was, whatever bytes they are."""
    api.on(f"GET /logs/{JOB}", b"a\xff\x00b")
    assert run("logs", JOB).stdout_bytes == b"a\xff\x00b"


def test_logs_of_an_attempt(api: FakeApi, run: Run) -> None:
    """--attempt asks for that attempt; --json gives an object for each line."""
    api.on(f"GET /logs/{JOB}", b"one\ntwo\n")
    found = run("logs", JOB, "--attempt", "2", "--json")
    assert [json.loads(line)["line"] for line in found.stdout.splitlines()] == ["one", "two"]
    assert api.asked[0].target == f"/logs/{JOB}?attempt=2"


def test_cancel_says_what_happens(api: FakeApi, run: Run) -> None:
    """A cancel that is under way is 0, and stderr says so."""
    api.on(f"POST /cancel/{JOB}", {"status": "running", "message": "on its way", "id": JOB})
    found = run("cancel", JOB)
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "on its way\n")


def test_cancel_of_what_has_ended_is_2(api: FakeApi, run: Run) -> None:
    """A job that has ended otherwise cannot be cancelled: the API's sentence, and 2."""
    api.on(f"POST /cancel/{JOB}", {"detail": "the job has already ended: finished"}, status=409)
    found = run("cancel", JOB)
    assert (found.exit_code, found.stderr) == (2, "Error: the job has already ended: finished\n")


@pytest.mark.parametrize(("status", "code"), [("cancelled", 0), ("failed", 1)])
def test_cancel_may_wait(
    api: FakeApi, run: Run, monkeypatch: pytest.MonkeyPatch, status: str, code: int
) -> None:
    """--wait returns when the job is over: 0 if it was cancelled, else the code of its end."""
    monkeypatch.setattr(wait, "PAUSES", (0.001, 0.002))
    api.on(f"POST /cancel/{JOB}", {"status": "running", "message": "on its way", "id": JOB})
    api.on(f"GET /status/{JOB}", document("running"), document(status, reason="exited"))
    assert run("cancel", JOB, "--wait").exit_code == code


def test_abandon_asks_first(api: FakeApi, run: Run) -> None:
    """Without a yes nothing is asked of the API; with one its sentence is on stderr."""
    api.on(f"POST /abandon/{JOB}", {"status": "failed", "message": "machines abandoned", "id": JOB})
    refused = run("abandon", JOB, stdin="n\n")
    assert (refused.exit_code, api.asked) == (1, [])
    found = run("abandon", JOB, "--yes")
    assert (found.exit_code, found.stdout, found.stderr) == (0, "", "machines abandoned\n")


def test_abandon_of_nothing_is_2(api: FakeApi, run: Run) -> None:
    """A job without such a machine: the API's sentence, and 2."""
    api.on(f"POST /abandon/{JOB}", {"detail": "this job has no machine"}, status=409)
    found = run("abandon", JOB, "--yes", "--json")
    assert (found.exit_code, found.stderr) == (2, "Error: this job has no machine\n")
