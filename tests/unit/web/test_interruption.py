"""What is told of a machine that was taken away, and of one that might have been."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from jobsched.domain import facts
from jobsched.domain.job import Retry
from jobsched.web.attempts import attempts_of
from jobsched.web.timeline import timeline_of
from tests.unit.web import kit

HERE: dict[str, Any] = {"attempt": 1, "launch": 1}
RUNNING = kit.until(facts.Started)
UNTIL = kit.after(220)
INTERRUPTED = facts.Interrupted(at=kit.after(100), until=UNTIL, what="terminate", **HERE)
WARNED = facts.Warned(at=kit.after(100.25), no=0, kind="interruption", **HERE)
TAKEN = (
    INTERRUPTED,
    WARNED,
    facts.Stopping(
        at=kit.after(100.5), no=0, why="interruption", grace=timedelta(seconds=109.5), **HERE
    ),
    facts.Ended(at=kit.after(103), no=0, code=143, **HERE),
    facts.LogsStored(at=kit.after(104), complete=True, **HERE),
    facts.Released(at=kit.after(104), why="interrupted", **HERE),
    facts.Gone(at=kit.after(109), **HERE),
)
AT_RISK = facts.AtRisk(at=kit.after(50), noticed_at=kit.after(48), **HERE)
TOLD_OF_RISK = facts.Warned(at=kit.after(51), no=0, kind="rebalance", **HERE)
NOTHING = {"warned": None, "stopping": None, "ended": None, "logs": None, "gone": None}


def launch(*found: facts.Fact) -> dict[str, Any]:
    """Give the launch of a running job of which this became known."""
    job = kit.make_job(*RUNNING, *found, spec=kit.make_spec(retry=Retry(on=("interruption",))))
    (told,) = attempts_of(job, kit.after(3600))[0]["launches"]
    return dict(told)


def events(*found: facts.Fact) -> list[tuple[str, str | None]]:
    """Give what became known since the start, as the timeline tells it."""
    timeline = timeline_of(kit.make_job(*RUNNING, *found))
    return [(one["event"], one.get("detail")) for one in timeline][8:]


def test_a_machine_that_stays_has_none() -> None:
    """The key is there, and null."""
    assert launch()["interruption"] is None


def test_each_step_is_told_in_seconds_since_the_notice() -> None:
    """From the file to the machine that is gone, with what the container was given."""
    told = launch(*TAKEN)
    assert told["interruption"] == {
        "noticed_at": "2026-11-23T12:01:40Z",
        "deadline": "2026-11-23T12:03:40Z",
        "what": "terminate",
        "at_risk_at": None,
        "warning_failed": None,
        "seconds": {"warned": 0.25, "stopping": 0.5, "ended": 3.0, "logs": 4.0, "gone": 9.0},
    }
    assert told["stopping_grace"] == 109.5


def test_what_was_not_done_yet_is_null() -> None:
    """Until it is."""
    assert launch(INTERRUPTED)["interruption"]["seconds"] == NOTHING
    warned = launch(INTERRUPTED, WARNED)["interruption"]["seconds"]
    assert warned == {**NOTHING, "warned": 0.25}


def test_a_warning_that_failed_is_told_with_its_reason() -> None:
    """It has no seconds: the container was not told."""
    failed = facts.Warned(
        at=kit.after(105), no=0, kind="interruption", failure="time_out: no answer", **HERE
    )
    told = launch(INTERRUPTED, failed)["interruption"]
    assert (told["warning_failed"], told["seconds"]) == ("time_out: no answer", NOTHING)
    assert events(INTERRUPTED, failed)[1] == ("not_warned", "interruption: time_out: no answer")


def test_a_risk_counts_from_its_own_notice_and_causes_nothing_else() -> None:
    """The job ended by itself later; that was not because of it."""
    ended = facts.Ended(at=kit.after(90), no=0, code=0, **HERE)
    assert launch(AT_RISK, TOLD_OF_RISK, ended)["interruption"] == {
        "noticed_at": None,
        "deadline": None,
        "what": None,
        "at_risk_at": "2026-11-23T12:00:48Z",
        "warning_failed": None,
        "seconds": {**NOTHING, "warned": 3.0},
    }


def test_after_a_risk_an_interruption_is_what_counts() -> None:
    """Both are told; seconds are since the notice that took the machine."""
    told = launch(AT_RISK, TOLD_OF_RISK, *TAKEN)["interruption"]
    assert told["at_risk_at"] == "2026-11-23T12:00:48Z"
    assert told["seconds"]["warned"] == 0.25


def test_what_was_done_before_the_notice_is_no_answer_to_it() -> None:
    """A container that was stopped for another cause has no negative seconds."""
    stopping = facts.Stopping(at=kit.after(99), no=0, why="cancel", **HERE)
    cancel = facts.CancelRequested(at=kit.after(98))
    told = launch(cancel, stopping, INTERRUPTED)["interruption"]
    assert told["seconds"] == NOTHING


def test_the_timeline_tells_it_in_order() -> None:
    """With the deadline, and of what the container was warned."""
    assert events(AT_RISK, TOLD_OF_RISK, *TAKEN[:3]) == [
        ("at_risk", None),
        ("warned", "rebalance"),
        ("interrupted", "terminate at 2026-11-23T12:03:40Z"),
        ("warned", "interruption"),
        ("stopping", "interruption"),
    ]
