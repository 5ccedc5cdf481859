"""What worlds must have been through: by a table, held against the domain."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest

from jobsched.contracts.change import Change
from jobsched.domain import facts
from jobsched.domain.record import record
from jobsched.domain.state import State, state_of
from jobsched.testing.simulator.coverage import TRANSITIONS, Coverage
from jobsched.testing.simulator.crash import PLACES
from jobsched.testing.simulator.promise.saved import LATE, NEVER, REACHED, SAVED_IN
from jobsched.testing.simulator.promise.transition import LEGAL, NO_ONE_SAVE
from tests.unit.domain.example import ALWAYS, HOUR, MINUTE, a_job, known, told
from tests.unit.domain.situation import SITUATIONS
from tests.unit.domain.test_table import NEWS, cell

#: the facts of a good attempt
GOOD = (
    *(facts.Planned, facts.Offered, facts.Begun, facts.Provisioned, facts.Ready, facts.Prepared),
    *(facts.StartGranted, facts.Started, facts.Ended, facts.LogsStored, facts.Gone),
)
#: what is saved in the state in which it was decided, or not at all
DECISIONS = {facts.Offered, facts.Begun, facts.StartGranted, facts.Stopping}
#: what may come after two others
OTHERWISE = (facts.Ready, facts.Hinted, facts.Terminated, facts.LogsStored, facts.GivenUp)


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


def test_no_pair_is_required_and_impossible() -> None:
    """And each of those that are has a reason; the states are those that there are."""
    assert not set(REACHED) & NEVER.keys()
    assert all(NEVER.values())
    assert {state for state, _ in {*REACHED, *NEVER}} == {str(state) for state in State}


@pytest.mark.parametrize(("state", "kind"), LATE)
def test_what_late_news_do_is_in_the_table(state: str, kind: str) -> None:
    """There is a situation in which the record takes it, or else it is never saved."""
    told_of = [fact for fact in NEWS.values() if type(fact).__name__ == kind]
    jobs = [job for job, is_in in SITUATIONS.values() if is_in == state]
    assert any(cell(job, fact) != "." for job in jobs for fact in told_of)


@pytest.mark.parametrize("depth", range(len(GOOD) + 1))
def test_a_record_takes_no_fact_where_it_is_never_saved(depth: int) -> None:
    """Whatever else was told before. A decision it would take, but nobody makes it there."""
    good: list[Any] = [told(kind, HOUR) for kind in GOOD[:depth]]
    begun = known(a_job(retry=ALWAYS), *good)
    for kinds in itertools.product(facts.KINDS, facts.KINDS, OTHERWISE):
        job = begun
        for number, kind in enumerate(kinds):
            after = record(job, told(kind, HOUR + (number + 1) * MINUTE))
            if after is not job and kind not in DECISIONS:
                assert (str(state_of(job)), kind.__name__) not in NEVER
            job = after


def test_transitions_are_those_of_the_design() -> None:
    """But for those that have a reason."""
    legal = {(was, state) for was, after in LEGAL.items() for state in after if was != state}
    assert set(TRANSITIONS) == legal - NO_ONE_SAVE.keys()
    assert NO_ONE_SAVE.keys() <= legal


def test_what_was_not_reached_is_named() -> None:
    """Nothing, where all was."""
    nothing = Coverage()
    assert len(nothing.missing()) == len(TRANSITIONS) + len(REACHED) + 2 * len(PLACES)
    assert "transition nothing -> scheduled" in nothing.missing()
    assert "Started in ready" in nothing.missing()
    assert "death after provider.provision" in nothing.missing()
    assert "pause before provider.provision" in nothing.missing()
    every = Coverage()
    every.transitions.update(TRANSITIONS)
    every.facts.update(REACHED)
    every.deaths.update(PLACES)
    every.pauses.update(PLACES)
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
