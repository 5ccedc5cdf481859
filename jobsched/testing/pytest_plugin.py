"""The pytest plugin ``jobsched``: fixtures for authors of plugins, each loaded when it is used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from jobsched.testing.clock import FakeClock
    from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
    from jobsched.testing.run_job import RunJob
    from jobsched.testing.services import LentServices


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """What the core lends to a plugin: real time, threads and log, in a folder of this test.

    Inside of `run_job`, time is that of the job and the threads' work is done inline.
    """
    from jobsched.testing.services import LentServices

    lent = LentServices(data_dir=tmp_path / "jobsched")
    lent.data_dir.mkdir()
    yield lent
    lent.spawn.end()


@pytest.fixture
def fake_clock() -> FakeClock:
    """A clock that stands until a test moves it (``advance``, ``set``), or somebody sleeps on it.

    It begins at 2026-01-01 00:00 UTC, also for the jobs of `run_job`, which move it on. For a
    plugin: ``dataclasses.replace(services, clock=fake_clock)``.
    """
    from jobsched.testing.clock import FakeClock

    return FakeClock()


@pytest.fixture
def fake_world(fake_clock: FakeClock) -> FakeWorld:
    """What `fake_provider` and `fake_runner` work in: how long a boot and a container last, …."""
    from jobsched.testing.fakes import FakeWorld

    return FakeWorld(clock=fake_clock)


@pytest.fixture
def fake_provider(fake_world: FakeWorld) -> FakeProvider:
    """A provider of imagined machines, in `fake_world`."""
    from jobsched.testing.fakes import FakeProvider

    return FakeProvider(fake_world)


@pytest.fixture
def fake_runner(fake_world: FakeWorld) -> FakeRunner:
    """A runner of imagined containers, in `fake_world`."""
    from jobsched.testing.fakes import FakeRunner

    return FakeRunner(fake_world)


@pytest.fixture
def run_job(fake_clock: FakeClock, fake_world: FakeWorld) -> RunJob:
    """Run a whole job on your parts, in virtual time; see `jobsched.testing.run_job.RunJob`."""
    from jobsched.testing.run_job import RunJob

    return RunJob(fake_clock, fake_world)


__all__ = ["fake_clock", "fake_provider", "fake_runner", "fake_world", "run_job", "services"]
