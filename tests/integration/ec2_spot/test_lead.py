"""A job's machine is asked for ahead of its time, and waits; virtual time, on the fake EC2."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain.job import Attempt, Instance, Job
from jobsched.plugins.ec2_spot.provider import Ec2SpotProvider
from jobsched.testing.ec2 import FakeEc2
from jobsched.testing.run_job import RunJob
from jobsched.testing.services import LentServices
from jobsched.testing.story import Post
from jobsched.testing.virtual_time import EPOCH
from tests.integration.ec2_spot.clouds import SETTINGS

pytestmark = [pytest.mark.slow, pytest.mark.timeout(60)]

SCHEDULE = EPOCH + timedelta(minutes=10)
LEAD = timedelta(minutes=3)
UPDATE: Post = ("update", {})


class Losing(Ec2SpotProvider):
    """EC2 takes the first machine back a minute before the job's time."""

    def __init__(self, services: LentServices, ec2: FakeEc2) -> None:
        super().__init__(services, SETTINGS)
        self._now = services.clock.now
        self._ec2 = ec2
        self.lost = ""

    async def describe_all(self, known: Mapping[str, Instance]) -> Mapping[str, InstanceStatus]:
        """See what is there after the machine was taken."""
        if not self.lost and self._now() >= SCHEDULE - timedelta(minutes=1):
            (self.lost,) = self._ec2.alive()
            self._ec2.interrupt(self.lost)
        return await super().describe_all(known)


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """What the core lends, in the deployment of `run_job`."""
    lent = LentServices(data_dir=tmp_path, deployment="simulated")
    yield lent
    lent.spawn.end()


def only_attempt(job: Job) -> Attempt:
    """The job's attempt; it had no other."""
    assert job.past == ()
    assert job.attempt is not None
    return job.attempt


def test_a_machine_is_asked_for_ahead_and_waits(
    ec2: FakeEc2, run_job: RunJob, services: LentServices
) -> None:
    """P7: asked for 3 minutes before, its container created at once, started when it is time."""
    ran = run_job(provider=Ec2SpotProvider(services, SETTINGS), schedule=SCHEDULE, posts=[UPDATE])

    (launch,) = only_attempt(ran.job).launches
    (container,) = launch.tries
    assert (ran.state, ran.starts) == ("finished", 1)
    assert launch.begun_at - (SCHEDULE - LEAD) < timedelta(seconds=1)
    assert container.prepared_at is not None
    assert container.prepared_at < SCHEDULE - LEAD + timedelta(seconds=10)
    assert container.started_at is not None
    assert timedelta(0) <= container.started_at - SCHEDULE < timedelta(seconds=2)
    assert [one.market for one in ec2.machines()] == ["spot"]
    assert ec2.alive() == []


def test_a_machine_that_is_lost_while_it_waits_is_replaced(
    ec2: FakeEc2, run_job: RunJob, services: LentServices
) -> None:
    """P3, P7: the same attempt has another machine, and the container starts once, on that one."""
    provider = Losing(services, ec2)
    ran = run_job(
        provider=provider,
        schedule=SCHEDULE,
        posts=[UPDATE],
        retry={"max_attempts": 1},
    )

    first, second = only_attempt(ran.job).launches
    assert (ran.state, ran.starts) == ("finished", 1)
    assert first.instance is not None
    assert (first.instance.id, first.gone) == (provider.lost, "interrupted")
    assert [one.granted_at for one in first.tries] == [None]
    assert SCHEDULE - timedelta(minutes=1) <= second.begun_at < SCHEDULE
    assert second.tries[-1].started_at is not None
    assert second.tries[-1].started_at - SCHEDULE < timedelta(seconds=2)
    assert first.token != second.token
    assert ec2.alive() == []


def test_a_stillborn_machine_is_replaced(
    ec2: FakeEc2, run_job: RunJob, services: LentServices
) -> None:
    """EC2 names a machine and ends it at once: the next offer is asked, as if refused (L13)."""
    ec2.switch(stillborn={"spot/m6i.large/*": "Server.InsufficientInstanceCapacity"})
    ec2.switch(price={"m6i.large/*": "0.01"})

    class Reviving(Ec2SpotProvider):
        async def provision(self, request: str) -> InstanceStatus:
            """Let only the first machine be stillborn."""
            status = await super().provision(request)
            ec2.switch(stillborn={})
            return status

    ran = run_job(provider=Reviving(services, SETTINGS), schedule=SCHEDULE, posts=[UPDATE])

    assert (ran.state, ran.starts) == ("finished", 1)
    first, _ = only_attempt(ran.job).launches
    assert first.gone == "refused"
    assert [one.market for one in ec2.machines()] == ["spot", "on-demand"]
    (refused,) = only_attempt(ran.job).refused
    assert (refused.reason, refused.launch) == ("no_capacity", 1)
    assert [one.state for one in ec2.machines()] == ["terminated"] * 2
