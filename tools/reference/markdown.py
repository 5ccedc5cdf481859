"""Markdown: text, blocks of code, rows of tables, what headings are linked by."""

from __future__ import annotations

import re
import textwrap

WIDTH = 120
#: a line in a table's cell that does not end it
PIPE = r"\|"


def anchor(heading: str) -> str:
    """Give what a link to a heading ends with, as GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def plain(text: str) -> str:
    """Give a docstring's text with Markdown's marks."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`")


def wrapped(text: str, *, first: str = "", indent: str = "") -> str:
    """Give lines that fit on a page; inline code is not broken."""
    kept = re.sub(
        r"`[^`]+`", lambda code: code[0].replace(" ", "\0"), " ".join(plain(text).split())
    )
    lines = textwrap.fill(
        kept,
        WIDTH,
        initial_indent=first,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return lines.replace("\0", " ")


def code(text: str) -> str:
    """Give a block of Python."""
    return f"```python\n{text}\n```"


def row(*cells: str) -> str:
    """Give a row of a table."""
    return f"| {' | '.join(plain(cell).replace('|', PIPE) for cell in cells)} |"


__all__ = ["anchor", "code", "plain", "row", "wrapped"]
