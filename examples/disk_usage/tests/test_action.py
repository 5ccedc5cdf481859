"""What a machine posts becomes a note of its job, or is refused with a sentence."""

from datetime import UTC, datetime
from typing import Any

import pytest
from marshmallow import ValidationError

from jobsched.domain.facts import Fact, Noted
from jobsched.domain.job import Job, JobId, Spec
from jobsched_disk_usage.action import DiskUsage

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
JOB = Job(
    id=JobId("j" * 32),
    spec=Spec(schedule=NOW, docker_image="a", provider="p", runner="r", planner="on_time"),
    accepted_at=NOW,
)
POSTED = {"path": "/var", "used_bytes": 750, "total_bytes": 1000}


def told(payload: dict[str, Any]) -> Fact | None:
    """Post it."""
    action = DiskUsage()
    return action.to_fact(JOB, 1, "i-1", action.payload_schema().load(payload), NOW)


def test_a_posted_disk_becomes_a_note() -> None:
    """The machine is named, and the share is worked out for people."""
    expected = {"instance_id": "i-1", **POSTED, "used_percent": 75.0}
    assert told(POSTED) == Noted(at=NOW, source="disk_usage", data=expected)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"path": "var"}, "write it from the root: /var"),
        ({"path": "/" * 201}, "Longer than maximum length 200"),
        ({"used_bytes": -1}, "greater than or equal to 0"),
        ({"used_bytes": "750"}, "this must be a whole number"),
        ({"used_bytes": 7.5}, "this must be a whole number"),
        ({"used_bytes": 1001}, "this is more than total_bytes"),
        ({"total_bytes": 0}, "greater than or equal to 1"),
        ({"total_bytes": 10**30}, "less than or equal to"),
        ({"inodes": 3}, "there is no such field"),
    ],
)
def test_what_makes_no_sense_is_refused(change: dict[str, Any], sentence: str) -> None:
    """The machine hears which field is wrong, as a 422."""
    with pytest.raises(ValidationError, match=sentence):
        told(POSTED | change)


@pytest.mark.parametrize("field", POSTED)
def test_every_field_is_needed(field: str) -> None:
    """Half a message is none."""
    with pytest.raises(ValidationError, match=field):
        told({name: value for name, value in POSTED.items() if name != field})
