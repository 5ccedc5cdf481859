"""Who watches over a world has rules of their own: with the product's they would share its bugs."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobsched.testing.simulator import promise

JUDGES = sorted(Path(promise.__file__).parent.glob("*.py"))
#: where the rules are that are watched
RULES = ("jobsched.domain", "jobsched.engine")
#: what a record is made of, and which states there are
WORDS = (
    "jobsched.domain.job.",
    "jobsched.domain.facts",
    "jobsched.domain.state.State",
    "jobsched.domain.state.TERMINAL",
)


def imported(file: Path) -> Iterator[str]:
    """Give what a file imports, by its whole name."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{one.name}" for one in node.names)


@pytest.mark.parametrize("file", JUDGES, ids=[one.stem for one in JUDGES])
def test_a_judge_asks_none_of_the_rules_that_it_watches(file: Path) -> None:
    """It knows their words alone."""
    borrowed = [one for one in imported(file) if one.startswith(RULES)]
    assert [one for one in borrowed if not one.startswith(WORDS)] == []
