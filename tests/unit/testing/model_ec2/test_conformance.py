"""The provider over the model EC2 keeps the contract of providers; its hours pass at once."""

import asyncio
import functools
from dataclasses import replace
from datetime import timedelta
from typing import ClassVar

import pytest

from jobsched.testing import ProviderConformance
from jobsched.testing.conformance import event_loop
from jobsched.testing.fakes import FakeWorld
from jobsched.testing.model_ec2 import ModelEc2, ModelProvider
from jobsched.testing.virtual_time import VirtualClock, VirtualLoop
from tests.unit.testing.model_ec2.asking import Told


class TestModelProvider(ProviderConformance):
    """Machines of the model, seen by two workers."""

    @pytest.fixture(autouse=True)
    def virtual(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let each test of the kit run in virtual time."""
        virtual = functools.partial(asyncio.Runner, loop_factory=VirtualLoop)
        monkeypatch.setattr(f"{event_loop.__name__}.asyncio.Runner", virtual)

    @pytest.fixture
    def ec2(self) -> ModelEc2:
        """An EC2 without faults."""
        return ModelEc2(FakeWorld(clock=VirtualClock()))

    @pytest.fixture
    def deployment(self) -> str:
        """The one that the provider is made for."""
        return "simulated"

    @pytest.fixture
    def provider(self, ec2: ModelEc2) -> ModelProvider:
        """One worker's."""
        return ModelProvider(ec2)

    @pytest.fixture
    def another(self, ec2: ModelEc2) -> ModelProvider:
        """Another worker's."""
        return ModelProvider(ec2)

    @pytest.fixture
    def unreachable(self, ec2: ModelEc2) -> ModelProvider:
        """One whose EC2 does not answer."""
        return ModelProvider(ModelEc2(replace(ec2.world, is_silent=True)))


class TestLateModelProvider(TestModelProvider):
    """Each machine is shown minutes after its launch, ends slowly, and is not shown then."""

    gone_within: ClassVar[timedelta] = timedelta(minutes=30)

    @pytest.fixture
    def ec2(self) -> ModelEc2:
        """An EC2 that is late with everything."""
        late = Told(
            machine_shown_very_late=99, machine_ends_slowly=99, machine_vanishes_at_its_end=99
        )
        late.most = 1.0
        return ModelEc2(FakeWorld(clock=VirtualClock()), late)
