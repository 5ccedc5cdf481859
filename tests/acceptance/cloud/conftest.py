"""The local cloud for the tests of this folder."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from jobsched.testing.cloud import CannotRun, LocalCloud
from tests.acceptance.cloud import ecs_optimized
from tests.services import missing

LOCK = Path(tempfile.gettempdir()) / "jobsched-test-local-cloud.lock"


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """One of these tests at a time on this machine: two cores do not boot many machines."""
    with LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def local_cloud(docker_host: str, busybox_image: str) -> Iterator[LocalCloud]:
    """One cloud for all tests of this process; its machines really boot."""
    with _cloud(busybox_image) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def newer_cloud(docker_host: str, busybox_image: str) -> Iterator[LocalCloud]:
    """One whose machines boot Debian 13."""
    with _cloud(busybox_image, debian=13) as cloud:
        yield cloud


@pytest.fixture(scope="session")
def ecs_cloud(docker_host: str, busybox_image: str) -> Iterator[LocalCloud]:
    """One whose machines are like those of the ECS-optimized image."""
    try:
        image = ecs_optimized.build()
    except CannotRun as error:
        missing(str(error))
    with _cloud(busybox_image, machine_image=image) as cloud:
        yield cloud


@contextmanager
def _cloud(image: str, **options: Any) -> Iterator[LocalCloud]:
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(LocalCloud(images=[image], **options))
        except CannotRun as error:
            missing(str(error))
        yield cloud
