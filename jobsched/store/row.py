"""What a store indexes of a record, and where it stands in a list: the same for every adapter."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobsched.domain.job import Job
from jobsched.domain.state import State, reason_of, slots, state_of
from jobsched.errors import InvalidInput

#: How long a job is kept after its end, unless the configuration says otherwise.
RETENTION = timedelta(days=30)
#: How long an idempotency key is remembered.
KEY_KEPT = timedelta(hours=24)
#: How long a change may lie with a consumer before another one is given it.
CHANGE_IDLE = timedelta(seconds=60)
#: About how many changes are kept, told or not.
CHANGES_KEPT = 100_000
#: The span of the hourly cap.
HOUR = timedelta(hours=1)
#: The most jobs that one claim takes, and that one prune forgets.
CLAIM_MOST = 500

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_ONE = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CURSOR = re.compile(r"[0-9a-f]{16}-[0-9A-Za-z_-]{1,64}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The indexed fields of a record."""

    state: State
    reason: str
    attempt: int
    #: place in the waiting line of the provider
    order: datetime
    #: launches that hold a slot
    tokens: frozenset[str]


def row_of(job: Job) -> Row:
    """Read the indexed fields out of a record."""
    attempt = job.attempt
    return Row(
        state=state_of(job),
        reason=reason_of(job),
        attempt=attempt.no if attempt else 0,
        order=attempt.plan.start_at if attempt else job.spec.schedule,
        tokens=slots(job),
    )


def place(job: Job) -> str:
    """Give the job's place in a list, and its cursor: sorts by schedule, then by id."""
    return f"{(job.spec.schedule - _YEAR_ONE) // _MICROSECOND:016x}-{job.id}"


def checked(cursor: str | None) -> str:
    """Give the cursor, empty for the first page; raise ``InvalidInput`` if it is not ours."""
    if not cursor:
        return ""
    if not _CURSOR.match(cursor):
        raise InvalidInput(
            "This cursor is not one that a list gave.", errors={"cursor": ["Not a cursor of ours."]}
        )
    return cursor


def microseconds(span: timedelta) -> int:
    """Give a span in whole microseconds."""
    return span // _MICROSECOND


def to_number(at: datetime) -> int:
    """Give a time in microseconds since 1970: below 2**53, so a float holds it exactly."""
    return (at - EPOCH) // _MICROSECOND


def to_time(number: float) -> datetime:
    """Give the time of :func:`to_number`."""
    return EPOCH + timedelta(microseconds=int(number))


__all__ = [
    "CHANGES_KEPT",
    "CHANGE_IDLE",
    "CLAIM_MOST",
    "EPOCH",
    "HOUR",
    "KEY_KEPT",
    "RETENTION",
    "Row",
    "checked",
    "microseconds",
    "place",
    "row_of",
    "to_number",
    "to_time",
]
