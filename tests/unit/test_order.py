"""The order of a run: long tests begin first, spread over its workers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import order

ROOT = Path(__file__).parents[2]
LONG = "tests/long.py"
APART = "tests/apart/test_a.py"


@pytest.fixture(autouse=True)
def tables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables that name these two, however long the real tests take."""
    monkeypatch.setattr(order, "SECONDS", {LONG: 4 * order.PIECE, "tests/apart": 5 * order.PIECE})
    monkeypatch.setattr(order, "PIECES", {"tests/apart": 1})


@dataclass(frozen=True)
class Imagined:
    """Is called as a test is."""

    nodeid: str


def some(**numbers: int) -> list[Imagined]:
    """Give so many tests of files."""
    return [Imagined(f"{file}::{one}") for file, number in numbers.items() for one in range(number)]


def shares_of(tests: list[Imagined], workers: int) -> list[list[str]]:
    """Give the files of each worker's tests, as they are dealt in equal shares."""
    found = [one.nodeid.partition("::")[0] for one in order.ordered(tests, workers)]
    size = len(found) // workers
    return [found[first : first + size] for first in range(0, len(found), size)]


@pytest.mark.parametrize("workers", [1, 3, 8, 50])
def test_each_test_runs_once(workers: int) -> None:
    """Whatever the number of workers, no test is lost and none is there twice."""
    tests = some(**{"tests/a.py": 7, LONG: 20, APART: 5, "tests/z.py": 3})
    assert sorted(order.ordered(tests, workers), key=str) == sorted(tests, key=str)


def test_each_worker_begins_with_long_ones() -> None:
    """What lasts long is split among the workers, and each of them begins with it."""
    shares = shares_of(some(**{"tests/a.py": 80, LONG: 20}), 4)
    assert shares == [[LONG] * 5 + ["tests/a.py"] * 20] * 4


def test_what_waits_for_each_other_stays_together() -> None:
    """Tests that shall not be split are one worker's."""
    first, second = shares_of(some(**{"tests/a.py": 40, LONG: 4, APART: 8}), 2)
    assert first[:8] == [APART] * 8
    assert second[:4] == [LONG] * 4


def test_more_long_ones_than_a_share_go_to_the_next() -> None:
    """A worker gets no more tests than another."""
    tests = some(**{"tests/a.py": 2, APART: 8})
    assert [one.nodeid.partition("::")[0] for one in order.ordered(tests, 2)] == [
        *[APART] * 8,
        *["tests/a.py"] * 2,
    ]


def test_what_is_named_is_there(tables: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was renamed is renamed here, too."""
    del tables
    monkeypatch.undo()
    assert [name for name in order.SECONDS if not (ROOT / name).exists()] == []
    assert order.SECONDS.keys() >= order.PIECES.keys()
