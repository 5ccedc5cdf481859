"""`docker_runner` keeps the contract of runners, on a real engine."""

import asyncio
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from jobsched import authority
from jobsched.domain.job import Access, Instance
from jobsched.plugins.docker_runner import DockerRunner
from jobsched.services import RunningServices
from jobsched.testing import RunnerConformance
from tests.integration.docker_runner.bench import make_runner

#: A withdrawal waits for one. More than an engine takes that is busy with other tests.
REQUEST_TIMEOUT = 5.0


@pytest.fixture
def services(tmp_path: Path) -> Iterator[RunningServices]:
    """Services of a deployment of this test alone."""
    # fresh machines would trust it
    authority.init(tmp_path / "ca")
    running = RunningServices(
        deployment=f"test-{uuid.uuid4().hex}",
        data_dir=tmp_path,
        ca_dir=tmp_path / "ca",
        settings={},
    )
    yield running
    asyncio.run(running.spawn.close())


@pytest.mark.docker
@pytest.mark.slow
@pytest.mark.timeout(90)
class TestDockerRunner(RunnerConformance):
    """Containers on the engine of this host."""

    @pytest.fixture
    def runner(self, services: RunningServices) -> DockerRunner:
        """The runner of one worker."""
        return make_runner(services, request_timeout=REQUEST_TIMEOUT)

    @pytest.fixture
    def another(self, services: RunningServices) -> DockerRunner:
        """That of another one."""
        return make_runner(services, request_timeout=REQUEST_TIMEOUT)

    @pytest.fixture
    def instance(self, docker_host: str, docker_client: docker.DockerClient) -> Instance:
        """This host, with the id of its engine."""
        host_id = docker_client.info()["ID"]
        access = Access(kind="this_host", docker_url=docker_host, host_id=host_id)
        return Instance(id="m", access=access)

    @pytest.fixture
    def image(self, busybox_image: str) -> str:
        """An image that the engine has."""
        return busybox_image
