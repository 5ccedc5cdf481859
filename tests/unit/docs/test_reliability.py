"""The page on reliability has every row of the fault tables, and what it says of them is there."""

from __future__ import annotations

from collections import Counter

import pytest

from tools.reliability.breakage import NotHeld, broken
from tools.reliability.named import rows_of
from tools.reliability.page import PAGE, rendered
from tools.reliability.row import IDS, ROOT, Row, read

ROWS = read()
SHOWN = [row for row in ROWS if row.line]
#: what no test of ours can show, as it is not in our code
OUTSIDE: frozenset[str] = frozenset()


def test_every_row_is_there_once() -> None:
    """No row is left out, none is there twice, and each stands in its place."""
    assert [row.id for row in ROWS] == list(IDS)


def test_no_row_is_missing() -> None:
    """Each row has its tests and its line, but for the few that are not ours."""
    assert [row.id for row in ROWS if row.missing] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_one_thing(row: Row) -> None:
    """It has a mechanism, tests and a line, or says why it has none."""
    shown = bool(row.fault and row.safe and row.tests and row.file and row.line)
    assert [shown, bool(row.outside), bool(row.missing)].count(True) == 1
    assert bool(row.outside) == (row.id in OUTSIDE)


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.id)
def test_its_tests_are_there(row: Row) -> None:
    """Each test that it names exists, and says in its docstring that it is of this row."""
    assert row.tests
    assert [test for test in row.tests if row.id not in rows_of(test)] == []


@pytest.mark.parametrize("row", SHOWN, ids=lambda row: row.id)
def test_its_line_is_there(row: Row) -> None:
    """The line is in its file, once, and is of the product."""
    assert row.file.startswith(("jobsched/", "user_data/"))
    text = (ROOT / row.file).read_text(encoding="utf-8")
    assert broken(text, row.line, row.instead) != text


def test_the_tables_are_written_anew() -> None:
    """An entry that was changed is on the page."""
    page = PAGE.read_text(encoding="utf-8")
    assert page == rendered(page, ROWS), "the tables are not what the rows say: run `make docs`"


def test_each_row_is_on_the_page() -> None:
    """A table that is not on the page is not rendered either."""
    starts = Counter(line.split(" ")[1] for line in PAGE.read_text().splitlines() if "| " in line)
    assert [row.id for row in ROWS if starts[row.id] != 1] == []


def test_a_line_is_broken() -> None:
    """It is taken out or replaced, whole, with its indentation, and only where it is one."""
    text = "if a:\n    b = 1\n    c = 2\nb = 10\n"
    assert broken(text, "b = 1") == "if a:\n    c = 2\nb = 10\n"
    assert broken(text, "b = 1\n    c = 2", "pass") == "if a:\n    pass\nb = 10\n"
    assert broken(text, "b = 10", "b = 1") == "if a:\n    b = 1\n    c = 2\nb = 1\n"
    for wrong in ("b =", "d = 3"):
        with pytest.raises(NotHeld):
            broken(text, wrong)
    with pytest.raises(NotHeld):
        broken(text + "b = 10\n", "b = 10")


@pytest.mark.parametrize(
    "wrong",
    [
        "tests/unit/docs/no_such_file.py::test_it",
        "tests/unit/docs/test_reliability.py::test_that_is_not_there",
    ],
)
def test_a_test_that_is_not_there_is_found_out(wrong: str) -> None:
    """A row cannot name what does not exist."""
    with pytest.raises(LookupError):
        rows_of(wrong)
