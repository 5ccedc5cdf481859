"""`process_runner` keeps the contract of runners."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched.domain.job import Access, Instance
from jobsched.plugins.process_runner import ProcessRunner
from jobsched.testing import RunnerConformance
from tests.unit.plugins.lent import LentServices


@pytest.fixture
def services(tmp_path: Path) -> Iterator[LentServices]:
    """Services of a machine with an id."""
    lent = LentServices(data_dir=tmp_path)
    (tmp_path / "host-id").write_text("this-machine\n")
    yield lent
    lent.spawn.close()


@pytest.mark.timeout(60)
class TestProcessRunner(RunnerConformance):
    """Plain processes of this machine."""

    has_images = False
    limits_memory = False

    @pytest.fixture
    def runner(self, services: LentServices) -> ProcessRunner:
        """The runner of one worker."""
        return ProcessRunner(services)

    @pytest.fixture
    def another(self, services: LentServices) -> ProcessRunner:
        """That of another one on the same machine."""
        return ProcessRunner(services)

    @pytest.fixture
    def instance(self) -> Instance:
        """This machine, as `local` lends it."""
        access = Access(kind="this_host", host_id="e", state={"machine_id": "this-machine"})
        return Instance(id="local-1", access=access)
