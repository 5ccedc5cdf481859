"""What a provider's description of a machine says about its launch."""

from __future__ import annotations

from datetime import UTC, datetime

from jobsched.contracts.provider import InstanceStatus
from jobsched.domain import facts
from jobsched.domain.job import Attempt, Instance, Launch, Plan
from jobsched.engine.place import Place
from jobsched.engine.seen import of_instance

AT = datetime(2026, 1, 1, tzinfo=UTC)


def place() -> Place:
    """A launch whose machine nobody has named yet."""
    launch = Launch(
        no=1, begun_at=AT, token="t", offer=0, request="{}", dies_at=AT, settles_until=AT
    )
    plan = Plan(provision_at=AT, start_at=AT)
    return Place(attempt=Attempt(no=1, planned_at=AT, plan=plan, launches=(launch,)), launch=launch)


def test_a_machine_that_is_unknown_has_its_id_all_the_same() -> None:
    """B1: it is neither thrown away nor believed to be there: its id is what it is ended by."""
    instance = Instance(id="i-1")
    status = InstanceStatus(phase="unknown", instance=instance)
    named = facts.Provisioned(at=AT, attempt=1, launch=1, instance=instance)
    assert of_instance(place(), status, AT) == [named]


def test_nobody_knows_anything_of_an_unknown_machine_without_an_id() -> None:
    """Nothing is concluded from it."""
    assert of_instance(place(), InstanceStatus(phase="unknown"), AT) == []
