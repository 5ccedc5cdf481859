"""The four jobs of ``jobsched demo``, and how each should end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from jobsched.cli import ending
from jobsched.client import Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A job, and the end that it should have."""

    name: str
    script: str
    delay: timedelta = timedelta(0)
    #: it is cancelled once it runs
    is_cancelled: bool = False
    status: str = "finished"
    reason: str = "finished"
    #: how often it is tried where its machine is taken away
    attempts: int = 1
    #: None: any, as with a job that was stopped
    exit_code: int | None = 0

    def body(self, image: str) -> dict[str, Any]:
        """Give what is posted."""
        schedule = datetime.now(UTC) + self.delay
        again = {"max_attempts": self.attempts, "on": ["before_start", "interruption"]}
        return {
            "schedule": schedule.isoformat().replace("+00:00", "Z"),
            "docker_image": image,
            "env": [f"SAMPLE={self.name}"],
            "cmd": ["sh", "-c", self.script],
            "name": self.name,
            "timeout": "5m",
            "grace": "2s",
            **({"retry": {**again, "backoff": "1s"}} if self.attempts > 1 else {}),
        }

    def ended_as_it_should(self, document: Document) -> bool:
        """Say whether a job's last document tells the end that is wanted."""
        if (document["status"], document["reason"]) != (self.status, self.reason):
            return False
        return self.exit_code is None or ending.exit_code(document) == self.exit_code


SAMPLES = (
    Sample(name="now", script='echo "hello from the job named $SAMPLE"'),
    Sample(
        name="in-3-seconds",
        script='echo "it is now $(date -u +%H:%M:%S) UTC"',
        delay=timedelta(seconds=3),
    ),
    Sample(
        name="fails",
        script='echo "something is wrong" >&2; exit 3',
        status="failed",
        reason="exited",
        exit_code=3,
    ),
    Sample(
        name="cancelled",
        # a shell is deaf to SIGTERM while it runs something; while it waits it is not
        script='trap "echo told to stop; exit 0" TERM; echo "I could go on for hours"; '
        "sleep 3600 & wait",
        is_cancelled=True,
        status="cancelled",
        reason="cancelled",
        exit_code=None,
    ),
)

#: Its machine is taken away in the middle of its first attempt (``jobsched demo --cloud``).
INTERRUPTED = Sample(
    name="interrupted",
    script='trap "echo saving my work; cat $JOBSCHED_INTERRUPTION_FILE; echo; exit 0" TERM; '
    'echo "attempt $JOBSCHED_ATTEMPT"; [ "$JOBSCHED_ATTEMPT" = 1 ] || exit 0; sleep 3600 & wait',
    attempts=2,
)

__all__ = ["INTERRUPTED", "SAMPLES", "Sample"]
