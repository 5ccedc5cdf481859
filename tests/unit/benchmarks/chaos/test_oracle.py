"""The judge of the chaos run finds what it is there to find."""

from __future__ import annotations

from typing import Any

import pytest

from benchmarks.chaos.evidence import Evidence
from benchmarks.chaos.oracle import explained, judge
from tests.unit.benchmarks.chaos.story import JOB, at, document, entry, run, script, seen

FAILED = {"status": "failed", "reason": "exited", "exit_code": 3}
RETRIED = script(kind="retried", attempts=2)


def broken(evidence: Evidence) -> set[str]:
    """Which promises were broken."""
    return {one.promise for one in judge(evidence)}


def test_a_good_run_breaks_nothing() -> None:
    """One job, one container, exit code 0."""
    assert judge(seen()) == []


def test_a_second_start_of_an_attempt_is_found() -> None:
    """Also where the two runs are of one container, one after the other."""
    assert broken(seen(run(1, 2), run(3, 4))) == {"double start"}


def test_a_second_start_is_found_by_the_containers_own_lines() -> None:
    """Whatever the engine says."""
    runs = {"the engine": [run()], "the containers": [run(1, 2), run(2.5, 3)]}
    assert broken(seen(runs=runs)) == {"double start"}


def test_containers_of_two_attempts_at_one_time_are_found() -> None:
    """The second began before the first had ended."""
    first, second = run(1, 5, code=3), run(4, 8, attempt=2)
    book = [entry(script=RETRIED)]
    assert broken(seen(first, second, book=book)) == {"overlap"}


def test_a_container_that_never_ended_overlaps_with_the_next() -> None:
    """Nobody has seen it end."""
    book = [entry(script=RETRIED)]
    assert "overlap" in broken(seen(run(1, None, code=None), run(4, 8, attempt=2), book=book))


def test_attempts_one_after_the_other_are_right() -> None:
    """That is what a retry is."""
    book = [entry(script=RETRIED)]
    assert broken(seen(run(1, 2, code=3), run(3, 4, attempt=2), book=book)) == set()


@pytest.mark.parametrize(
    "more",
    [
        {"documents": {}},
        {"documents": {JOB: document(status="running", reason=None)}},
        {"book": [entry(ids=(), acknowledged_at=None)], "listed": []},
    ],
    ids=["unknown to the API", "never ended", "never acknowledged"],
)
def test_a_lost_job_is_found(more: dict[str, Any]) -> None:
    """Unknown to the API, without an end, or never acknowledged."""
    assert "lost" in broken(seen(**more))


def test_a_job_that_was_accepted_twice_is_found() -> None:
    """By two ids for one key, or by a job that nobody was told of."""
    assert broken(seen(book=[entry(ids=(JOB, "other"))])) == {"accepted twice"}
    assert broken(seen(listed=[JOB, "other"])) == {"accepted twice"}


@pytest.mark.parametrize("runs", [[run(code=3)], [run(code=None)], [run(1, None, code=None)]])
def test_a_false_finish_is_found(runs: list[Any]) -> None:
    """The job says finished, and its container did not exit with 0."""
    assert broken(seen(*runs)) == {"false finished"}


def test_a_finish_without_any_container_is_found() -> None:
    """Nothing ran."""
    assert "false finished" in broken(seen(runs={"the engine": []}))


def test_an_end_that_the_script_does_not_deserve_is_found() -> None:
    """Failed though it exited with 0, another exit code, or one more attempt than was told."""
    assert broken(seen(documents={JOB: document(**FAILED)}, book=[entry(first_end=None)])) == {
        "undeserved end"
    }
    assert "undeserved end" in broken(seen(documents={JOB: document(exit_code=1)}))
    assert "undeserved end" in broken(seen(run(1, 2), run(3, 4, attempt=2)))


def test_an_end_that_the_faults_explain_is_told_and_not_a_breach() -> None:
    """Nobody could learn what became of the container."""
    end = {"status": "failed", "reason": "outcome_unknown", "exit_code": None}
    evidence = seen(documents={JOB: document(**end)}, book=[entry(first_end=None)])
    assert (broken(evidence), explained(evidence)) == (set(), ["outcome_unknown"])


def test_an_end_that_changed_is_found() -> None:
    """It was seen as failed first."""
    assert broken(seen(book=[entry(first_end=("failed", "exited"))])) == {"changed end"}


def test_a_start_before_its_time_is_found() -> None:
    """The job was due two seconds later."""
    assert broken(seen(book=[entry(schedule=at(3))])) == {"early start"}


def test_a_start_after_the_outcome_is_found() -> None:
    """A cancelled job's container started when it counted as ended."""
    end = {"status": "cancelled", "reason": "cancelled", "exit_code": None}
    cancelled = script(kind="cancelled", ends=frozenset({"cancelled"}), code=None, attempts=None)
    book = [entry(script=cancelled, first_end=None)]
    documents = {JOB: document(**end)}
    assert broken(seen(run(5, 6), documents=documents, book=book)) == {"start after the end"}


def test_what_is_left_is_found() -> None:
    """A container, a lease, a machine."""
    assert broken(seen(left=["container c1"])) == {"left"}


def test_an_answer_that_no_client_expects_is_found() -> None:
    """A 500 is neither yes nor later."""
    assert broken(seen(book=[entry(odd_answers=("POST /schedule: 500",))])) == {"odd answer"}
