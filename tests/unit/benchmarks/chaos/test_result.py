"""The figures of the chaos run."""

from __future__ import annotations

from typing import Any

from benchmarks.chaos.evidence import Body
from benchmarks.chaos.inheritance import Inheritance, Span
from benchmarks.chaos.result import Result, lateness, orphans, unknown
from tests.unit.benchmarks.chaos.story import JOB, NOON, at, run, seen


def missed(**more: Any) -> set[str]:
    """The figures that miss their goal."""
    figures = result(**more).figures()
    return {one.name for one in figures if one.verdict.startswith("missed")}


def result(**more: Any) -> Result:
    """What is known of a run."""
    usual: dict[str, Any] = {"seen": seen(), "faults": [], "inherited": [30.0], "seconds": 60.0}
    return Result(**usual | more)


def test_a_good_run_reaches_every_goal() -> None:
    """Nothing is missed."""
    assert missed() == set()


def test_a_broken_promise_misses_its_goal() -> None:
    """One double start is one too many."""
    evidence = seen(run(1, 2), run(3, 4))
    assert missed(seen=evidence) == {"double start"}
    assert not result(seen=evidence).is_kept()


def test_a_long_orphan_misses_its_goal() -> None:
    """A container that stood for 16 minutes after its job's outcome, which was known at 4 s."""
    body = Body(job=JOB, attempt=1, name="c1", made_at=NOON, gone_at=at(4 + 16 * 60))
    evidence = seen(bodies=[body])

    assert orphans(evidence) == [16 * 60]
    assert missed(seen=evidence) == {"orphan, p99", "orphan, max"}
    assert not result(seen=evidence).is_kept()


def test_what_was_gone_before_the_outcome_is_no_orphan() -> None:
    """A machine that was lost has ended first."""
    body = Body(job=JOB, attempt=1, name="c1", made_at=NOON, gone_at=at(1))
    assert orphans(seen(bodies=[body])) == [0]


def test_jobs_that_are_taken_up_late_miss_the_goal() -> None:
    """36 seconds after their worker's death."""
    assert missed(inherited=[30.0, 36.0]) == {"worker's death to next step, max"}
    assert result(inherited=[30.0, 36.0]).is_kept(), "a machine may be busy"


def test_times_are_told_from_what_was_seen() -> None:
    """The container started a second late; its end was known a second after it."""
    assert (lateness(seen()), unknown(seen())) == ([1.0], [1.0])


def test_the_time_that_redis_was_away_is_not_counted() -> None:
    """Of 40 seconds it was away for 8, and for 3 of the next 5 before that."""
    made = Inheritance("redis://nowhere", list)
    made.waits.append(Span(begin=100, end=140))
    made.absences += [Span(begin=95, end=103), Span(begin=110, end=115)]
    assert made.seconds() == [32.0]
