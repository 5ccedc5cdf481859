"""`local` keeps the contract of providers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

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
