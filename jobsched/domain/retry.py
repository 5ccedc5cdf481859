"""Whether an attempt is followed by another, and when (design, table of reasons)."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from jobsched.domain.job import Job, Outcome

#: reason of an attempt whose container may have started → the word in ``retry.on`` that retries it
AFTER_START = {
    "exited": "error",
    "oom": "error",
    "start_failed": "error",
    "timeout": "timeout",
    "interrupted": "interruption",
    "machine_lost": "interruption",
    "outcome_unknown": "interruption",
}
#: reasons that ``before_start`` retries, where the container surely never started
BEFORE_START = frozenset(
    {"boot_failed", "machine_lost", "interrupted", "pull_failed", "plugin_error"}
)
MOST_BACKOFF = timedelta(minutes=10)


def causes(outcome: Outcome) -> frozenset[str]:
    """Give the words of ``retry.on`` that cover an outcome; empty: it is never retried."""
    if not outcome.started:
        return frozenset({"before_start"} if outcome.reason in BEFORE_START else ())
    word = AFTER_START.get(outcome.reason)
    if word == "error" and outcome.code is not None:
        return frozenset({word, f"exit:{outcome.code}"})
    return frozenset({word} if word else ())


def is_followed(job: Job) -> bool:
    """Whether the current attempt is followed by another (a cancel aside)."""
    return job.restored_at is None and asks_for_another(job)


def asks_for_another(job: Job) -> bool:
    """Whether the current attempt's outcome asks for another attempt."""
    attempt = job.attempt
    if attempt is None or attempt.outcome is None or attempt.no >= job.spec.retry.max_attempts:
        return False
    return not causes(attempt.outcome).isdisjoint(job.spec.retry.on)


def earliest(job: Job) -> datetime:
    """Give the earliest start of the next attempt: the schedule, or the end of the back-off."""
    attempt = job.attempt
    if attempt is None or attempt.outcome is None:
        return job.spec.schedule
    pause = job.spec.retry.backoff * 2 ** min(attempt.no - 1, 16)
    pause = min(pause, MOST_BACKOFF) * (1 - jitter(f"{job.id}/{attempt.no}") / 4)
    end: datetime = attempt.outcome.at + pause
    return max(job.spec.schedule, end)


def jitter(seed: str) -> float:
    """Give a number from 0 to 1 that is the same for the same seed: spread without randomness."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") / 2**32


__all__ = [
    "AFTER_START",
    "BEFORE_START",
    "asks_for_another",
    "causes",
    "earliest",
    "is_followed",
    "jitter",
]
