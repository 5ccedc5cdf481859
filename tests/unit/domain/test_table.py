"""State by fact, exhaustively: what each kind of fact makes of a job in each situation."""

# ruff: noqa: E501 - a row of the table is one line, however long
from __future__ import annotations

from typing import get_args

import pytest

from jobsched.domain import facts
from jobsched.domain.due import due
from jobsched.domain.job import Instance, Job
from jobsched.domain.record import record
from jobsched.domain.state import State, state_of
from tests.unit.domain.example import HOUR, SECOND, told
from tests.unit.domain.situation import SITUATIONS

LATER = HOUR + 60 * SECOND

#: the state after a fact that changed something, by one letter; "." stands for: changed nothing
LETTERS = {
    "s": State.SCHEDULED,
    "p": State.PROVISIONING,
    "b": State.BOOTING,
    "r": State.READY,
    "R": State.RUNNING,
    "f": State.FINISHING,
    "F": State.FINISHED,
    "X": State.FAILED,
    "C": State.CANCELLED,
}

#: every kind of fact, told a minute later about attempt 1, launch 1, try 0 unless it says otherwise
NEWS: dict[str, facts.Fact] = {kind.__name__: told(kind, LATER) for kind in facts.KINDS} | {
    "Planned 2": told(facts.Planned, LATER, attempt=2),
    "Begun 2": told(facts.Begun, LATER, launch=2),
    "Provisioned other": told(facts.Provisioned, LATER, instance=Instance(id="other")),
    "Interrupted until": told(facts.Interrupted, LATER, until=LATER + 120 * SECOND),
    "Warned rebalance": told(facts.Warned, LATER, kind="rebalance"),
    "Gone never_seen": told(facts.Gone, LATER, why="never_seen"),
    "Gone refused": told(facts.Gone, LATER, why="refused", reason="no_capacity"),
    "Gone abandoned": told(facts.Gone, LATER, why="abandoned"),
    "Prepared 1": told(facts.Prepared, LATER, no=1),
    "Ended 1": told(facts.Ended, LATER, code=1),
    "Ended start_failed": told(facts.Ended, LATER, code=127, start_failed=True),
}


# ruff: noqa: E501 - a table is read as a table

