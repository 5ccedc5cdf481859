"""States that are easily read wrong."""

from __future__ import annotations

from jobsched.domain import facts
from jobsched.domain.record import record
from jobsched.domain.state import State, state_of
from tests.unit.domain.example import MINUTE, told, up_to


def test_a_container_on_a_machine_that_is_given_back_runs_until_its_end_is_known() -> None:
    """Stopped, unanswered and released: it is still running for all that is known, and says so."""
    job = up_to(facts.Started)
    stopped_at = job.accepted_at + 90 * MINUTE
    job = record(job, told(facts.Stopping, stopped_at, why="timeout"))
    job = record(job, told(facts.Released, stopped_at + 3 * MINUTE, why="stopping_timeout"))

    assert state_of(job) is State.RUNNING

    job = record(job, told(facts.Gone, stopped_at + 4 * MINUTE))
    assert state_of(job) is State.FAILED
