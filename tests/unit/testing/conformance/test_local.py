"""`local` keeps the contract of providers."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from jobsched.contracts.order import MachineOrder
from jobsched.domain.job import JobId
from jobsched.plugins.local import LocalProvider
from jobsched.testing import ProviderConformance
from tests.unit.plugins.lent import LentServices


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """Services over an empty data directory."""
    lent = LentServices(data_dir=tmp_path)
    yield lent
    lent.spawn.close()


class TestLocal(ProviderConformance):
    """This machine, on which no engine answers."""

    @pytest.fixture
    def provider(self, services: LentServices) -> LocalProvider:
        """The provider of one worker."""
        return LocalProvider(services, docker_host=f"unix://{services.data_dir}/none.sock")

    @pytest.fixture
    def another(self, services: LentServices) -> LocalProvider:
        """That of another one over the same directory."""
        return LocalProvider(services, docker_host=f"unix://{services.data_dir}/none.sock")

    @pytest.fixture
    def unreachable(self, services: LentServices) -> LocalProvider:
        """That of a worker whose data directory cannot be read."""
        blocked = services.data_dir / "no-folder"
        blocked.touch()
        return LocalProvider(
            replace(services, data_dir=blocked), docker_host=f"unix://{services.data_dir}/none.sock"
        )


class TestLocalWithOneMachine(TestLocal):
    """A pool of one: what needs two machines is skipped."""

    at_once = 1

    @pytest.fixture
    def order(self) -> MachineOrder:
        """What the author's orders begin with."""
        return MachineOrder(
            deployment="test",
            job=JobId(""),
            attempt=1,
            launch=1,
            token="",
            boot_script="#!/bin/sh\n",
            resources={"vcpus": 1},
        )
