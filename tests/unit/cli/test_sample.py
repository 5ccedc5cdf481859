"""The demo's four jobs, and what it counts as their right end."""

from datetime import UTC, datetime, timedelta

import pytest

from jobsched.cli.sample import INTERRUPTED, SAMPLES
from tests.unit.cli.fake_api import document

ENDS = [
    ("finished", "finished", 0),
    ("finished", "finished", 0),
    ("failed", "exited", 3),
    ("cancelled", "cancelled", 143),
]


def test_there_are_four_jobs_of_four_kinds() -> None:
    """One now, one in three seconds, one that fails, one that is cancelled."""
    assert [one.name for one in SAMPLES] == ["now", "in-3-seconds", "fails", "cancelled"]
    assert [one.is_cancelled for one in SAMPLES] == [False, False, False, True]
    at = datetime.fromisoformat(SAMPLES[1].body("busybox")["schedule"])
    assert abs(at - datetime.now(UTC) - timedelta(seconds=3)) < timedelta(seconds=1)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("end", range(4))
def test_each_job_knows_its_end(place: int, end: int) -> None:
    """A job that ends as another should is not as it should be."""
    status, reason, code = ENDS[end]
    found = document(status, reason=reason)
    found["attempts"] = [{"outcome": {"code": code}}]
    assert SAMPLES[place].ended_as_it_should(found) == (ENDS[place] == ENDS[end])


def test_another_exit_code_is_not_the_wanted_end() -> None:
    """The failing job must fail with 3, not with any code."""
    found = document("failed", reason="exited")
    found["attempts"] = [{"outcome": {"code": 127}}]
    assert not SAMPLES[2].ended_as_it_should(found)


def test_the_one_that_is_interrupted_is_tried_again_elsewhere() -> None:
    """The others as every job: by default, if they never started."""
    assert INTERRUPTED.body("busybox")["retry"]["on"] == ["before_start", "interruption"]
    assert ["retry" in one.body("busybox") for one in SAMPLES] == [False] * 4
