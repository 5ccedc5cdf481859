"""The kit for runners that are imagined, with times that fit them."""

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import ClassVar

import pytest

from jobsched.domain.job import Access, Instance
from jobsched.testing import RunnerConformance
from jobsched.testing.fakes import FakeRunner, FakeWorld
from tests.unit.testing.conformance.imagined import ImaginedPrograms, empty_world


class Quickly(RunnerConformance):
    """The kit, with times that fit what is imagined."""

    answers_within: ClassVar[timedelta] = timedelta(seconds=3)
    ends_within: ClassVar[timedelta] = timedelta(seconds=3)
    late_by: ClassVar[timedelta] = timedelta(milliseconds=1)
    has_images: ClassVar[bool] = False
    runner_class: ClassVar[Callable[[FakeWorld], FakeRunner]]

    @pytest.fixture
    def world(self) -> FakeWorld:
        """An empty world."""
        return empty_world()

    @pytest.fixture
    def deployment(self) -> str:
        """Whose containers they are; services would be made for no more than that."""
        return "imagined"

    @pytest.fixture
    def runner(self, world: FakeWorld) -> FakeRunner:
        """What is judged."""
        return type(self).runner_class(world)

    @pytest.fixture
    def another(self, world: FakeWorld) -> FakeRunner:
        """The same in another process."""
        return type(self).runner_class(world)

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
    def missing_image(self) -> str:
        """An image that nobody has."""
        return "missing"

    @pytest.fixture
    def private_image(self) -> str:
        """An image that is not for everybody."""
        return "private"

    @pytest.fixture
    def unreachable_image(self) -> str:
        """An image of a registry that is down."""
        return "out of reach"

    @pytest.fixture
    def programs(self) -> ImaginedPrograms:
        """What imagined containers can do."""
        return ImaginedPrograms()


def suites(kinds: Iterable[type[FakeRunner]]) -> dict[str, type[Quickly]]:
    """Give a test class for each runner."""
    found = {}
    for kind in kinds:
        has_images = getattr(kind, "has_images", False)
        declared = {"runner_class": kind, "has_images": has_images, "__doc__": kind.__doc__}
        found[f"Test{kind.__name__}"] = type(f"Test{kind.__name__}", (Quickly,), declared)
    return found
