"""Every page leads where it says, and its blocks of code are what they say."""

from __future__ import annotations

import ast
import json
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.unit.docs.markdown import PAGES, ROOT, Block, anchors, blocks, links

BLOCKS = [block for page in PAGES for block in blocks(page)]


def _bash(text: str) -> None:
    said = subprocess.run(
        ["bash", "-n"], input=text, text=True, capture_output=True, check=False, timeout=10
    )
    if said.returncode:
        raise ValueError(said.stderr)


PARSERS: dict[str, Callable[[str], object]] = {
    "python": ast.parse,
    "toml": tomllib.loads,
    "json": json.loads,
    "bash": _bash,
}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    """The file is there, and so is the heading that the link jumps to."""
    for link in links(page):
        path, _, heading = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{page.relative_to(ROOT)} links to {link}"
        if heading:
            assert heading in anchors(target), f"{page.relative_to(ROOT)} links to {link}"


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_is_linked_to(page: Path) -> None:
    """A page that nothing leads to is not read."""
    linked = {
        (one.parent / link.partition("#")[0]).resolve()
        for one in PAGES
        if one != page
        for link in links(one)
    }
    assert page.resolve() in linked


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.name)
def test_code_parses(block: Block) -> None:
    """A block of Python, TOML, JSON or shell is one."""
    if block.language in PARSERS:
        try:
            PARSERS[block.language](block.text)
        except (SyntaxError, ValueError) as error:
            pytest.fail(f"{block.name}: {error}")


def test_the_languages_are_looked_at() -> None:
    """There are blocks of each, so that the test above has something to do."""
    assert set(PARSERS) <= {block.language for block in BLOCKS}
