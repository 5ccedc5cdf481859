"""Fixtures for real services. A missing one skips its tests; see `tests.services.missing`."""

import http.client
import os
import uuid
from collections.abc import Iterator
from contextlib import suppress

import docker
import docker.errors
import pytest
import requests.exceptions

from jobsched import embedded
from jobsched.errors import ConfigError
from jobsched.testing.ec2 import FakeEc2
from tests import engines, order, sdk
from tests.services import RedisServer, missing
from tools import busybox_image

sdk.read_once()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the workers of a run begin with what lasts longest."""
    if workers := os.environ.get("PYTEST_XDIST_WORKER_COUNT"):
        items[:] = order.ordered(items, int(workers))


@pytest.fixture(scope="session")
def redis_program() -> embedded.ServerBinary:
    """The server program of this machine."""
    try:
        return embedded.choose(embedded.server_binaries(), {})
    except ConfigError as error:
        missing(str(error))


@pytest.fixture(scope="session")
def shared_redis(redis_program: embedded.ServerBinary) -> Iterator[RedisServer]:
    """One server for all tests of this process; use `redis_url`."""
    server = RedisServer(durable=False)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture
def redis_url(shared_redis: RedisServer) -> Iterator[str]:
    """The URL of an empty real Redis that nobody else uses meanwhile."""
    shared_redis.flush()
    yield shared_redis.url
    # A server that a test has filled or blocked would slow down the ones that follow.
    shared_redis.wait()


@pytest.fixture
def redis_server(redis_program: embedded.ServerBinary) -> Iterator[RedisServer]:
    """A running server of this test alone, which it may kill, pause and start again."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def running_ec2() -> Iterator[FakeEc2]:
    """One fake EC2 for all tests of this process, whose users reset it: to start one takes 2 s."""
    with FakeEc2() as one:
        yield one


def answers(url: str) -> bool:
    """Say whether a Docker Engine answers at a URL."""
    if url.startswith("unix://"):
        # Asked without the SDK, whose client leaves a socket open when nobody answers.
        with suppress(OSError, http.client.HTTPException):
            return busybox_image.call(url.removeprefix("unix://"), "GET", "/_ping")[0] == 200
        return False
    with suppress(docker.errors.DockerException, requests.exceptions.RequestException):
        docker.DockerClient(base_url=url, timeout=5).close()
        return True
    return False


@pytest.fixture(scope="session")
def docker_host() -> str:
    """The URL of the Docker Engine that answers: DOCKER_HOST, else the usual socket."""
    url = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if not answers(url):
        missing("no Docker Engine answers: run tools/private-engine start, or set DOCKER_HOST")
    return url


@pytest.fixture
def docker_client(docker_host: str) -> Iterator[docker.DockerClient]:
    """A client of the engine for a test that looks past the product, or cleans up."""
    client = docker.DockerClient(base_url=docker_host, timeout=20)
    yield client
    client.close()


@pytest.fixture(name="busybox_image", scope="session")
def make_busybox_image(docker_host: str) -> Iterator[str]:
    """The name of an image of the engine with busybox in it, which cannot be pulled."""
    name, tag = "jobsched-test", uuid.uuid4().hex[:12]
    client = docker.DockerClient(base_url=docker_host, timeout=20)
    try:
        client.api.import_image_from_data(busybox_image.archive(), repository=name, tag=tag)
        yield f"{name}:{tag}"
        client.images.remove(f"{name}:{tag}", force=True)
    except busybox_image.NoBusybox as error:
        missing(str(error))
    finally:
        client.close()


@pytest.fixture(scope="session")
def second_engine() -> Iterator[engines.SecondEngine]:
    """A second Docker Engine in a network namespace, over TLS; needs root on Linux."""
    with engines.second_engine() as engine:
        yield engine
