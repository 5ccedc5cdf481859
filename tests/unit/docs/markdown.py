"""Pages of Markdown as a reader meets them: headings to jump to, links, and blocks of code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tools.reference.markdown import anchor

ROOT = Path(__file__).parents[3]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
_FENCE = re.compile(r"^( *)```(\w*)[^\n]*\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """Where it is: ``docs/index.md:12``."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(page: Path) -> Iterator[Block]:
    """Give the blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    for found in _FENCE.finditer(text):
        indent, language, code = found.groups()
        lines = [line.removeprefix(indent) for line in code.splitlines(keepends=True)]
        line = text.count("\n", 0, found.start()) + 1
        yield Block(page=page, line=line, language=language, text="".join(lines))


def prose(page: Path) -> str:
    """Give a page without its blocks of code."""
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    """Give the links of a page that lead into the repository."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> set[str]:
    """Give what a link to the page may end with."""
    headings = re.findall(r"^#{1,6} +(.+?) *$", prose(page), re.MULTILINE)
    return {anchor(re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", one)) for one in headings}


__all__ = ["PAGES", "ROOT", "Block", "anchors", "blocks", "links", "prose"]