#: read it by column: what each fact makes of a job in that situation (`situation.py`)
TABLE = """
                      new  plan offr begn rfsd boot earl wait stry prep dbt  dbtC wdrn run  runC intr stop endd logs term remv begC dbtR runR gvn  2boP 2bt  2rdy 2run 2rdW 2ruW 2ruP dbtG btwG betw fin  fail canc
Planned               s    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Offered               .    s    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Begun                 .    p    p    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Provisioned           .    .    .    b    .    .    b    .    .    .    .    .    .    .    .    .    .    .    .    .    .    f    .    .    .    .    b    r    R    .    .    .    .    .    .    .    .    .
Ready                 .    .    .    b    .    b    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    f    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Prepared              .    .    .    r    .    r    r    r    p    .    .    .    .    .    .    .    .    .    .    .    .    f    .    .    .    .    b    r    R    r    R    .    .    .    .    .    .    .
StartGranted          .    .    .    .    .    .    .    .    .    r    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Started               .    .    .    .    .    .    .    .    .    R    R    R    .    .    .    .    .    .    .    .    .    .    R    .    R    R    .    .    .    .    .    R    f    s    .    .    .    .
Inspected             .    .    .    .    .    .    .    .    .    r    r    r    b    R    R    R    R    f    f    f    f    .    r    R    p    b    .    .    .    .    .    R    f    s    s    .    .    .
Ended                 .    .    .    .    .    .    .    .    .    f    f    f    .    f    f    f    f    .    .    .    .    .    f    f    f    f    .    .    .    .    .    f    f    s    s    .    .    .
LogsStored            .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    R    R    f    .    .    .    f    r    R    p    b    b    r    R    r    R    R    f    s    s    .    .    .
Released              .    .    .    p    .    p    p    p    .    p    .    .    p    .    .    .    R    f    f    .    .    f    .    .    .    .    .    .    .    .    .    .    f    .    .    .    .    .
Removed               .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    R    R    f    f    f    F    f    r    R    p    b    b    r    R    r    R    R    f    s    s    .    .    .
Terminated            .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    R    R    f    f    f    .    f    r    R    p    b    b    r    R    r    R    R    f    .    .    .    .    .
Gone                  .    .    .    p    .    p    p    p    p    X    X    X    p    s    C    s    C    F    F    F    .    C    X    X    p    b    b    r    R    r    R    R    X    .    .    .    .    .
CancelRequested       C    C    C    f    C    f    f    f    f    f    r    .    f    R    .    R    .    f    f    f    f    .    r    R    f    f    f    f    R    f    R    R    f    C    C    .    .    .
Restored              X    X    X    f    X    f    f    f    f    r    r    r    f    R    R    R    R    .    .    .    .    .    .    .    f    f    f    r    R    r    R    R    .    X    X    .    .    .
Noted                 s    s    s    p    p    b    b    b    p    r    r    r    b    R    R    R    R    f    f    f    f    f    r    R    p    b    b    r    R    r    R    R    f    s    s    .    .    .
GivenUp               .    s    s    f    s    f    f    f    f    f    f    f    f    f    f    f    f    .    .    .    .    .    f    f    f    f    f    f    f    f    f    f    .    .    .    .    .    .
Refused               .    .    .    p    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    C    .    .    .    .    b    r    R    .    .    .    .    .    .    .    .    .
BootFailed            .    .    .    p    .    p    .    .    .    .    r    r    .    R    R    R    R    .    .    .    .    f    r    R    .    .    .    .    .    .    .    .    f    .    .    .    .    .
Interrupted           .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    .    R    f    f    f    .    f    r    R    p    b    b    r    R    r    R    R    f    .    .    .    .    .
Interrupted until     .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    .    R    f    f    f    .    f    r    R    p    b    b    r    R    r    R    R    f    .    .    .    .    .
AtRisk                .    .    .    p    .    b    b    b    p    r    r    r    b    R    R    R    R    f    f    f    .    f    r    R    p    b    b    r    R    r    R    R    f    .    .    .    .    .
Hinted                .    .    .    .    .    .    .    .    .    .    r    r    .    R    R    R    R    .    .    .    .    .    r    R    .    .    .    .    .    .    .    .    f    .    .    .    .    .
NotStarted            .    .    .    .    .    .    .    .    .    b    b    f    .    .    .    .    .    .    .    .    .    .    f    .    p    b    .    .    .    .    .    R    f    s    .    .    .    .
Warned                .    .    .    .    .    .    .    .    .    r    r    r    b    R    R    R    R    f    f    f    f    .    r    R    p    b    .    .    .    .    .    R    f    s    s    .    .    .
Warned rebalance      .    .    .    .    .    .    .    .    .    r    r    r    b    R    R    R    R    f    f    f    f    .    r    R    p    b    .    .    .    .    .    R    f    s    s    .    .    .
Stopping              .    .    .    .    .    .    .    .    .    .    .    .    .    R    R    R    .    .    .    .    .    .    .    R    .    .    .    .    .    .    .    .    .    .    s    .    .    .
Vanished              .    .    .    .    .    .    .    .    .    f    f    f    .    f    f    f    f    .    .    .    .    .    f    f    f    f    .    .    .    .    .    f    f    s    s    .    .    .
CommandFailed         .    .    .    p    p    b    b    b    p    r    r    r    b    R    R    R    R    f    f    f    f    f    r    R    p    b    b    r    R    r    R    R    f    s    s    .    .    .
Planned 2             .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    s    s    .    .    .
Begun 2               .    .    .    .    p    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    p    .    .    .    .    .    .    .    .    .    .    .    .    .
Provisioned other     .    .    .    b    .    .    b    .    .    .    .    .    .    .    .    .    .    .    .    .    .    f    .    .    .    .    b    r    R    .    .    .    .    .    .    .    .    .
Gone never_seen       .    .    .    p    .    .    p    .    .    .    .    .    .    .    .    .    .    .    .    .    .    C    .    .    .    .    b    r    R    .    .    .    .    .    .    .    .    .
Gone refused          .    .    .    p    .    p    p    p    p    X    X    X    p    s    C    s    C    F    F    F    .    C    X    X    p    b    b    r    R    r    R    R    X    .    .    .    .    .
Gone abandoned        .    .    .    p    .    p    p    p    p    X    X    X    p    s    C    s    C    F    F    F    F    C    X    X    p    b    b    r    R    r    R    R    X    .    .    .    .    .
Prepared 1            .    .    .    .    .    .    .    .    .    .    .    .    r    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .    .
Ended 1               .    .    .    .    .    .    .    .    .    f    f    f    .    f    f    f    f    .    .    .    .    .    f    f    f    f    .    .    .    .    .    f    f    s    s    .    .    .
Ended start_failed    .    .    .    .    .    .    .    .    .    f    f    f    .    f    f    f    f    .    .    .    .    .    f    f    f    f    .    .    .    .    .    f    f    s    s    .    .    .
"""


