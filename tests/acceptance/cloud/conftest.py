"""The local cloud for the tests of this folder."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from jobsched.testing.cloud import CannotRun, LocalCloud
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
    with ExitStack() as stack:
        try:
            cloud = stack.enter_context(LocalCloud(images=[busybox_image]))
        except CannotRun as error:
            missing(str(error))
        yield cloud
