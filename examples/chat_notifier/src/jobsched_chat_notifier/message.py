"""What the chat is told of a job."""

from __future__ import annotations

from jobsched.contracts.change import Change


def message(change: Change) -> str:
    """Say in one line how the job ended."""
    reason = f": {change.reason}" if change.reason else ""
    attempts = f", in attempt {change.attempt}" if change.attempt > 1 else ""
    return f"job {change.job} {change.state}{reason}{attempts}"
