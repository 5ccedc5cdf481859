"""What imagined machines say is believed as `ec2_spot` believes it of real ones."""

from __future__ import annotations

from datetime import timedelta, timezone

import pytest

from jobsched.contracts.callback import CallbackAction
from jobsched.domain import facts
from jobsched.domain.job import Job
from jobsched.plugins.ec2_spot import interruption
from jobsched.testing.simulator.said import Interrupt, Rebalance
from tests.unit.domain.example import HOUR, a_job, known, told, up_to

#: its launch was begun in the hour, so that some of it is before that
NOW = HOUR + timedelta(seconds=60)
ELSEWHERE = timezone(timedelta(hours=2))
ACTIONS = [
    (Interrupt(), interruption.Interrupt(), "until"),
    (Rebalance(), interruption.Rebalance(), "noticed_at"),
]
JOBS = [a_job(), known(a_job(), told(facts.Planned)), up_to(facts.Started)]


def fact(action: CallbackAction, job: Job, payload: dict[str, str]) -> facts.Fact | None:
    """Give what an action makes of what was posted."""
    return action.to_fact(job, 1, "i-1", action.payload_schema().load(payload), NOW)


@pytest.mark.parametrize("job", JOBS, ids=["no attempt", "no launch", "it runs"])
@pytest.mark.parametrize("seconds", [-3600, -61, -30, -1, 0, 1, 40, 119, 120, 121, 3600])
@pytest.mark.parametrize(("imagined", "real", "key"), ACTIONS)
def test_the_same_is_made_of_it(
    imagined: CallbackAction, real: CallbackAction, key: str, seconds: int, job: Job
) -> None:
    """Whenever it is said to be, and whatever the record knows."""
    at = (NOW + timedelta(seconds=seconds)).astimezone(ELSEWHERE)
    payload = {key: at.isoformat()}
    assert imagined.name == real.name
    assert fact(imagined, job, payload) == fact(real, job, payload)
