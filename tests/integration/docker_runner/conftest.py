"""Fixtures for tests of `docker_runner` on real engines."""

import uuid
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from jobsched.domain.job import Access
from jobsched.services import RunningServices
from tests.engines import SecondEngine
from tests.integration.docker_runner.bench import Bench, HastyClock, make_bench, sweep


@pytest.fixture
async def services(tmp_path: Path) -> AsyncIterator[RunningServices]:
    """Services of a deployment of this test alone."""
    running = RunningServices(
        deployment=f"test-{uuid.uuid4().hex}",
        data_dir=tmp_path,
        ca_dir=tmp_path / "ca",
        settings={},
        clock=HastyClock(),
    )
    yield running
    await running.spawn.close()


@pytest.fixture
async def bench(
    docker_host: str, busybox_image: str, services: RunningServices
) -> AsyncIterator[Bench]:
    """A runner on this host's engine; its containers are removed after the test."""
    access = Access(kind="this_host", docker_url=docker_host)
    made = make_bench(docker_host, access, services, busybox_image)
    made.machine = made.elsewhere(host_id=made.engine.info()["ID"])
    yield made
    sweep(made)


@pytest.fixture
async def remote(second_engine: SecondEngine, services: RunningServices) -> AsyncIterator[Bench]:
    """A runner on an engine that is reached by TLS, as a remote machine's."""
    made = make_bench(
        second_engine.docker_host,
        Access(
            kind="docker_tls",
            address=second_engine.address,
            port=second_engine.port,
            certificate=second_engine.certificate,
        ),
        services,
        second_engine.image,
        client_certificate=str(second_engine.client_certificate),
        client_key=str(second_engine.client_key),
    )
    yield made
    sweep(made)
