"""A trial of a row tells whether its tests hold its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.reliability.breakage import NotHeld
from tools.reliability.row import Row
from tools.reliability.trial import Verdict, copied, tried

PRODUCT = """
def answer():
    given = 41
    given += 1
    return given
"""
TESTS = """
import pytest
from product import answer

def test_that_holds(): assert answer() == 42
def test_that_does_not(): assert answer() > 40
@pytest.mark.skip
def test_that_is_skipped(): assert answer() == 42
"""


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small tree, as a copy of the whole one would be; its tests need no plugin."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "product.py").write_text(PRODUCT)
    (tmp_path / "test_product.py").write_text(TESTS)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return tmp_path


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_each_test_is_told_apart(tree: Path) -> None:
    """Only one that passes, and fails without the line, holds it; the line is there again then."""
    names = ("holds", "does_not", "is_skipped")
    row = Row(
        id="A1",
        fault="",
        tests=tuple(f"test_product.py::test_that_{name}" for name in names),
        file="product.py",
        line="given += 1",
    )
    verdicts = [trial.verdict for trial in tried(tree, row)]
    assert verdicts == [Verdict.RED, Verdict.GREEN, Verdict.UNTRIED]
    assert (tree / "product.py").read_text() == PRODUCT


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_what_cannot_be_imported_holds_nothing(tree: Path) -> None:
    """A break that leaves no Python behind makes any test fail: it shows nothing."""
    test = "test_product.py::test_that_holds"
    row = Row(
        id="A1", fault="", tests=(test,), file="product.py", line="given = 41", instead="given ="
    )
    assert [trial.verdict for trial in tried(tree, row)] == [Verdict.UNTRIED]


def test_a_line_that_is_not_there_is_not_tried(tree: Path) -> None:
    """A row whose line was changed since says so."""
    row = Row(id="A1", fault="", tests=("x",), file="product.py", line="given += 2")
    with pytest.raises(NotHeld):
        list(tried(tree, row))


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_the_copy_is_the_tree() -> None:
    """What a test may need is in it, with links as links, and nothing of git."""
    with copied() as tree:
        assert (tree / "jobsched" / "engine" / "start.py").is_file()
        assert (tree / "jobsched" / "_user_data").is_symlink()
        assert not (tree / ".git").exists()
    assert not tree.exists()
