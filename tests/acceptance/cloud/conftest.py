"""The local cloud for the tests of this folder."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from jobsched.testing.cloud import CannotRun, LocalCloud
from tests.acceptance.cloud import ecs_optimized
from tests.services import missing

#: files, which whoever runs such a test locks one of
PLACES = [Path(tempfile.gettempdir()) / f"jobsched-test-local-cloud-{name}.lock" for name in "ab"]


@pytest.fixture(autouse=True)
def place() -> Iterator[None]:
    """Two of these tests at a time on this machine: two cores do not boot many machines.

    While one waits for the time of its job, or for the end of a machine, the other boots.
    """
    with ExitStack() as stack:
        places = [stack.enter_context(path.open("w")) for path in PLACES]
        for one in places:
            with suppress(BlockingIOError):
                fcntl.flock(one, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
        else:
            fcntl.flock(places[os.getpid() % len(places)], fcntl.LOCK_EX)
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