def cell(job: Job, fact: facts.Fact) -> str:
    """Give what a fact does to a job, as the table writes it."""
    after = record(job, fact)
    letter = {state: letter for letter, state in LETTERS.items()}[state_of(after)]
    return "." if after is job else letter


def rows() -> dict[str, dict[str, str]]:
    """Read the table: fact → situation → letter."""
    head, *lines = TABLE.strip("\n").splitlines()
    return {
        line[:22].strip(): dict(zip(head.split(), line[22:].split(), strict=True)) for line in lines
    }


@pytest.mark.parametrize("news", rows())
def test_fact_changes_what_the_table_says(news: str) -> None:
    """Each fact leaves each situation in the state of the table, or untouched."""
    actual = {name: cell(job, NEWS[news]) for name, (job, _) in SITUATIONS.items()}
    assert rows()[news] == actual


def test_table_is_complete() -> None:
    """A new kind of fact, state or situation that is not in the table fails here."""
    assert {kind.__name__ for kind in facts.KINDS} <= set(rows())
    assert set(rows()) == set(NEWS)
    assert all(set(row) == set(SITUATIONS) for row in rows().values())
    assert {state for _, state in SITUATIONS.values()} == set(State)
    assert set(LETTERS.values()) == set(State)


def test_kinds_are_all_facts() -> None:
    """The list of kinds and the union of facts name the same classes."""
    assert set(facts.KINDS) == set(get_args(facts.Fact))


@pytest.mark.parametrize("name", SITUATIONS)
def test_situation_is_in_its_state(name: str) -> None:
    """Each situation is built as it says, and its job sleeps for ever only if it has ended."""
    job, state = SITUATIONS[name]
    assert state == state_of(job)
    wanted = due(job, LATER)
    assert state.is_terminal == (wanted.command is None and wanted.look_again_at is None)


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize(
    "stale", [{"attempt": 0}, {"attempt": 9}, {"launch": 9}, {"launch": 0}, {"launch": -1}]
)
def test_news_of_another_attempt_or_launch_changes_nothing(
    name: str, stale: dict[str, int]
) -> None:
    """Facts that name an attempt or launch which the record does not count on have no effect."""
    job, _ = SITUATIONS[name]
    about = facts.OfAttempt if "attempt" in stale else facts.OfLaunch
    for kind in facts.KINDS:
        if issubclass(kind, about) and not (kind is facts.CommandFailed and "launch" in stale):
            assert record(job, told(kind, LATER, **stale)) is job, kind


@pytest.mark.parametrize("name", SITUATIONS)
@pytest.mark.parametrize("no", [-1, 9])
def test_news_of_another_container_changes_nothing(name: str, no: int) -> None:
    """Facts about a try that is not there have no effect."""
    job, _ = SITUATIONS[name]
    for kind in facts.KINDS:
        if issubclass(kind, facts.OfTry):
            assert record(job, told(kind, LATER, no=no)) is job, kind


@pytest.mark.parametrize("name", SITUATIONS)
def test_a_failure_of_no_launch_is_no_trouble(name: str) -> None:
    """A failed command of a launch that is not on record has no effect; launch 0 is the attempt."""
    job, _ = SITUATIONS[name]
    for launch in (-1, 9):
        assert record(job, told(facts.CommandFailed, LATER, launch=launch)) is job


@pytest.mark.parametrize("news", NEWS)
def test_fact_told_twice_counts_once(news: str) -> None:
    """In every situation a repeat of a fact gives the same object."""
    for name, (job, _) in SITUATIONS.items():
        once = record(job, NEWS[news])
        assert record(once, NEWS[news]) is once, name
