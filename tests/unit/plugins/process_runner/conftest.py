"""Fixtures for tests of `process_runner` that start no process."""

import pytest

from jobsched.plugins.process_runner import ProcessRunner
from tests.unit.plugins.lent import LentServices


@pytest.fixture
def runner(services: LentServices) -> ProcessRunner:
    """The runner of a machine with an id."""
    (services.data_dir / "host-id").write_text("this-machine\n")
    return ProcessRunner(services)
