"""What a store indexes of a record, and where it stands in a list: the same for every adapter."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobsched.contracts.provider import Caps
from jobsched.domain.job import Job
from jobsched.domain.state import State, reason_of, refused, slots, state_of
from jobsched.errors import InvalidInput

#: How long a job is kept after its end, unless the configuration says otherwise.
RETENTION = timedelta(days=30)
#: a revision is higher than the last one by up to this, by chance: where a store has forgotten a
#: save, the next one has another number, but once in a million times
LEAP = 1 << 20
#: How long an idempotency key is remembered.
KEY_KEPT = timedelta(hours=24)
#: How long a change may lie with a consumer before another one is given it.
CHANGE_IDLE = timedelta(seconds=60)
#: About how many changes are kept, told or not.
CHANGES_KEPT = 100_000
#: The span of the hourly cap.
HOUR = timedelta(hours=1)
#: A pause lets as many launches begin at once as the pace has for this long.
BURST = timedelta(seconds=1)
#: How far ahead a refill looks at those who wait for the pace.
PACED_AHEAD = timedelta(seconds=60)
#: The most jobs of a line that are woken in one call.
WOKEN_MOST = 1000
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
    #: launches that were refused: they cost nothing, and do not count in the hour
    refused: frozenset[str]


def row_of(job: Job) -> Row:
    """Read the indexed fields out of a record."""
    attempt = job.attempt
    return Row(
        state=state_of(job),
        reason=reason_of(job),
        attempt=attempt.no if attempt else 0,
        order=attempt.plan.start_at if attempt else job.spec.schedule,
        tokens=slots(job),
        refused=refused(job),
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


def interval(caps: Caps) -> timedelta | None:
    """Give the time between two launches at the pace, in whole microseconds; None: no pace."""
    if caps.per_second is None:
        return None
    return timedelta(microseconds=math.ceil(1_000_000 / caps.per_second))


def to_number(at: datetime) -> int:
    """Give a time in microseconds since 1970: below 2**53, so a float holds it exactly."""
    return (at - EPOCH) // _MICROSECOND


def to_time(number: float) -> datetime:
    """Give the time of :func:`to_number`."""
    return EPOCH + timedelta(microseconds=int(number))


__all__ = [
    "BURST",
    "CHANGES_KEPT",
    "CHANGE_IDLE",
    "CLAIM_MOST",
    "EPOCH",
    "HOUR",
    "KEY_KEPT",
    "LEAP",
    "PACED_AHEAD",
    "RETENTION",
    "WOKEN_MOST",
    "Row",
    "checked",
    "interval",
    "microseconds",
    "place",
    "row_of",
    "to_number",
    "to_time",
]
