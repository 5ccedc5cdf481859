"""The local cloud for the tests of this folder."""

from __future__ import annotations

import fcntl
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from jobsched.testing.cloud import CannotRun, LocalCloud
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
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(LocalCloud(images=[busybox_image]))
        except CannotRun as error:
            missing(str(error))
        yield cloud
