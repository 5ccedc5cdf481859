"""The provider and the runner of an imagined world keep their contracts."""

from dataclasses import replace

import pytest

from jobsched.domain.job import Access, Instance
from jobsched.testing import ProviderConformance, RunnerConformance
from jobsched.testing.fakes import FakeProvider, FakeRunner, FakeWorld
from tests.unit.testing.conformance.imagined import ImaginedPrograms, empty_world


class TestFakeProvider(ProviderConformance):
    """Imagined machines, seen by two workers."""

    @pytest.fixture
    def provider(self, fake_provider: FakeProvider) -> FakeProvider:
        """The one that authors get."""
        return fake_provider

    @pytest.fixture
    def another(self, fake_provider: FakeProvider) -> FakeProvider:
        """Another one over the same world."""
        return FakeProvider(fake_provider.world)

    @pytest.fixture
    def unreachable(self, fake_provider: FakeProvider) -> FakeProvider:
        """One whose cloud does not answer."""
        return FakeProvider(replace(fake_provider.world, is_silent=True))


class TestFakeRunner(RunnerConformance):
    """Imagined containers on a machine that two workers use; their images are names alone."""

    has_images = False

    @pytest.fixture
    def world(self) -> FakeWorld:
        """An empty world."""
        return empty_world()

    @pytest.fixture
    def runner(self, world: FakeWorld) -> FakeRunner:
        """The runner of one worker."""
        return FakeRunner(world)

    @pytest.fixture
    def another(self, world: FakeWorld) -> FakeRunner:
        """That of another one."""
        return FakeRunner(world)

    @pytest.fixture
    def instance(self, world: FakeWorld) -> Instance:
        """A machine that is on."""
        machine = world.launched("ab")
        return Instance(id=machine.id, access=Access(kind="fake", host_id=machine.id))

    @pytest.fixture
    def nowhere(self) -> Instance:
        """A machine that was switched off."""
        return Instance(id="m-0", access=Access(kind="fake", host_id="m-0"))

    @pytest.fixture
    def programs(self) -> ImaginedPrograms:
        """What imagined containers can do."""
        return ImaginedPrograms()
