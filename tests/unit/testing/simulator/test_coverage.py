"""What worlds must have been through: by a table, held against the domain."""

from __future__ import annotations

from datetime import timedelta

import pytest

from jobsched.contracts.change import Change
from jobsched.domain import facts
from jobsched.domain.state import State
from jobsched.testing.simulator.coverage import (
    FACTS,
    NO_ONE_SAVE,
    SAVED_IN,
    TRANSITIONS,
    Coverage,
    left_out,
)
from jobsched.testing.simulator.crash import PLACES
from jobsched.testing.simulator.promise.transition import LEGAL
from tests.unit.domain.example import HOUR


def a_change(was: str, state: str, *saved: str) -> Change:
    """Make one."""
    return Change(
        id="1-0",
        job="j",  # type: ignore[arg-type]  # some id
        rev=1,
        at=HOUR + timedelta(seconds=1),
        was=was,
        state=state,
        reason="",
        attempt=1,
        facts=saved,
    )


def test_every_kind_of_fact_is_in_the_table() -> None:
    """A new one must be thought of."""
    assert set(SAVED_IN) == {kind.__name__ for kind in facts.KINDS}


@pytest.mark.parametrize("kind", facts.KINDS)
def test_every_pair_is_required_or_has_a_reason(kind: type[facts.Fact]) -> None:
    """Nothing is left out in silence, and nothing is required where there is a reason."""
    for state in State:
        required = (str(state), kind.__name__) in FACTS
        assert required != bool(left_out(state, kind))


def test_transitions_are_those_of_the_design() -> None:
    """But for those that have a reason."""
    legal = {(was, state) for was, after in LEGAL.items() for state in after if was != state}
    assert set(TRANSITIONS) == legal - NO_ONE_SAVE.keys()
    assert NO_ONE_SAVE.keys() <= legal


def test_what_was_not_reached_is_named() -> None:
    """Nothing, where all was."""
    nothing = Coverage()
    assert len(nothing.missing()) == len(TRANSITIONS) + len(FACTS) + len(PLACES)
    assert "transition nothing -> scheduled" in nothing.missing()
    assert "Started in ready" in nothing.missing()
    assert "death after provider.provision" in nothing.missing()
    every = Coverage()
    every.transitions.update(TRANSITIONS)
    every.facts.update(FACTS)
    every.deaths.update(PLACES)
    assert every.missing() == []
    assert {reached == of for reached, of in every.summary().values()} == {True}


def test_worlds_are_counted_together() -> None:
    """A fact that changed no state counts as a fact."""
    one, other = Coverage(), Coverage()
    one.see([a_change("", "scheduled"), a_change("ready", "running", "Started")])
    other.see([a_change("running", "running", "Inspected", "AtRisk")])
    one.add(other)
    assert one.transitions == {("", "scheduled"): 1, ("ready", "running"): 1}
    assert one.facts == {
        ("ready", "Started"): 1,
        ("running", "Inspected"): 1,
        ("running", "AtRisk"): 1,
    }
    assert one.summary()["transitions"] == (2, len(TRANSITIONS))
