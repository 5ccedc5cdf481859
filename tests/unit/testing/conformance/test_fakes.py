"""The provider of an imagined world keeps the contract."""

import pytest

from jobsched.testing import ProviderConformance
from jobsched.testing.fakes import FakeProvider


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
