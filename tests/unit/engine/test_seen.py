"""What a provider's description of a machine says about its launch."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from jobsched.contracts.provider import InstanceStatus, Refusal
from jobsched.domain import facts
from jobsched.domain.job import Attempt, Instance, Launch, Plan
from jobsched.engine import answer
from jobsched.engine.place import Place
from jobsched.engine.seen import of_instance
from jobsched.store.keepable import NotKeepable

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


REFUSAL = Refusal(reason="no_capacity", message="none is left")


def test_an_end_at_the_launch_is_a_refusal() -> None:
    """Why the provider ended it is kept; of one that we gave back it says nothing (L13)."""
    gone = InstanceStatus(phase="gone", instance=Instance(id="i-1"), refusal=REFUSAL)
    found = of_instance(place(), gone, AT)[-1]
    assert found == facts.Gone(
        at=AT, attempt=1, launch=1, why="refused", reason="no_capacity", message="none is left"
    )
    given_back = place()
    given_back = replace(given_back, launch=replace(given_back.launch, released_at=AT))
    assert of_instance(given_back, gone, AT)[-1] == facts.Gone(at=AT, attempt=1, launch=1)


@pytest.mark.parametrize("reason", ["", "two\nlines", "x" * 65, "ünicode"])
def test_a_refusal_has_a_label(reason: str) -> None:
    """It goes to metrics and to the user."""
    with pytest.raises(NotKeepable, match="label"):
        answer.instance_status(InstanceStatus(phase="gone", refusal=Refusal(reason=reason)))


def test_nobody_knows_anything_of_an_unknown_machine_without_an_id() -> None:
    """Nothing is concluded from it."""
    assert of_instance(place(), InstanceStatus(phase="unknown"), AT) == []
