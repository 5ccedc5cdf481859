"""A whole job whose machine posts, in virtual time: the rest of jobsched is the production code."""

import pytest

from jobsched.errors import InvalidInput
from jobsched.testing.run_job import RunJob
from jobsched_disk_usage.action import DiskUsage

POSTED = {"path": "/var", "used_bytes": 750, "total_bytes": 1000}


def test_what_the_machine_posts_is_kept_with_the_job(run_job: RunJob) -> None:
    """The note is of this action, and the job goes on as if nothing was said."""
    ran = run_job(actions=[DiskUsage()], posts=[("disk_usage", POSTED)])
    assert (ran.state, ran.starts) == ("finished", 1)
    (note,) = ran.job.notes
    assert (note.source, note.data["used_percent"]) == ("disk_usage", 75.0)


def test_rubbish_is_refused_at_the_door(run_job: RunJob) -> None:
    """The machine hears why."""
    with pytest.raises(InvalidInput) as refused:
        run_job(actions=[DiskUsage()], posts=[("disk_usage", POSTED | {"path": ""})])
    assert refused.value.errors == {"path": ["write it from the root: /var"]}
