"""A deployment on the fake EC2: its API and workers, and machines that say when they are ready."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import accumulate
from pathlib import Path
from typing import Any

from jobsched.client import Client
from jobsched.testing.ec2 import FakeEc2, Machine
from tests.acceptance.deployment import Deployment, deployment
from tests.acceptance.ec2.booter import Booter
from tests.acceptance.ec2.paper_runner import STARTS
from tests.services import RedisServer

PLUGIN = Path(__file__).with_name("paper_runner.py")
#: so that a life of hours takes seconds
QUICK = {
    "JOBSCHED_WORKER_SWEEP_EVERY": "1s",
    "JOBSCHED_LIMITS_INSPECT_UNWATCHED": "200ms",
    "JOBSCHED_LIMITS_TERMINATE_AGAIN": "2s",
    "JOBSCHED_LIMITS_FIND_AGAIN": "500ms",
    "JOBSCHED_LIMITS_BACKOFF": "200ms",
    "JOBSCHED_LIMITS_BACKOFF_MOST": "1s",
    "JOBSCHED_LIMITS_ROUND": "500ms",
    "JOBSCHED_LIMITS_ROUND_MOST": "1s",
}
USUAL = {
    "JOBSCHED_PLUGINS": "ec2_spot,paper_runner",
    "JOBSCHED_PROVIDER": "ec2_spot",
    "JOBSCHED_RUNNER": "paper_runner",
    "JOBSCHED_CALLBACK_URL": "https://jobs.example/callback",
    "JOBSCHED_EC2_SPOT_INSTANCE_TYPES": "m7i.large,c7i.large",
    "JOBSCHED_EC2_SPOT_WORKER_SOURCE": "10.0.0.0/8",
    "JOBSCHED_EC2_SPOT_LEAD": "0s",
    "JOBSCHED_EC2_SPOT_PER_SECOND": "50",
}


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """The deployment, and its machines."""

    made: Deployment
    booter: Booter

    @property
    def client(self) -> Client:
        """A client of the API."""
        return self.made.client

    @property
    def most(self) -> int:
        """The most machines that were there at one time, by the cloud's own clock."""
        return overlapping(self.booter.ec2.machines())

    def schedule(self, seconds: float = 0, code: int = 0, **more: Any) -> str:
        """Post a job that is due now; give its id."""
        usual = {"schedule": datetime.now(UTC).isoformat(), "docker_image": "paper"}
        answer = self.client.schedule({**usual, "cmd": [str(seconds), str(code)], **more})
        return str(answer["id"])

    def statuses(self, *jobs: str) -> Counter[str]:
        """Count jobs by status."""
        return Counter(str(self.client.status(one)["status"]) for one in jobs)

    def warnings(self, kind: str) -> list[dict[str, Any]]:
        """Give what containers were told of their machines."""
        paper = self.made.folder / "data" / "paper"
        return [json.loads(path.read_bytes()) for path in paper.glob(f"*/*.{kind}")]

    def starts(self) -> Counter[str]:
        """Count starts by job, as the machines noted them."""
        path = self.made.folder / "data" / "paper" / STARTS
        lines = path.read_text().splitlines() if path.exists() else []
        return Counter(line.split()[0] for line in lines)


@contextmanager
def cloud(redis: RedisServer, ec2: FakeEc2, *, workers: int = 1, **more: str) -> Iterator[Cloud]:
    """Run a deployment on the fake; at its end nothing of it runs.

    Args:
        redis: an empty one.
        ec2: the fake, as it is set.
        workers: how many are started.
        more: further settings.
    """
    settings = {
        **USUAL,
        **QUICK,
        **ec2.environment,
        "JOBSCHED_EC2_SPOT_REGION": ec2.region,
        "JOBSCHED_EC2_SPOT_ENDPOINT_URL": ec2.url,
        "JOBSCHED_PLUGINS_DIR": str(_plugins_dir()),
        **more,
    }
    try:
        with (
            deployment(redis, "unix:///nowhere", "paper", is_forked=True, **settings) as made,
            Booter(ec2=ec2, url=made.url) as booter,
        ):
            for _ in range(workers):
                made.start_worker()
            yield Cloud(made=made, booter=booter)
            booter.until_nothing_is_alive()
    finally:
        shutil.rmtree(settings["JOBSCHED_PLUGINS_DIR"])


def overlapping(machines: Iterable[Machine]) -> int:
    """Count the most machines between their launch and the end of their termination at one time."""
    changes: list[tuple[datetime, int]] = []
    for one in machines:
        changes += [(one.launched_at, 1)]
        changes += [(one.terminated_at, -1)] if one.terminated_at else []
    # at the same moment the end comes first
    return max(accumulate((change for _, change in sorted(changes)), initial=0))


def _plugins_dir() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="jobsched-plugins-"))
    shutil.copy(PLUGIN, folder / PLUGIN.name)
    return folder
