"""Tables: drawn on a terminal, plain columns where another program reads."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

COLOURS = {
    "finished": "green",
    "failed": "red",
    "cancelled": "yellow",
    "running": "cyan",
    "finishing": "cyan",
    "loaded": "green",
    "broken": "red",
}


def show(names: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to stdout."""
    if sys.stdout.isatty():
        Console().print(drawn(names, rows))
        return
    for line in plain(names, rows):
        click.echo(line)


def drawn(names: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    """Make a table for a terminal."""
    # an id must stay whole: it is there to be copied
    found = Table(box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(names):
        found.add_column(name, no_wrap=place == 0, overflow="fold")
    for row in rows:
        # Text, because a name of a user's may look like rich's markup
        cells = zip(names, row, strict=True)
        found.add_row(*(Text(cell, style=_colour(name, cell)) for name, cell in cells))
    return found


def _colour(name: str, cell: str) -> str:
    return COLOURS.get(cell.split(":", maxsplit=1)[0], "") if name == "status" else ""


def plain(names: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Make lines with columns that stand below each other."""
    lines = [tuple(names), *(tuple(row) for row in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(names))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


__all__ = ["drawn", "plain", "show"]
