"""The reference pages are those that the docstrings give."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobsched.errors import OperationFailed
from tests.unit.docs.markdown import ROOT, anchors
from tools.reference.docstring import parse
from tools.reference.pages import ANEW, HOOKS, pages

PAGES = pages()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_page_is_written_anew(page: Path) -> None:
    """A docstring that was changed is on its page."""
    written = page.read_text(encoding="utf-8")
    name = page.relative_to(ROOT)
    assert written == PAGES[page], f"{name} is not what the docstrings say: run `{ANEW}`"


def test_every_hook_has_its_section() -> None:
    """The page of hooks can be jumped into by a hook's name."""
    page = next(page for page in PAGES if page.name == "hooks.md")
    assert {hook.__name__ for hook in HOOKS} <= anchors(page)


def test_a_section_ends_where_the_next_begins() -> None:
    """Text, sections and entries are told apart; an entry may have several lines."""

    def find() -> None:
        """Look for it.

        Within a time, it is not found.

        When: asked.

        Args:
            one: the first
                of two.
            two: the second.

        Example:
            >>> find()
            >>> find(2)
            False
        """

    doc = parse(find)
    assert (doc.summary, doc.text) == ("Look for it.", ("Within a time, it is not found.",))
    assert doc.sections["When"] == "asked."
    assert dict(doc.entries("Args")) == {"one": "the first of two.", "two": "the second."}
    assert doc.example() == "find()\nfind(2)\n# False"


def test_what_can_follow_a_failure_is_all_told() -> None:
    """The page of contracts tells each word of `then`."""
    words = dict(parse(OperationFailed).entries("Args"))["then"]
    assert [
        one for one in ("next", "later", "replace", "fail", "breaker") if one not in words
    ] == []
