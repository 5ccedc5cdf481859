"""Many jobs at one time, each on a machine of its own: light machines, without systemd."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from jobsched.testing.cloud import CannotRun, LocalCloud
from tests.acceptance.cloud.site import site
from tests.services import RedisServer, missing

pytestmark = [
    pytest.mark.redis,
    pytest.mark.docker,
    pytest.mark.slow,
    pytest.mark.timeout(600),
]


@pytest.fixture
def light_cloud(docker_host: str, busybox_image: str) -> Iterator[LocalCloud]:
    """A cloud of machines that are ready in a moment, and run the same user data."""
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(LocalCloud(mode="light", images=[busybox_image]))
        except CannotRun as error:
            missing(str(error))
        yield cloud


def test_eight_jobs_run_at_one_time(
    redis_server: RedisServer, light_cloud: LocalCloud, busybox_image: str
) -> None:
    """Each on its own machine, until all of them have seen the others run; then nothing runs."""
    with site(redis_server, light_cloud, busybox_image) as here:
        go = "while [ ! -e /go ]; do sleep 0.1; done; hostname"
        jobs = [here.made.schedule(go) for _ in range(8)]
        machines = [here.until_running(job) for job in jobs]
        assert len({one.id for one in machines}) == len(jobs)
        assert set(here.ec2.alive()) == {one.id for one in machines}
        for job, machine in zip(jobs, machines, strict=True):
            (launch,) = here.made.status(job)["attempts"][0]["launches"]
            name = launch["containers"][0]["name"]
            here.cloud.run(machine.id, "docker", "exec", name, "touch", "/go")
        here.finished(*jobs)
        assert len({here.logs(job) for job in jobs}) == len(jobs)
