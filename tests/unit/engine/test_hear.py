"""Who tells of a container's end: the machine itself where it can, else a worker that watches."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

import pytest

from jobsched.contracts.runner import Runner
from jobsched.domain.job import Access, Attempt, Instance, Launch, Plan
from jobsched.engine.hear import is_told
from jobsched.engine.place import Place
from jobsched.testing.fakes import FakeRunner
from jobsched.testing.simulator import Simulation
from jobsched.testing.virtual_time import run

AT = datetime(2026, 1, 1, tzinfo=UTC)


class TellsByItself(FakeRunner):
    """Its machines say when a container has ended."""

    reports_ends: ClassVar[bool] = True


def place(certified_id: str) -> Place:
    """A machine that has posted ``update`` as this id; empty: it was only seen to be ready."""
    launch = Launch(
        no=1,
        begun_at=AT,
        token="t",
        offer=0,
        request="{}",
        dies_at=AT,
        settles_until=AT,
        instance=Instance(id="i-1"),
        access=Access(kind="imagined"),
        certified_id=certified_id,
    )
    plan = Plan(provision_at=AT, start_at=AT)
    return Place(attempt=Attempt(no=1, planned_at=AT, plan=plan, launches=(launch,)), launch=launch)


@pytest.mark.parametrize(
    ("runner", "spoke_as", "is_watched"),
    [(TellsByItself, "i-1", False), (TellsByItself, "", True), (FakeRunner, "i-1", True)],
)
@pytest.mark.parametrize("can_be_watched", [True, False])
def test_a_machine_that_tells_by_itself_is_not_watched(
    runner: type[FakeRunner], spoke_as: str, *, is_watched: bool, can_be_watched: bool
) -> None:
    """No stream and no thread for it; any other is told of if it can be watched."""
    watched: list[Access] = []

    def watch(_: Runner, access: Access) -> bool:
        watched.append(access)
        return can_be_watched

    async def story() -> bool:
        simulation = await Simulation.begin()
        parts = replace(simulation.parts(), watch=watch)
        return is_told(parts, runner(simulation.world), place(spoke_as))

    assert run(story()) is (can_be_watched or not is_watched)
    assert bool(watched) is is_watched
