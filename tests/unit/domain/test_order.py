"""Every causal order of the facts of a good attempt ends finished."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobsched.domain import facts
from jobsched.domain.due import due
from jobsched.domain.record import record
from jobsched.domain.state import State, is_gone, state_of
from tests.unit.domain.example import HOUR, MINUTE, SECOND, a_job, told

#: a fact → the facts that must have been told before it; all other orders can happen
CAUSES: dict[type[facts.Fact], set[type[facts.Fact]]] = {
    facts.Planned: set(),
    facts.Offered: {facts.Planned},
    facts.Begun: {facts.Offered},
    facts.Provisioned: {facts.Begun},
    facts.Ready: {facts.Begun},
    facts.Prepared: {facts.Provisioned, facts.Ready},
    facts.StartGranted: {facts.Prepared},
    facts.Started: {facts.StartGranted},
    facts.Inspected: {facts.Started},
    facts.Hinted: {facts.StartGranted},
    facts.Ended: {facts.StartGranted},
    facts.LogsStored: {facts.Ended},
    facts.Released: {facts.LogsStored},
    facts.Removed: {facts.Released},
    facts.Terminated: {facts.Released},
    facts.Gone: {facts.Terminated},
}
#: shuffles of Started < Inspected and Hinted into the six steps of the end, times the orders of
#: Removed with Terminated < Gone, times the orders of Provisioned and Ready
ORDERS = 252 * 3 * 2


def orders(
    told_before: tuple[type[facts.Fact], ...] = (),
) -> Iterator[tuple[type[facts.Fact], ...]]:
    """Give every order of the facts in which each comes after its causes."""
    if len(told_before) == len(CAUSES):
        yield told_before
    for kind, causes in CAUSES.items():
        if kind not in told_before and causes <= set(told_before):
            yield from orders((*told_before, kind))


def in_order(order: tuple[type[facts.Fact], ...], *, destroys_machine: bool) -> list[facts.Fact]:
    """Make the facts, each a second after the one before."""
    return [
        told(kind, HOUR + number * SECOND, destroys_machine=destroys_machine)
        for number, kind in enumerate(order)
    ]


@pytest.mark.parametrize("destroys_machine", [True, False])
def test_every_causal_order_ends_finished(destroys_machine: bool) -> None:  # noqa: FBT001 - a parameter
    """All 1,512 orders end finished with code 0, and no job on the way there is left alone."""
    count = 0
    for order in orders():
        count += 1
        job = a_job()
        for fact in in_order(order, destroys_machine=destroys_machine):
            job = record(job, fact)
            wanted = due(job, fact.at)
            asleep = wanted.command is None and wanted.look_again_at is None
            assert asleep == state_of(job).is_terminal, order
        assert state_of(job) is State.FINISHED, order
        assert job.attempt
        assert job.attempt.outcome
        assert (job.attempt.outcome.reason, job.attempt.outcome.code) == ("finished", 0), order
        assert all(is_gone(launch) for launch in job.attempt.launches)
    assert count == ORDERS


def test_every_fact_told_again_changes_nothing() -> None:
    """In every fourth order, facts told again after each fact have no effect."""
    for order in list(orders())[::4]:
        job = a_job()
        before: list[facts.Fact] = []
        for fact in in_order(order, destroys_machine=False):
            job = record(job, fact)
            before.append(fact)
            assert all(record(job, old) is job for old in before), (order, fact)
        assert state_of(job) is State.FINISHED


def test_a_prefix_is_never_finished_before_the_machine_is_gone() -> None:
    """No order is terminal before exit code and end of the machine are known."""
    for order in orders():
        job = a_job()
        seen: set[type[facts.Fact]] = set()
        for fact in in_order(order, destroys_machine=False):
            job = record(job, fact)
            seen.add(type(fact))
            all_over = {facts.Ended, facts.Gone, facts.Removed} <= seen
            assert state_of(job).is_terminal == all_over, order


def test_terminate_is_posted_before_started_is_saved_and_is_looked_at_at_once() -> None:
    """A hint from before `Started` is recorded is answered by an inspect as soon as it is (C4)."""
    job = a_job()
    for fact in (
        *[told(kind) for kind in list(CAUSES)[:7]],
        told(facts.Hinted, HOUR + SECOND),
        told(facts.Started, HOUR + 2 * SECOND, inspect_every=5 * MINUTE),
    ):
        job = record(job, fact)
    command = due(job, HOUR + 2 * SECOND).command
    assert command
    assert command.verb == "inspect"
