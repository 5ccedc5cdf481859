"""A deployment whose machines are those of the local cloud: nothing of it is played."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from jobsched.testing.cloud import LocalCloud
from jobsched.testing.ec2 import FakeEc2, Machine
from tests.acceptance.deployment import Deployment, deployment
from tests.acceptance.product import WITHIN
from tests.services import RedisServer

#: so that what is looked at every minute is looked at every second
QUICK = {
    "JOBSCHED_WORKER_SWEEP_EVERY": "1s",
    "JOBSCHED_LIMITS_TERMINATE_AGAIN": "2s",
    "JOBSCHED_LIMITS_FIND_AGAIN": "500ms",
    "JOBSCHED_LIMITS_BACKOFF": "200ms",
    "JOBSCHED_LIMITS_BACKOFF_MOST": "1s",
}
USUAL = {
    "JOBSCHED_PLUGINS": "ec2_spot,docker_runner",
    "JOBSCHED_PROVIDER": "ec2_spot",
    "JOBSCHED_RUNNER": "docker_runner",
    "JOBSCHED_EC2_SPOT_INSTANCE_TYPES": "m7i.large,c7i.large",
    "JOBSCHED_EC2_SPOT_LEAD": "0s",
    "JOBSCHED_EC2_SPOT_PER_SECOND": "50",
}
NOWHERE = "unix:///nowhere"


@dataclass(frozen=True, kw_only=True)
class Site:
    """The deployment and its cloud."""

    made: Deployment
    cloud: LocalCloud
    #: ids of the machines that others have launched before
    others: frozenset[str]

    @property
    def ec2(self) -> FakeEc2:
        """The cloud's API."""
        return self.cloud.ec2

    def machines(self) -> list[Machine]:
        """All machines of this deployment, oldest first."""
        return [one for one in self.ec2.machines() if one.id not in self.others]

    def until_running(self, job: str) -> Machine:
        """Wait until the job's container runs; give its machine."""
        self.made.until(lambda: self.made.status(job)["status"] == "running", job)
        return self.ec2.machine(self.made.status(job)["aws"]["instance_id"])

    def finished(self, *jobs: str) -> list[dict[str, Any]]:
        """Wait until jobs have ended well; give their documents."""
        documents = self.made.ended(*jobs)
        told = [(one["status"], one["reason"]) for one in documents]
        assert told == [("finished", "finished")] * len(jobs), (documents, self.made.logs())
        return documents

    def logs(self, job: str, attempt: int | None = None) -> str:
        """Give what a job wrote."""
        return b"".join(self.made.client.logs(job, attempt=attempt)).decode()

    def until_nothing_runs(self) -> None:
        """Wait until EC2 has no machine, and the engine no body of one."""
        deadline = time.monotonic() + WITHIN
        while left := [*self.ec2.alive(), *self.cloud.bodies()]:
            assert time.monotonic() < deadline, (left, self.made.logs())
            time.sleep(0.1)


@contextmanager
def site(redis: RedisServer, cloud: LocalCloud, image: str, **more: str) -> Iterator[Site]:
    """Run a deployment on the cloud; at its end nothing of it runs.

    Args:
        redis: an empty one.
        cloud: the cloud, which other tests have used before.
        image: what its jobs run.
        more: further settings.
    """
    port = _free_port(cloud.gateway)
    settings = {
        **USUAL,
        **QUICK,
        **cloud.settings(port),
        "JOBSCHED_API_TOKEN": uuid.uuid4().hex,
        **more,
    }
    others = frozenset(one.id for one in cloud.ec2.machines())
    with deployment(redis, NOWHERE, image, is_forked=True, **settings) as made:
        made.start_worker()
        here = Site(made=made, cloud=cloud, others=others)
        try:
            yield here
            here.until_nothing_runs()
        finally:
            for left in cloud.ec2.alive():
                cloud.ec2.end(left)


def _free_port(host: str) -> int:
    with socket.socket() as found:
        found.bind((host, 0))
        return int(found.getsockname()[1])
