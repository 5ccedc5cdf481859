"""Deployments whose processes are forked."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from tests.acceptance.dying.scene import Scene, scene
from tests.acceptance.dying.scenes import Scenes
from tests.services import RedisServer


@pytest.fixture
def stage(
    redis_server: RedisServer,
    docker_host: str,
    busybox_image: str,
    docker_client: docker.DockerClient,
) -> Iterator[Scene]:
    """An API on a Redis of its own that keeps its data over a kill, without a worker."""
    with scene(docker_host, busybox_image, docker_client, redis_server) as made:
        made.begin()
        yield made


@pytest.fixture(scope="module")
def scenes(redis_program: object, docker_host: str, busybox_image: str) -> Iterator[Scenes]:
    """The deployments of this worker of the test run."""
    made = Scenes(docker_host, busybox_image)
    try:
        yield made
    finally:
        made.close()
