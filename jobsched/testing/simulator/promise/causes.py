"""Whether another attempt is one that the job asked for: by the books, then by the record.

The product's own table (`jobsched.domain.retry`) is not asked: this is a second one, to be held
against it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from jobsched.domain.job import Attempt, Job
from jobsched.testing.fakes import FakeContainer

#: reason of an end → the words of ``retry.on`` of which one must be there
WORDS: Final[Mapping[str, frozenset[str]]] = {
    "exited": frozenset({"error"}),
    "oom": frozenset({"error"}),
    "start_failed": frozenset({"error"}),
    "timeout": frozenset({"timeout"}),
    "interrupted": frozenset({"interruption", "before_start"}),
    "machine_lost": frozenset({"interruption", "before_start"}),
    "outcome_unknown": frozenset({"interruption"}),
    "boot_failed": frozenset({"before_start"}),
    "pull_failed": frozenset({"before_start"}),
    "plugin_error": frozenset({"before_start"}),
}


def wrong_cause(job: Job, last: Attempt, started: Sequence[FakeContainer]) -> str:
    """Say why an attempt should not have been followed by another; empty: it is as told.

    Args:
        job: asked for something.
        last: the attempt that was followed.
        started: its containers that were really started.
    """
    outcome, asked = last.outcome, set(job.spec.retry.on)
    if outcome is None:
        return "is followed and had no outcome"
    words = set(WORDS.get(outcome.reason, ()))
    if outcome.code is not None and "error" in words:
        words.add(f"exit:{outcome.code}")
    if started:
        # whatever the record says: it ran
        words.discard("before_start")
    if asked.isdisjoint(words):
        ran = "ran" if started else "did not run"
        return f"{ran} and ended as {outcome.reason}; asked for {sorted(asked)}"
    if last.no >= job.spec.retry.max_attempts:
        return "was to be the last"
    return ""


__all__ = ["WORDS", "wrong_cause"]
